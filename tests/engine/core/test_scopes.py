"""Every scope has one row, and what an order belongs to is found without searching."""

from engine.core.scopes import (
    ENGINE_ROW,
    NO_ROW,
    account_row,
    instrument_row,
    row_of_scope,
    strategy_row,
    venue_row,
)
from engine.core.state import Capacities, State
from ipc.enums import ScopeKind

COUNTS = {
    ScopeKind.ENGINE: 1,
    ScopeKind.VENUE: 2,
    ScopeKind.ACCOUNT: 3,
    ScopeKind.STRATEGY: 4,
    ScopeKind.INSTRUMENT: 5,
}


def new_state() -> State:
    return State.create(
        Capacities(
            venues=COUNTS[ScopeKind.VENUE],
            accounts=COUNTS[ScopeKind.ACCOUNT],
            strategies=COUNTS[ScopeKind.STRATEGY],
            instruments=COUNTS[ScopeKind.INSTRUMENT],
            assets=1,
            orders=16,
            tombstones=16,
            trades=16,
        )
    )


def test_each_subject_has_a_row_that_names_it() -> None:
    state = new_state()
    rows = []
    for kind, count in COUNTS.items():
        for subject_id in range(count):
            row = row_of_scope(state.address, kind, subject_id)
            scope = state.table("scopes")[row]
            assert (scope["scope_kind"], scope["subject_id"]) == (kind, subject_id)
            rows.append(row)
    assert rows == list(range(len(state.table("scopes"))))


def test_what_does_not_exist_has_no_row() -> None:
    state = new_state()
    for kind, count in COUNTS.items():
        assert row_of_scope(state.address, kind, count) == NO_ROW
        assert row_of_scope(state.address, kind, -1) == NO_ROW
    assert row_of_scope(state.address, ScopeKind.BOOK, 0) == NO_ROW
    assert row_of_scope(state.address, 0, 0) == NO_ROW


def test_an_order_finds_the_rows_of_all_it_belongs_to() -> None:
    state = new_state()
    state.table("accounts")["venue_id"] = [1, 0, 1]
    assert row_of_scope(state.address, ScopeKind.ENGINE, 0) == ENGINE_ROW
    assert venue_row(state.address, 2) == row_of_scope(state.address, ScopeKind.VENUE, 1)
    assert account_row(state.address, 2) == row_of_scope(state.address, ScopeKind.ACCOUNT, 2)
    assert strategy_row(state.address, 3) == row_of_scope(state.address, ScopeKind.STRATEGY, 3)
    assert instrument_row(state.address, 4) == row_of_scope(state.address, ScopeKind.INSTRUMENT, 4)
