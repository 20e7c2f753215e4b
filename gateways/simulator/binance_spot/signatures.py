"""Owns who may ask: API keys, signatures and the timing rule of signed requests.

https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#request-security
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot.errors import ApiError, illegal_characters, missing, rejected_key
from gateways.simulator.config import ConfigurationError, KeyConfig
from ipc.clock import NS_PER_MS, NS_PER_S

RECV_WINDOW_MS_DEFAULT = 5_000
RECV_WINDOW_MS_MAX = 60_000
# A timestamp of milliseconds has 13 digits in this century, one of microseconds 16.
SMALLEST_MICROSECONDS = 10**14
_API_KEY = re.compile(r"[A-Za-z0-9]{64}")
_RECV_WINDOW = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,3}))?")


class KeyKind(Enum):
    """How a key signs."""

    HMAC = auto()
    RSA = auto()
    ED25519 = auto()


class ApiKey:
    """One API key of an account."""

    def __init__(self, config: KeyConfig, account: Account) -> None:
        self.api_key = config.api_key
        self.account = account
        self.permissions = frozenset(config.permissions)
        self._secret = b""
        self._rsa: RSAPublicKey | None = None
        self._ed25519: Ed25519PublicKey | None = None
        if config.ed25519_public_key or config.rsa_public_key:
            self._load_public_key(config)
        else:
            self.kind = KeyKind.HMAC
            secret = config.hmac_secret or Path(config.hmac_secret_file).read_text(encoding="utf-8").strip()
            self._secret = secret.encode()

    def verifies(self, payload: bytes, signature: str) -> bool:
        """Whether the signature is this key's over the payload."""
        if self.kind is KeyKind.HMAC:
            expected = hmac.digest(self._secret, payload, "sha256").hex()
            return hmac.compare_digest(expected.encode(), signature.lower().encode())
        try:
            raw = base64.b64decode(signature, validate=True)
            if self._ed25519 is not None:
                self._ed25519.verify(raw, payload)
            elif self._rsa is not None:
                self._rsa.verify(raw, payload, PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True

    def _load_public_key(self, config: KeyConfig) -> None:
        text = config.ed25519_public_key or config.rsa_public_key
        try:
            key = load_pem_public_key(text.encode())
        except ValueError as error:
            raise ConfigurationError(f"key {config.api_key[:8]}…: not a PEM public key") from error
        if isinstance(key, Ed25519PublicKey) and config.ed25519_public_key:
            self.kind = KeyKind.ED25519
            self._ed25519 = key
        elif isinstance(key, RSAPublicKey) and config.rsa_public_key:
            self.kind = KeyKind.RSA
            self._rsa = key
        else:
            raise ConfigurationError(f"key {config.api_key[:8]}…: the PEM holds another kind of key")


def find_key(keys: Mapping[str, ApiKey], api_key: str, permission: str) -> ApiKey:
    """The key with that text, when it may do what the method needs."""
    if not _API_KEY.fullmatch(api_key):
        raise ApiError(-2014, "API-key format invalid.", status=401)
    key = keys.get(api_key)
    if key is None or (permission and permission not in key.permissions):
        raise rejected_key()
    return key


def signed_payload(parameters: Mapping[str, str]) -> bytes:
    """What a WebSocket request signs: all parameters but the signature, sorted, not percent-encoded."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name != "signature").encode()


def check_timing(parameters: Mapping[str, str], utc_ns: int) -> None:
    """Refuses a request that is too old or comes from the future."""
    text = parameters.get("timestamp", "")
    if not text:
        raise missing("timestamp")
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise illegal_characters("timestamp", "^[0-9]{1,20}$")
    value = int(text)
    sent_ns = value * (NS_PER_MS if value < SMALLEST_MICROSECONDS else 1_000)
    if sent_ns >= utc_ns + NS_PER_S:
        raise ApiError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if utc_ns - sent_ns > _recv_window_ns(parameters.get("recvWindow", "")):
        raise ApiError(-1021, "Timestamp for this request is outside of the recvWindow.")


def _recv_window_ns(text: str) -> int:
    if not text:
        return RECV_WINDOW_MS_DEFAULT * NS_PER_MS
    match = _RECV_WINDOW.fullmatch(text)
    if match is None:
        raise illegal_characters("recvWindow", r"^([0-9]{1,20})(\.[0-9]{1,3})?$")
    window_us = int(match[1]) * 1_000 + int((match[2] or "").ljust(3, "0"))
    if window_us > RECV_WINDOW_MS_MAX * 1_000:
        raise ApiError(-1102, f"'recvWindow' contains unexpected value. Cannot be greater than {RECV_WINDOW_MS_MAX}.")
    return window_us * 1_000
