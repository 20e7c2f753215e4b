"""What is asked of an engine only rises, outlives it, and is found again under its name."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipc.control_segment import (
    ENGINE_SCOPE,
    LEASE_EXPIRED,
    ControlSegment,
    Request,
    ScopeName,
    ScopesInUseError,
    UnknownScopeError,
)
from ipc.enums import AlarmCode, ScopeKind, TradingState
from ipc.segment import SegmentError, SegmentGoneError, SegmentWord

MAIN = ScopeName(ScopeKind.ACCOUNT, "main")
NOBODY = ScopeName(ScopeKind.STRATEGY, "")
MINE = ScopeName(ScopeKind.STRATEGY, "mine")
PAIR = ScopeName(ScopeKind.INSTRUMENT, "BTC/USDT.BINANCE")
SCOPES = (ENGINE_SCOPE, ScopeName(ScopeKind.VENUE, "BINANCE"), MAIN, NOBODY, MINE, PAIR)
HALT = Request(TradingState.HALT, cause=AlarmCode.POSITION_DIFFERS, requested_utc_ns=5, operator="ann")
REDUCE = Request(TradingState.REDUCE_ONLY)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlSegment]:
    """A new one."""
    control = ControlSegment.open(tmp_path, SCOPES)
    yield control
    control.close()


def generation(control: ControlSegment) -> int:
    """What the engine compares."""
    return int(control.segment.words[SegmentWord.GENERATION])


def test_a_new_one_asks_for_nothing_and_needs_no_lease(control: ControlSegment) -> None:
    assert control.scopes == list(SCOPES)
    assert {control.request(scope).trading_state for scope in (ENGINE_SCOPE, MAIN, MINE, PAIR)} == {TradingState.ACTIVE}
    assert (control.fenced_epoch, control.lease_until_ns, control.engine_epoch) == (0, 0, 0)
    assert control.segment.path.stat().st_mode & 0o777 == 0o600


def test_what_is_asked_of_a_scope_only_rises_and_each_change_is_counted(control: ControlSegment) -> None:
    before = generation(control)
    assert control.raise_state(PAIR, REDUCE)
    assert control.raise_state(PAIR, HALT)
    assert not control.raise_state(PAIR, REDUCE)
    assert not control.raise_state(PAIR, HALT)
    assert control.request(PAIR) == HALT
    assert control.request(MAIN).trading_state == TradingState.ACTIVE
    assert generation(control) >= before + 2


def test_only_lowering_it_by_name_makes_it_less(control: ControlSegment) -> None:
    control.raise_state(MINE, HALT)
    control.lower_state(MINE, REDUCE)
    assert control.request(MINE).trading_state == TradingState.REDUCE_ONLY


@pytest.mark.parametrize("scope", [NOBODY, ScopeName(ScopeKind.ACCOUNT, "mine"), ScopeName(ScopeKind.VENUE, "")])
def test_a_scope_that_is_not_there_is_refused_with_those_that_are(control: ControlSegment, scope: ScopeName) -> None:
    with pytest.raises(UnknownScopeError, match=r"allowed are engine, venue:BINANCE, account:main, strategy:mine"):
        control.raise_state(scope, HALT)


def test_a_fence_only_moves_forward(control: ControlSegment) -> None:
    assert control.fence(7)
    assert control.fence(3)
    assert control.fenced_epoch == 7


def test_an_engine_has_no_beat_before_its_first_turn_and_after_its_orderly_end(control: ControlSegment) -> None:
    control.segment.words[SegmentWord.ENGINE_BEAT_NS] = 7
    control.begin_epoch(4)
    assert control.engine_beat_ns == 0
    control.segment.words[SegmentWord.ENGINE_BEAT_NS] = 9
    control.end_epoch()
    assert (control.engine_epoch, control.engine_beat_ns) == (4, 0)


def test_it_outlives_who_made_it(control: ControlSegment, tmp_path: Path) -> None:
    control.raise_state(MAIN, HALT)
    control.begin_epoch(4)
    control.segment.words[SegmentWord.ENGINE_BEAT_NS] = 9
    again = ControlSegment.open(tmp_path, SCOPES)
    assert again.request(MAIN) == HALT
    assert (again.engine_epoch, again.engine_beat_ns) == (4, 9)
    assert control.is_current()
    again.close()


def test_where_no_engine_ever_was_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(SegmentGoneError):
        ControlSegment.attach(tmp_path)


def test_other_scopes_make_another_one_which_asks_for_the_same_by_name(control: ControlSegment, tmp_path: Path) -> None:
    control.raise_state(PAIR, HALT)
    control.fence(7)
    control.lease_until_ns = 1_000
    others = (ENGINE_SCOPE, ScopeName(ScopeKind.VENUE, "BINANCE"), PAIR, ScopeName(ScopeKind.INSTRUMENT, "ETH/BTC.X"))
    again = ControlSegment.open(tmp_path, others)
    assert again.request(PAIR) == HALT
    assert (again.fenced_epoch, again.lease_until_ns) == (7, 1_000)
    assert not control.is_current()
    # Who still has the old one mapped asks the new one all the same.
    assert control.raise_state(ENGINE_SCOPE, REDUCE)
    assert again.request(ENGINE_SCOPE).trading_state == TradingState.REDUCE_ONLY
    again.close()


@pytest.mark.parametrize("word", [SegmentWord.SCHEMA_DIGEST, SegmentWord.BOOT_ID, SegmentWord.READY])
def test_what_another_version_or_another_boot_asked_for_still_holds(
    control: ControlSegment, tmp_path: Path, word: SegmentWord
) -> None:
    control.raise_state(MINE, HALT)
    control.fence(7)
    control.lease_until_ns = 1 << 60
    control.segment.words[word] += 1
    again = ControlSegment.open(tmp_path, SCOPES)
    assert again.request(MINE) == HALT
    assert again.fenced_epoch == 7
    # The lease of another boot has run out, but one is still needed.
    assert again.lease_until_ns == (LEASE_EXPIRED if word is SegmentWord.BOOT_ID else 1 << 60)
    again.close()


def test_one_whose_maker_died_is_not_believed_and_made_anew(control: ControlSegment, tmp_path: Path) -> None:
    control.raise_state(MINE, HALT)
    control.rows["scope_kind"][-1] = 0
    with pytest.raises(SegmentError, match="half made"):
        ControlSegment.attach(tmp_path)
    again = ControlSegment.open(tmp_path, SCOPES)
    assert again.request(MINE) == HALT
    again.close()


@pytest.mark.parametrize("text", [b"", b"nothing", bytes(9_000)])
def test_a_file_that_is_none_is_replaced(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "control"
    path.write_bytes(text)
    path.chmod(0o600)
    control = ControlSegment.open(tmp_path, SCOPES)
    assert control.request(MAIN).trading_state == TradingState.ACTIVE
    control.close()


def test_one_with_other_scopes_is_not_replaced_while_it_is_in_use(control: ControlSegment, tmp_path: Path) -> None:
    more = (*SCOPES, ScopeName(ScopeKind.STRATEGY, "new"))
    with pytest.raises(ScopesInUseError, match="an engine that was started with them runs"):
        ControlSegment.open(tmp_path, more, may_replace=lambda _: False)
    assert control.is_current()
    ControlSegment.open(tmp_path, SCOPES, may_replace=lambda _: False).close()
    assert control.is_current()
    control.begin_epoch(1)
    asked: list[int] = []
    ControlSegment.open(tmp_path, more, may_replace=lambda pid: asked.append(pid) is None).close()
    assert asked == [os.getpid()]
    assert not control.is_current()


def _raise_one(folder: Path, place: int) -> None:
    control = ControlSegment.open(folder, SCOPES)
    control.raise_state((ENGINE_SCOPE, MAIN, MINE, PAIR)[place % 4], Request(TradingState(1 + place // 4)))


def test_many_at_once_make_one_and_lose_nothing(tmp_path: Path) -> None:
    workers = [multiprocessing.Process(target=_raise_one, args=(tmp_path, place)) for place in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    control = ControlSegment.attach(tmp_path)
    assert [control.request(scope).trading_state for scope in (ENGINE_SCOPE, MAIN, MINE, PAIR)] == [
        TradingState.HALT
    ] * 4
    control.close()
