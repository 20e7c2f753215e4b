"""Owns which endpoints the engine may serve over ZeroMQ, and how they are bound."""

import ipaddress
import os
from pathlib import Path

import zmq

from ipc.segment import private_folder

# A socket's path must fit sun_path with its closing zero (unix(7)).
PATH_BYTES_MAX = 107
_SOCKET_UMASK = 0o177


class EndpointError(ValueError):
    """An endpoint that must not or cannot be served; the message says why and what is allowed."""


def check_endpoint(endpoint: str, *, has_curve: bool = False) -> None:
    """EndpointError unless an endpoint is closed to everybody outside this host, or to everybody without a key."""
    scheme, separator, rest = endpoint.partition("://")
    if separator and scheme == "ipc":
        _check_path(endpoint, rest)
    elif separator and scheme == "tcp":
        _check_address(endpoint, rest, has_curve=has_curve)
    else:
        raise EndpointError(f"ZeroMQ endpoint is {endpoint!r}, allowed are tcp://127.0.0.1:PORT and ipc://PATH")


def _check_path(endpoint: str, path: str) -> None:
    if not path.startswith("/") or len(path.encode()) > PATH_BYTES_MAX:
        raise EndpointError(
            f"ZeroMQ endpoint is {endpoint!r}, allowed is an absolute path of at most {PATH_BYTES_MAX} bytes"
        )


def _check_address(endpoint: str, rest: str, *, has_curve: bool) -> None:
    host, _, port = rest.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise EndpointError(
            f"ZeroMQ endpoint is {endpoint!r}, whose host {host!r} is no numeric address; "
            "allowed is one address of this host, because a name or '*' may be open to more than is meant"
        ) from None
    if not (address.is_loopback or has_curve):
        raise EndpointError(
            f"ZeroMQ endpoint is {endpoint!r}, which other hosts can reach, and CURVE is not set up; allowed are "
            "loopback addresses: describe it in an [[ipc.curve]] with the keys that are let in, or bind "
            "tcp://127.0.0.1:PORT and reach it through an SSH tunnel"
        )
    if not (port == "*" or (port.isascii() and port.isdigit() and int(port) <= 65_535)):
        raise EndpointError(f"ZeroMQ endpoint is {endpoint!r}, whose port is {port!r}; allowed is 0 to 65535")


def bind(socket: "zmq.Socket[bytes]", endpoint: str, *, has_curve: bool = False) -> str:
    """Serves an endpoint; returns it with the port that was chosen when the port was left open."""
    check_endpoint(endpoint, has_curve=has_curve)
    if endpoint.startswith("ipc://"):
        private_folder(Path(endpoint.removeprefix("ipc://")).parent)
    # The socket's file takes its permissions from the mask; nobody may connect before they are set.
    before = os.umask(_SOCKET_UMASK)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise EndpointError(f"ZeroMQ endpoint {endpoint!r} cannot be served: {error.strerror}") from error
    finally:
        os.umask(before)
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)
