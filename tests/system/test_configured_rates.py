"""The keys about venues' rate limits through a real engine, at a venue that bans whoever exceeds one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import EndReason, ExecutionType, RefusalReason, Side, TimeInForce
from ipc.events import ExecutionReport
from tests.system.installation import (
    INSTRUMENT,
    Installation,
    VenueProcess,
    account_row,
    engine_section,
    installed,
    strategy_row,
    venue_row,
)
from tests.system.trading_desk import TradingDesk, desk_of
from tests.system.waiting import CLOCK, await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ENGINE = "rates"
WINDOW_NS = 10 * NS_PER_S
GRANTED, OURS = 12, 6
GUARD_MS, QUEUE_MS, SHORT_QUEUE_MS, QUEUE_ORDERS = 300, 15_000, 400, 3
FAR_TICKS, ORDER_LOTS = 6_000_000, 100
STRATEGIES: dict[str, dict[str, Any]] = {
    "queuing": {"when_exceeded": "queue", "queue_ms": QUEUE_MS, "queue_orders": QUEUE_ORDERS},
    "short": {"when_exceeded": "queue", "queue_ms": SHORT_QUEUE_MS, "queue_orders": QUEUE_ORDERS},
    "shedding": {"when_exceeded": "shed", "queue_ms": QUEUE_MS, "queue_orders": 1},
    "refused": {},
}


@dataclass
class Floor:
    """The venue, and a desk for each way to go on when a limit is used up."""

    venue: VenueProcess
    desks: dict[str, TradingDesk]


def table(venue: VenueProcess) -> dict[str, Any]:
    """Half of the venue's limits is this engine's."""
    rows = [
        strategy_row(number, name, "main", rate_limit=rate_limit)
        for number, (name, rate_limit) in enumerate(STRATEGIES.items(), start=1)
    ]
    return {
        "engine": engine_section(ENGINE),
        "execution": {"execution_timeout_ms": 0},
        "rate_limit": {"rate_limit_orders": 10_000, "clock_guard_ms": GUARD_MS},
        "risk": {"duplicate_orders_max": 10_000},
        "venue": [venue_row(venue)],
        "account": [account_row("main", rate_share="0.5")],
        "strategy": rows,
    }


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One engine through all of it."""
    with installed(tmp_path_factory.mktemp("rates")) as installation, ExitStack() as desks:
        limits = {"orders_10s": GRANTED, "violations_before_ban": 1}
        venue = installation.start_venue("main", flow={"enabled": False}, limits=limits)
        installation.start_engine(table(venue))
        yield Floor(venue, {name: _desk(installation, desks, name) for name in STRATEGIES})


def _desk(installation: Installation, desks: ExitStack, name: str) -> TradingDesk:
    return desks.enter_context(desk_of(installation, ENGINE, name, INSTRUMENT))


def _rest(desk: TradingDesk, number: int) -> int:
    return desk.submit(
        side=Side.BUY, price_ticks=FAR_TICKS + number, order_lots=ORDER_LOTS, time_in_force=TimeInForce.GTC
    )


def _await_fresh_window() -> None:
    """Returns early in one of the venue's windows, when the engine is sure of it too and nobody has asked of late."""

    def is_fresh() -> bool:
        return GUARD_MS + 300 < CLOCK.utc_ns() % WINDOW_NS / NS_PER_MS < GUARD_MS + 3_000

    await_that(lambda: not is_fresh(), "the end of this window")
    await_that(is_fresh, "the next window")


def _use_up(desk: TradingDesk) -> list[ExecutionReport]:
    """Orders until the first that is not sent at once; the reports on all."""
    # Who asked within the last ten seconds has a share set aside.
    _await_fresh_window()
    _await_fresh_window()
    sent = [_rest(desk, number) for number in range(OURS)]
    return [desk.await_resting(order_id) for order_id in sent]


def test_rate_share(floor: Floor) -> None:
    desk = floor.desks["refused"]
    assert len(_use_up(desk)) == OURS
    refused = desk.await_report(_rest(desk, OURS), ExecutionType.REFUSED)
    assert (refused.stated_reason, refused.limit) == (RefusalReason.VENUE_RATE_LIMIT_EXCEEDED, OURS)


def test_clock_guard_ms_when_exceeded_queue_ms_and_queue_orders(floor: Floor) -> None:
    queuing, short = floor.desks["queuing"], floor.desks["short"]
    _use_up(queuing)
    waiting = [_rest(queuing, 10 + number) for number in range(QUEUE_ORDERS)]
    for order_id in waiting:
        queuing.await_report(order_id, ExecutionType.QUEUED)
    full = queuing.await_report(_rest(queuing, 20), ExecutionType.REFUSED)
    assert (full.stated_reason, full.limit) == (RefusalReason.RATE_QUEUE_FULL, QUEUE_ORDERS)
    end = short.await_end(_rest(short, 30))
    assert (end.stated_reason, end.venue_code) == (EndReason.RETRY_REFUSED, RefusalReason.RATE_QUEUE_EXPIRED)
    assert end.limit == SHORT_QUEUE_MS * NS_PER_MS
    released = [queuing.await_report(order_id, ExecutionType.RELEASED) for order_id in waiting]
    assert [report.order_id for report in sorted(released, key=lambda report: report.sequence)] == waiting
    offset_ns = CLOCK.utc_ns() - CLOCK.monotonic_ns()
    for report in released:
        assert (report.published_ns + offset_ns) % WINDOW_NS >= GUARD_MS * NS_PER_MS


def test_when_exceeded_may_shed(floor: Floor) -> None:
    desk = floor.desks["shedding"]
    _use_up(desk)
    older, newer = _rest(desk, 40), _rest(desk, 41)
    shed = desk.await_end(older)
    assert shed.venue_code == RefusalReason.RATE_QUEUE_SHED
    desk.await_report(newer, ExecutionType.RELEASED)


def test_strategies_that_want_too_much_never_exceed_the_limit_and_use_it(floor: Floor) -> None:
    _await_fresh_window()
    begin_ns = CLOCK.utc_ns()
    number = 100
    while CLOCK.utc_ns() < begin_ns + 3 * WINDOW_NS:
        for desk in floor.desks.values():
            number += 1
            _rest(desk, number)
        until_ns = CLOCK.monotonic_ns() + 50 * NS_PER_MS
        await_that(lambda: CLOCK.monotonic_ns() >= until_ns, "a pause")  # noqa: B023  it is over before the next
    for desk in floor.desks.values():
        desk.cancel_everything()
        assert [report for report in desk.reports if report.execution_type == ExecutionType.REJECTED] == []
    taken = [line["utc_ns"] for line in floor.venue.log() if line["event"] == "accepted"]
    counts = Counter(utc_ns // WINDOW_NS for utc_ns in taken)
    assert max(counts.values()) <= OURS
    first = begin_ns // WINDOW_NS
    assert [counts[first + place] for place in range(3)] == [OURS] * 3
