"""Owns what a session asks of the connections that carry it out."""

from typing import NamedTuple


class Connect(NamedTuple):
    """Open a connection and report on it under this number."""

    link_id: int


class Send(NamedTuple):
    """Send one text frame."""

    link_id: int
    frame: bytes


class Ping(NamedTuple):
    """Send a ping frame."""

    link_id: int


class Close(NamedTuple):
    """Close the connection; nothing that it still reports counts."""

    link_id: int


Action = Connect | Send | Ping | Close
