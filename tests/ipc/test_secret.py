"""A secret leaves by `reveal` and by no other way."""

import copy
import logging
import pickle
import traceback

import pytest

from gateways.credentials import Credentials, KeyKind
from gateways.signing import HmacSigner
from ipc.secret import Secret

TEXT = "jungle-of-random-letters-4711"
SECRET = Secret(TEXT.encode())


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!s:>40}",
        format(SECRET, "x"),
        "%s %r" % (SECRET, SECRET),  # noqa: UP031 - the older way of formatting must not leak either
        repr([SECRET]),
        repr({"key": SECRET}),
        str(Credentials(SECRET, KeyKind.HMAC, HmacSigner(SECRET))),
    ],
)
def test_no_way_of_formatting_shows_it(shown: str) -> None:
    assert TEXT not in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(SECRET, protocol)


def test_it_cannot_be_copied() -> None:
    for copier in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            copier(SECRET)


def test_it_is_not_a_key_of_a_dictionary() -> None:
    with pytest.raises(TypeError):
        hash(SECRET)


def test_it_has_no_dictionary_of_attributes() -> None:
    with pytest.raises(TypeError):
        vars(SECRET)


def test_a_traceback_with_local_variables_does_not_show_it() -> None:
    holder = SECRET
    try:
        raise ValueError(holder)
    except ValueError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert TEXT not in "".join(told.format())


def test_a_log_line_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("the key is %s", SECRET)
    assert "redacted" in caplog.text
    assert TEXT not in caplog.text


def test_equality_is_by_value() -> None:
    assert Secret(TEXT.encode()) == SECRET
    assert Secret(b"other") != SECRET
    assert SECRET != TEXT


def test_it_is_there_when_asked_for() -> None:
    assert SECRET.reveal() == TEXT.encode()
