"""Parents and their algorithms, routing, costs."""
