"""Owns the fixture that tests of execution share."""

import pytest

from tests.engine.execution.market import Market


@pytest.fixture
def market() -> Market:
    """A new market for one test."""
    return Market()
