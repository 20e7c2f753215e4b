"""The guardian's parts, each with a clock that is moved by hand."""
