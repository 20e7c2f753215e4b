"""Owns the key pairs of CURVE, with which both ends of a ZeroMQ connection beyond this host prove who they are.

A key file is TOML with `public_key` and `secret_key`, 40 characters of Z85 each. The public key is told to the other
end, the secret key stays in its file of mode 0600. (https://rfc.zeromq.org/spec/26/)
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import zmq

from ipc.private_file import PrivateFileError, read_private_file, write_private_file
from ipc.proof import Proof
from ipc.public_key import raw_key
from ipc.secret import Secret


class CurveKeyError(ValueError):
    """No CURVE key can be had there; the message never shows what is there instead."""


@dataclass(frozen=True)
class CurveKeys:
    """One end's keys."""

    public_key: str
    secret_key: Secret


def new_keys() -> CurveKeys:
    """A pair that nobody had before."""
    public_key, secret_key = zmq.curve_keypair()
    return CurveKeys(public_key.decode(), Secret(secret_key))


def write_keys(path: Path, keys: CurveKeys) -> None:
    """Keeps a pair in a new file of mode 0600."""
    text = f'public_key = "{keys.public_key}"\nsecret_key = "{keys.secret_key.reveal().decode()}"\n'
    try:
        write_private_file(path, text.encode())
    except PrivateFileError as error:
        raise CurveKeyError(str(error)) from None


def read_keys(path: Path) -> CurveKeys:
    """The pair in a key file."""
    try:
        document = tomllib.loads(read_private_file(path).decode())
    except PrivateFileError as error:
        raise CurveKeyError(str(error)) from None
    except (ValueError, RecursionError):
        # The parser's own messages quote the text.
        raise CurveKeyError(f"{path} is not a TOML file") from None
    public_key, secret_key = (_key(document.get(name)) for name in ("public_key", "secret_key"))
    if len(document) != 2 or not public_key or not secret_key:
        raise CurveKeyError(
            f"{path} must hold public_key and secret_key of 40 characters each and nothing else; "
            "make one with `oms keys new`"
        )
    if zmq.curve_public(secret_key.encode()) != public_key.encode():
        raise CurveKeyError(f"{path}: public_key and secret_key do not belong together")
    return CurveKeys(public_key, Secret(secret_key.encode()))


def prove(socket: "zmq.Socket[bytes]", proof: Proof) -> None:
    """Has a socket prove on connecting who we are, and ask the same of the engine; CurveKeyError without our keys."""
    keys = read_keys(proof.key_file)
    socket.setsockopt(zmq.CURVE_SERVERKEY, proof.server_key.encode())
    socket.setsockopt(zmq.CURVE_PUBLICKEY, keys.public_key.encode())
    socket.setsockopt(zmq.CURVE_SECRETKEY, keys.secret_key.reveal())


def _key(value: object) -> str:
    """A value of the file as a key, empty when it is none."""
    return value if isinstance(value, str) and raw_key(value) is not None else ""
