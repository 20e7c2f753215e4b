"""The life of an order against a reference model written from FIX alone, and by its known races."""
