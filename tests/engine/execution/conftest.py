"""Owns the fixture that tests of the whole core share."""

import pytest

from tests.engine.core.world import World


@pytest.fixture
def world() -> World:
    """A new world for one test."""
    return World()
