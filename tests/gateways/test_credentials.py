"""A key is read from a file that is ours alone, or from variables that are gone afterwards."""

import os
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from gateways.credentials import KeyKind, read_environment, read_file
from gateways.errors import CredentialError
from ipc.private_file import FILE_BYTES_MAX

API_KEY = secrets.token_hex(32)
HMAC_SECRET = secrets.token_hex(32)


def pem(
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, encryption: KeySerializationEncryption | None = None
) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


PEM = pem(ed25519.Ed25519PrivateKey.generate())


def key_file(folder: Path, *, secret: str = HMAC_SECRET, api_key: str = API_KEY, mode: int = 0o600) -> Path:
    path = folder / "key.toml"
    path.write_text(f'api_key = "{api_key}"\nsecret_key = """{secret}"""\n')
    path.chmod(mode)
    return path


def refused(path: Path) -> str:
    with pytest.raises(CredentialError) as caught:
        read_file(path)
    message = str(caught.value)
    assert HMAC_SECRET not in message
    assert caught.value.__cause__ is None
    return message


def test_a_text_is_an_hmac_secret(tmp_path: Path) -> None:
    credentials = read_file(key_file(tmp_path))
    assert credentials.kind is KeyKind.HMAC
    assert credentials.api_key.reveal() == API_KEY.encode()


def test_a_pem_text_is_an_ed25519_key(tmp_path: Path) -> None:
    credentials = read_file(key_file(tmp_path, secret=PEM))
    assert credentials.kind is KeyKind.ED25519
    assert len(credentials.signer.sign(b"text")) == 88


def test_a_file_that_others_can_touch_in_any_way_is_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    for mode in range(0o400, 0o1000):
        path.chmod(mode)
        if mode & 0o077:
            assert "open to others" in refused(path)
        elif mode & 0o400:
            assert read_file(path).kind is KeyKind.HMAC


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert "another user" in refused(path)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(key_file(tmp_path))
    assert "cannot be opened" in refused(link)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "not a regular file" in refused(pipe)
    assert "not a regular file" in refused(tmp_path)
    assert "cannot be opened" in refused(tmp_path / "nothing")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    assert "larger" in refused(key_file(tmp_path, secret="x" * FILE_BYTES_MAX))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml",
        f'secret_key = "{HMAC_SECRET}"',
        f'api_key = "{API_KEY}"',
        f'api_key = 1\nsecret_key = "{HMAC_SECRET}"',
        f'api_key = "{API_KEY}"\nsecret_key = "{HMAC_SECRET}"\nextra = 1',
        f'api_key = "{API_KEY}"\nsecret_key = "{HMAC_SECRET}',
        f'api_key = "with blank"\nsecret_key = "{HMAC_SECRET}"',
        f'api_key = "with\\"quote"\nsecret_key = "{HMAC_SECRET}"',
        f'api_key = ""\nsecret_key = "{HMAC_SECRET}"',
        f'api_key = "{API_KEY}"\nsecret_key = " "',
    ],
)
def test_a_file_of_another_shape_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.toml"
    path.write_text(text)
    path.chmod(0o600)
    refused(path)


@pytest.mark.parametrize(
    "secret",
    [
        pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"word")),
        "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----",
    ],
    ids=["rsa", "encrypted", "nonsense"],
)
def test_a_pem_key_of_another_kind_is_refused(tmp_path: Path, secret: str) -> None:
    refused(key_file(tmp_path, secret=secret))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.toml"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    assert "not a TOML file" in refused(path)


def test_variables_are_gone_after_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_TEST_KEY", API_KEY)
    monkeypatch.setenv("OMS_TEST_SECRET", HMAC_SECRET)
    credentials = read_environment("OMS_TEST_KEY", "OMS_TEST_SECRET")
    assert credentials.api_key.reveal() == API_KEY.encode()
    assert "OMS_TEST_KEY" not in os.environ
    assert "OMS_TEST_SECRET" not in os.environ


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMS_TEST_KEY", API_KEY)
    monkeypatch.delenv("OMS_TEST_SECRET", raising=False)
    with pytest.raises(CredentialError, match="OMS_TEST_SECRET"):
        read_environment("OMS_TEST_KEY", "OMS_TEST_SECRET")
    assert "OMS_TEST_KEY" not in os.environ
