"""Owns what the tests with clients of others share."""

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def leaves_sockets_to_the_collector() -> Iterator[None]:
    """A client that, on a busy machine, lets go of a socket without closing it: none of it is found in a later test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
