"""Owns how an account's API key is read, and refuses a key that others could read too."""

import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateways.environment import take_variable
from gateways.errors import CredentialError
from gateways.signing import Ed25519Signer, HmacSigner, Signer
from ipc.private_file import PrivateFileError, read_private_file
from ipc.secret import Secret

API_KEY_LENGTH_MAX = 256


class KeyKind(Enum):
    """How the venue checks a signature made with the key."""

    ED25519 = "ed25519"
    HMAC = "hmac"


@dataclass(frozen=True)
class Credentials:
    """An API key that can sign; the key itself shows nowhere."""

    api_key: Secret
    kind: KeyKind
    signer: Signer


def read_file(path: Path) -> Credentials:
    """The credentials in a TOML file with `api_key` and `secret_key` (an HMAC secret or an Ed25519 PEM text).

    Precondition: the file is a regular file of ours that nobody else can open.
    """
    try:
        text = read_private_file(path)
    except PrivateFileError as error:
        raise CredentialError(str(error)) from None
    api_key, secret_key = _fields(text, path)
    return _credentials(api_key, secret_key, source=str(path))


def read_environment(api_key_name: str, secret_key_name: str) -> Credentials:
    """The credentials in two environment variables, which neither a child nor /proc shows afterwards."""
    api_key, secret_key = take_variable(api_key_name), take_variable(secret_key_name)
    for name, value in ((api_key_name, api_key), (secret_key_name, secret_key)):
        if not value:
            raise CredentialError(f"the environment variable {name} is not set")
    return _credentials(api_key, secret_key, source=f"{api_key_name} and {secret_key_name}")


def _fields(text: bytes, path: Path) -> tuple[str, str]:
    # The parser's own messages quote the text, so they are dropped.
    try:
        document = tomllib.loads(text.decode())
    except (ValueError, RecursionError):
        raise CredentialError(f"{path} is not a TOML file") from None
    if set(document) != {"api_key", "secret_key"}:
        raise CredentialError(f"{path} must hold api_key and secret_key and nothing else")
    api_key, secret_key = document["api_key"], document["secret_key"]
    if not isinstance(api_key, str) or not isinstance(secret_key, str):
        raise CredentialError(f"{path}: api_key and secret_key are texts")
    return api_key, secret_key


def _credentials(api_key: str, secret_key: str, *, source: str) -> Credentials:
    # The key goes into JSON and into `key=value` texts as it is, so it may hold nothing that needs quoting.
    if not (0 < len(api_key) <= API_KEY_LENGTH_MAX and api_key.isascii() and api_key.isalnum()):
        raise CredentialError(f"the API key in {source} is not a text of letters and digits")
    secret = secret_key.strip()
    if not secret or not secret.isascii():
        raise CredentialError(f"the secret key in {source} is empty or not ASCII")
    if not secret.startswith("-----BEGIN"):
        signer: Signer = HmacSigner(Secret(secret.encode()))
        return Credentials(Secret(api_key.encode()), KeyKind.HMAC, signer)
    try:
        key = load_pem_private_key(secret.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialError(f"the secret key in {source} is not an unencrypted PEM private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CredentialError(f"the secret key in {source} is a PEM key but not an Ed25519 one")
    return Credentials(Secret(api_key.encode()), KeyKind.ED25519, Ed25519Signer(key))
