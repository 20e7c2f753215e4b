"""Owns the error that a tool raises on purpose: its text says what is wrong and what to do."""


class CommandError(Exception):
    """A command could not do what it was asked."""
