"""Host names are looked up without a thread, and every failure is an OSError."""

import asyncio
import os
import threading

import pytest

from engine.address_lookup import look_up


def test_a_numeric_address_is_its_own_answer() -> None:
    assert asyncio.run(look_up("127.0.0.1", 443)) == [("127.0.0.1", 443)]
    assert asyncio.run(look_up("::1", 443)) == [("::1", 443)]


def test_a_name_is_looked_up_by_a_child_that_is_gone_afterwards() -> None:
    before = os.listdir("/proc/self/fd")
    found = asyncio.run(look_up("localhost", 9443))
    assert {address for address, _ in found} <= {"127.0.0.1", "::1"}
    assert {port for _, port in found} == {9443}
    assert threading.active_count() == 1
    assert os.listdir("/proc/self/fd") == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_an_unknown_name_is_an_os_error_that_says_which() -> None:
    with pytest.raises(OSError, match=r"no address of no\.such\.host\.invalid is known"):
        asyncio.run(look_up("no.such.host.invalid", 443))
