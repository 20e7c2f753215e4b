"""The tests of what carries a signal out well: books, routes, costs."""
