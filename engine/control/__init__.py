"""Owns the control process: it starts the others, starts them again when they die, and takes them down in order."""
