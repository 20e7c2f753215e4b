"""Owns the errors that the edge raises: who is guilty is in the name."""


class VenueProtocolError(Exception):
    """The venue sent something that makes no sense; counted at the edge, it never reaches the core."""


class CredentialError(Exception):
    """A key cannot be read, is readable by others, or is not of a kind that the venue takes."""
