"""Owns with what a client proves who it is, and where it must."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from ipc.errors import AddressError
from ipc.public_key import raw_key

_TCP = "tcp://"


@dataclass(frozen=True)
class Proof:
    """Our key pair, and the key that the engine must prove to have."""

    key_file: Path
    server_key: str


def proof_of(url: str, key_file: Path | None, server_key: str | None) -> Proof | None:
    """The proof that was given; AddressError when an address needs one, has no use for it, or half of it is missing."""
    if key_file is None and server_key is None:
        if url.startswith(_TCP) and not _is_of_this_host(url):
            raise AddressError(
                f"address is {url!r}, to which orders would travel for everybody to read and change; allowed without "
                "key_file and server_key is this host: make a key with `oms keys new` and have the engine's operator "
                "let it in"
            )
        return None
    if key_file is None or server_key is None:
        missing = "key_file" if key_file is None else "server_key"
        raise AddressError(f"{missing} is missing; allowed are key_file and server_key together, or neither")
    if not url.startswith(_TCP):
        raise AddressError(f"address is {url!r}, allowed with key_file and server_key is tcp://HOST:PORT")
    if raw_key(server_key) is None:
        raise AddressError("server_key is no key; allowed are the 40 characters that `oms keys new` told the engine")
    return Proof(key_file, server_key)


def _is_of_this_host(url: str) -> bool:
    host = url.removeprefix(_TCP).rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
