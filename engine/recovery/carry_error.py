"""Owns the word for an earlier run that cannot be taken over."""


class CarryOverError(Exception):
    """What an earlier run left has no place in this configuration; the message says what and how to go on."""
