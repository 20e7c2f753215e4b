"""What a whole engine holds, read beside it."""

from decimal import Decimal
from pathlib import Path

import pytest

from ipc.segment import private_folder
from tests.ipc.fake_engine import INSTRUMENTS, STRATEGIES, FakeEngine
from tools.command_error import CommandError
from tools.engine_books import read_books

EXTERNAL, MAKER, TAKER = 0, STRATEGIES["maker"], STRATEGIES["taker"]


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    """An engine whose strategies and accounts hold something of the first instrument."""
    engine = FakeEngine(private_folder(tmp_path / "engine"))
    books = engine.state.table("books").reshape(-1, len(INSTRUMENTS))
    holdings = engine.state.table("holdings").reshape(-1, len(INSTRUMENTS))
    for row, lots in ((books[MAKER][0], 700), (books[EXTERNAL][0], -100), (holdings[0][0], 500), (holdings[1][0], 100)):
        row["position_lots"], row["fill_count"] = lots, 1
    return engine


def test_strategies_and_accounts_are_named_with_what_they_hold(engine: FakeEngine) -> None:
    (books,) = read_books(engine.folder)
    assert books.instrument == INSTRUMENTS[0]
    assert [(holder.kind, holder.quantity) for holder in books.strategies] == [
        ("external", Decimal("-0.00100")),
        ("strategy", Decimal("0.00700")),
    ]
    assert [(holder.name, holder.quantity) for holder in books.accounts] == [
        ("binance-main", Decimal("0.00500")),
        ("kraken-main", Decimal("0.00100")),
    ]
    assert books.adds_up


def test_it_is_told_when_they_do_not_add_up(engine: FakeEngine) -> None:
    engine.state.table("books").reshape(-1, len(INSTRUMENTS))[TAKER][0]["fill_count"] = 1
    engine.state.table("books").reshape(-1, len(INSTRUMENTS))[TAKER][0]["position_lots"] = 1
    (books,) = read_books(engine.folder)
    assert not books.adds_up


def test_a_state_that_is_never_at_rest_is_not_read(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.state_tables._ATTEMPTS", 3)
    engine.state.header["version"] = 1
    with pytest.raises(CommandError, match="without a pause"):
        read_books(engine.folder)
