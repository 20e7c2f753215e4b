"""The search that every installation ends with finds a key wherever one lies about."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from gateways.simulator.keys import GeneratedKey, generate_ed25519, generate_hmac
from tests.system.secrets_search import SecretsSearch, forms_of
from tests.system.waiting import await_that
from tools.child_process import ChildProcess


def api_key(key: GeneratedKey) -> bytes:
    """As the venue gave it."""
    return key.api_key.encode()


def seed(key: GeneratedKey) -> bytes:
    """The 32 bytes that end the private key's DER form: RFC 8410, 7."""
    return base64.b64decode(key.private_pem.splitlines()[1])[-32:]


def hexadecimal(key: GeneratedKey) -> bytes:
    """As a log might show it."""
    return seed(key).hex().encode()


def pem_body(key: GeneratedKey) -> bytes:
    """Without the lines around it."""
    return key.private_pem.splitlines()[1].encode()


@pytest.mark.parametrize("form", [api_key, seed, hexadecimal, pem_body])
def test_a_file_that_holds_a_key_is_named(tmp_path: Path, form: Callable[[GeneratedKey], bytes]) -> None:
    key = generate_ed25519()
    (tmp_path / "key.toml").write_text(key.api_key)
    (tmp_path / "journal").mkdir()
    leak = tmp_path / "journal" / "journal-0.oms"
    leak.write_bytes(bytes(1000))
    with SecretsSearch(tmp_path) as search:
        search.hide([key])
        search.verify_files()
        leak.write_bytes(bytes(1000) + form(key) + bytes(1000))
        with pytest.raises(AssertionError, match=r"journal-0\.oms"):
            search.verify_files()


def test_a_search_that_finds_nothing_where_keys_must_be_is_none(tmp_path: Path) -> None:
    with SecretsSearch(tmp_path) as search:
        search.hide([generate_hmac()])
        with pytest.raises(AssertionError, match="where they must be"):
            search.verify_files()


def test_a_process_that_prints_a_key_is_named(tmp_path: Path) -> None:
    key = generate_hmac()
    child = ChildProcess("talker", ["-c", f"print('signed with {key.secret}')"])
    with SecretsSearch(tmp_path) as search:
        search.hide([key])
        search.watch(child)
        await_that(lambda: child.status is not None, "its end")
        child.stop()
        with pytest.raises(AssertionError, match="talker"):
            search.verify_outputs()


def test_a_shared_secret_is_searched_for_too() -> None:
    key = generate_hmac()
    assert forms_of(key) == [key.api_key.encode(), key.secret.encode()]
