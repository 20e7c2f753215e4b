"""Owns the signing of request texts."""

import base64
import hashlib
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ipc.secret import Secret

_SHA256_BLOCK_BYTES = 64


class Signer(Protocol):
    """Signs the text of one request."""

    def sign(self, text: bytes | memoryview) -> bytes:
        """The signature as the ASCII text that the venue takes."""


class HmacSigner:
    """HMAC-SHA256 in hexadecimal (RFC 2104).

    Both passes are keyed once and copied for each text, which takes half the time of `hmac.digest`
    for a text of 200 bytes.
    """

    def __init__(self, key: Secret) -> None:
        block = key.reveal()
        if len(block) > _SHA256_BLOCK_BYTES:
            block = hashlib.sha256(block).digest()
        block = block.ljust(_SHA256_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def sign(self, text: bytes | memoryview) -> bytes:
        """64 hexadecimal digits."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest().encode()


class Ed25519Signer:
    """Ed25519 (RFC 8032) in base64."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, text: bytes | memoryview) -> bytes:
        """88 base64 characters."""
        return base64.b64encode(self._key.sign(bytes(text)))
