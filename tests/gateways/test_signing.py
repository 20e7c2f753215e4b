"""Signatures agree with an independent computation."""

import base64
import hashlib
import hmac
import secrets

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.signing import Ed25519Signer, HmacSigner
from ipc.secret import Secret

API_KEY = secrets.token_hex(32)
# The form of https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-api.md#signed-request-example-hmac
TEXT = (
    f"apiKey={API_KEY}&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT"
    "&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"
).encode()


@pytest.mark.parametrize("length", [1, 32, 63, 64, 65, 200])
def test_hmac_of_the_documented_text(length: int) -> None:
    key = secrets.token_bytes(length)
    assert HmacSigner(Secret(key)).sign(TEXT).decode() == hmac.new(key, TEXT, hashlib.sha256).hexdigest()


def test_hmac_of_the_published_test_case() -> None:
    # RFC 4231, test case 2.
    signer = HmacSigner(Secret(b"Jefe"))
    assert signer.sign(b"what do ya want for nothing?").startswith(b"5bdcc146bf60754e6a042426089575c75a003f08")


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=1, max_size=150), st.binary(max_size=400))
def test_hmac_of_any_key_and_text(key: bytes, text: bytes) -> None:
    signature = HmacSigner(Secret(key)).sign(memoryview(text))
    assert signature.decode() == hmac.new(key, text, hashlib.sha256).hexdigest()


def test_a_signer_can_sign_again() -> None:
    signer = HmacSigner(Secret(b"key"))
    assert signer.sign(b"one") == signer.sign(b"one") != signer.sign(b"two")


def test_ed25519_signatures_verify_and_no_others() -> None:
    key = Ed25519PrivateKey.generate()
    signature = base64.b64decode(Ed25519Signer(key).sign(TEXT), validate=True)
    key.public_key().verify(signature, TEXT)
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, TEXT + b"0")
