"""Owns the making of throw-away keys for tests and demonstrations."""

import secrets
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


class GeneratedKey(NamedTuple):
    """An API key with both halves of its key pair as PEM text."""

    api_key: str
    private_pem: str
    public_pem: str


class GeneratedSecret(NamedTuple):
    """An API key with its shared HMAC secret."""

    api_key: str
    secret: str


def generate_api_key() -> str:
    """64 letters and digits, the form of a Binance API key."""
    return secrets.token_hex(32)


def generate_hmac() -> GeneratedSecret:
    """A fresh HMAC-SHA256 credential."""
    return GeneratedSecret(generate_api_key(), secrets.token_hex(32))


def generate_ed25519() -> GeneratedKey:
    """A fresh Ed25519 credential."""
    return _with_api_key(Ed25519PrivateKey.generate())


def generate_rsa() -> GeneratedKey:
    """A fresh RSA-2048 credential."""
    return _with_api_key(generate_private_key(public_exponent=65537, key_size=2048))


def _with_api_key(key: Ed25519PrivateKey | RSAPrivateKey) -> GeneratedKey:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return GeneratedKey(generate_api_key(), private.decode(), public.decode())
