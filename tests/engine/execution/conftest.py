"""Owns the fixtures that tests of execution share."""

import pytest

from tests.engine.core.world import World
from tests.engine.execution.market import Market


@pytest.fixture
def world() -> World:
    """A new world for one test."""
    return World()


@pytest.fixture
def market() -> Market:
    """A new market for one test."""
    return Market()
