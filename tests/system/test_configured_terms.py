"""The terms of an order: each key at each level that may set it, as the venue and the client see it.

Four strategies trade through one engine. Each level of the configuration gives every term another value, so
an order tells by what happens to it from which level its terms came; an order's own terms come before all.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from ipc.clock import NS_PER_MS
from ipc.enums import EndReason, ExecutionType, OrderStatus, OrderType, RefusalReason, Side, TimeInForce
from tests.system.installation import (
    Installation,
    VenueProcess,
    account_row,
    engine_section,
    installed,
    strategy_row,
    venue_row,
)
from tests.system.trading_desk import TradingDesk, desk_of, status_of
from tests.system.venue_orders import attempts_of, gaps_ms, lines_of
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENGINE = "terms"
BID_TICKS, ASK_TICKS, FAR_TICKS = 6_499_000, 6_501_000, 6_000_000
TOUCH_LOTS, ORDER_LOTS, MORE_THAN_THERE_IS = 100_000, 100, 300_000
WITHOUT_TIMEOUT = {"execution_timeout_ms": 0}

# What each level sets; those above it are overridden by those below it.
LEVELS: dict[str, dict[str, dict[str, Any]]] = {
    "file": {
        "orders": {"default_order_type": "market", "time_in_force": "GTC"},
        "execution": {
            "max_slippage_bps": 100,
            "retry_attempts": 1,
            "retry_delay_ms": 80,
            "execution_timeout_ms": 700,
        },
        "rate_limit": {"rate_limit_orders": 6, "rate_limit_window_ms": 900},
    },
    "venue": {
        "orders": {"default_order_type": "limit", "time_in_force": "IOC"},
        "execution": {"max_slippage_bps": 60, "retry_attempts": 2, "retry_delay_ms": 60, "execution_timeout_ms": 450},
        "rate_limit": {"rate_limit_orders": 5, "rate_limit_window_ms": 700},
    },
    "account": {
        "orders": {"default_order_type": "market", "time_in_force": "FOK"},
        "execution": {"max_slippage_bps": 30, "retry_attempts": 3, "retry_delay_ms": 40, "execution_timeout_ms": 250},
        "rate_limit": {"rate_limit_orders": 4, "rate_limit_window_ms": 500},
    },
    "strategy": {
        "orders": {"default_order_type": "limit", "time_in_force": "GTC"},
        "execution": {"max_slippage_bps": 15, "retry_attempts": 4, "retry_delay_ms": 20, "execution_timeout_ms": 100},
        "rate_limit": {"rate_limit_orders": 3, "rate_limit_window_ms": 300},
    },
}
# An order's own terms, given to the strategy of the last level.
ORDERS_OWN = {"max_slippage_bps": 7, "retry_attempts": 2, "retry_delay_ms": 120, "execution_timeout_ms": 1_000}


@dataclass(frozen=True)
class Floor:
    """A venue where a maker quotes, and a desk at each level."""

    venue: VenueProcess
    desks: dict[str, TradingDesk]

    def desk(self, level: str) -> TradingDesk:
        """Who trades by the terms of a level; an order's own terms are given where the strategy has its own."""
        return self.desks["strategy" if level == "order" else level]


def terms_table(venue: VenueProcess) -> dict[str, Any]:
    """One engine for all levels; who only counts orders has no rate limit but its level's."""
    free = {"rate_limit": {"rate_limit_orders": 10_000}}
    own = LEVELS["strategy"]
    return {
        "engine": engine_section(ENGINE),
        **LEVELS["file"],
        "risk": {"duplicate_orders_max": 10_000, "book_age_max_ms": 600_000},
        "venue": [venue_row(venue), venue_row(venue, "SECOND", **LEVELS["venue"])],
        "account": [
            account_row("maker"),
            account_row("file"),
            account_row("venue", "SECOND"),
            account_row("account", "SECOND", **LEVELS["account"]),
        ],
        "strategy": [
            strategy_row(1, "maker", "maker", **free, execution=WITHOUT_TIMEOUT),
            strategy_row(2, "file", "file", **free),
            strategy_row(3, "venue", "venue", "SECOND", **free),
            strategy_row(4, "account", "account", "SECOND", **free),
            strategy_row(5, "strategy", "account", "SECOND", **{**own, **free}),
            strategy_row(6, "file-rate", "file"),
            strategy_row(7, "venue-rate", "venue", "SECOND"),
            strategy_row(8, "account-rate", "account", "SECOND"),
            strategy_row(9, "strategy-rate", "account", "SECOND", rate_limit=own["rate_limit"]),
        ],
    }


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Everything that these tests share; the maker's quotes are there when it is handed out."""
    with installed(tmp_path_factory.mktemp("terms")) as installation, ExitStack() as desks:
        venue = installation.start_venue("maker", "file", "venue", "account", flow={"enabled": False})
        table = terms_table(venue)
        installation.start_engine(table)
        floor = Floor(venue, open_desks(installation, table, desks))
        maker = floor.desks["maker"]
        for side, ticks in ((Side.BUY, BID_TICKS), (Side.SELL, ASK_TICKS)):
            maker.await_resting(maker.submit(side=side, price_ticks=ticks, order_lots=TOUCH_LOTS))
        for desk in floor.desks.values():
            await_that(lambda desk=desk: best_ticks(desk) == (BID_TICKS, ASK_TICKS), "the quotes in the engine")
        yield floor


def open_desks(installation: Installation, table: dict[str, Any], desks: ExitStack) -> dict[str, TradingDesk]:
    """A desk for every strategy of the table."""
    return {
        row["name"]: desks.enter_context(desk_of(installation, ENGINE, row["name"], row["limit"][0]["instrument"]))
        for row in table["strategy"]
    }


def best_ticks(desk: TradingDesk) -> tuple[int, int]:
    """The best bid and ask that a desk sees."""
    best = desk.client.best(desk.instrument)
    return best.bid_ticks, best.ask_ticks


def execution(level: str, key: str) -> int:
    """The value of a key of [execution] at a level."""
    value: int = ORDERS_OWN[key] if level == "order" else LEVELS[level]["execution"][key]
    return value


def own_terms(level: str, *keys: str) -> dict[str, int]:
    """What an order says itself: its own terms at the level of the order, nothing at the others."""
    return {key: ORDERS_OWN[key] for key in keys} if level == "order" else {}


@pytest.mark.parametrize("level", [*LEVELS])
def test_default_order_type(floor: Floor, level: str) -> None:
    desk = floor.desk(level)
    is_limit = LEVELS[level]["orders"]["default_order_type"] == "limit"
    priced, unpriced = [
        desk.submit(side=Side.BUY, price_ticks=ticks, order_lots=ORDER_LOTS, order_type=OrderType.DEFAULT)
        for ticks in (FAR_TICKS, 0)
    ]
    # With a price it is a limit order, whatever is configured.
    desk.await_report(priced, ExecutionType.NEW)
    assert prices_ticks(attempts_of(floor.venue, priced)) == [FAR_TICKS]
    if is_limit:
        # A limit order must have one.
        assert desk.await_report(unpriced).stated_reason is RefusalReason.INVALID_PRICE
    else:
        desk.await_report(unpriced, ExecutionType.NEW)
        worst = worst_ticks(execution(level, "max_slippage_bps"))
        assert prices_ticks(attempts_of(floor.venue, unpriced)) == [worst]
    desk.cancel_everything()


def test_default_order_type_gives_way_to_the_orders_own(floor: Floor) -> None:
    desk = floor.desk("order")
    order_id = desk.submit(side=Side.BUY, price_ticks=0, order_lots=ORDER_LOTS, order_type=OrderType.MARKET)
    assert status_of(desk.await_end(order_id)) is OrderStatus.FILLED


@pytest.mark.parametrize("level", [*LEVELS, "order"])
def test_time_in_force(floor: Floor, level: str) -> None:
    desk = floor.desk(level)
    wanted = "IOC" if level == "order" else LEVELS[level]["orders"]["time_in_force"]
    own = {"time_in_force": TimeInForce.IOC} if level == "order" else {}
    order_id = desk.submit(side=Side.BUY, price_ticks=FAR_TICKS, order_lots=ORDER_LOTS, **own, **WITHOUT_TIMEOUT)
    if wanted == "GTC":
        desk.await_resting(order_id)
    else:
        assert status_of(desk.await_end(order_id)) is OrderStatus.EXPIRED
    assert [line["time_in_force"] for line in attempts_of(floor.venue, order_id)] == [wanted]
    desk.cancel_everything()


@pytest.mark.parametrize("level", [*LEVELS, "order"])
def test_max_slippage_bps(floor: Floor, level: str) -> None:
    desk = floor.desk(level)
    terms = {"order_type": OrderType.MARKET, "price_ticks": 0, "order_lots": ORDER_LOTS}
    order_id = desk.submit(side=Side.BUY, **terms, **own_terms(level, "max_slippage_bps"))
    assert status_of(desk.await_end(order_id)) is OrderStatus.FILLED
    assert prices_ticks(attempts_of(floor.venue, order_id)) == [worst_ticks(execution(level, "max_slippage_bps"))]


def test_max_slippage_bps_lets_no_fill_beyond_it_happen(floor: Floor) -> None:
    desk, maker = floor.desk("file"), floor.desks["maker"]
    beyond = maker.submit(side=Side.SELL, price_ticks=worst_ticks(5) + 1, order_lots=MORE_THAN_THERE_IS)
    maker.await_resting(beyond)
    order_id = desk.submit(
        side=Side.BUY,
        price_ticks=0,
        order_lots=MORE_THAN_THERE_IS,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        max_slippage_bps=5,
        retry_attempts=0,
    )
    end = desk.await_end(order_id)
    assert 0 < end.cumulative_lots < MORE_THAN_THERE_IS
    assert all(
        ticks <= worst_ticks(5) for ticks in prices_ticks(lines_of(floor.venue, order_id, "traded"), "last_price")
    )
    assert maker.reports_of(beyond)[-1].execution_type == ExecutionType.NEW
    maker.client.cancel(beyond)
    maker.await_end(beyond)
    quote = maker.submit(side=Side.SELL, price_ticks=ASK_TICKS, order_lots=TOUCH_LOTS)
    maker.await_resting(quote)
    await_that(lambda: best_ticks(desk) == (BID_TICKS, ASK_TICKS), "the quote's return")


@pytest.mark.parametrize("level", [*LEVELS, "order"])
def test_retry_attempts_and_retry_delay_ms(floor: Floor, level: str) -> None:
    desk = floor.desk(level)
    order_id = desk.submit(
        side=Side.BUY,
        price_ticks=0,
        order_lots=MORE_THAN_THERE_IS,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.FOK,
        **own_terms(level, "retry_attempts", "retry_delay_ms"),
        **WITHOUT_TIMEOUT,
    )
    assert status_of(desk.await_end(order_id)) is OrderStatus.EXPIRED
    attempts = attempts_of(floor.venue, order_id)
    assert len(attempts) == 1 + execution(level, "retry_attempts")
    delay_ms = execution(level, "retry_delay_ms")
    assert all(gap_ms >= delay_ms for gap_ms in gaps_ms(attempts)), gaps_ms(attempts)
    retried = [report for report in desk.reports_of(order_id) if report.execution_type == ExecutionType.RETRIED]
    assert len(retried) == execution(level, "retry_attempts")


@pytest.mark.parametrize("level", [*LEVELS, "order"])
def test_execution_timeout_ms(floor: Floor, level: str) -> None:
    desk = floor.desk(level)
    terms = {"price_ticks": FAR_TICKS, "order_lots": ORDER_LOTS, "time_in_force": TimeInForce.GTC}
    order_id = desk.submit(side=Side.BUY, **terms, **own_terms(level, "execution_timeout_ms"))
    end = desk.await_end(order_id)
    assert (status_of(end), end.stated_reason) == (OrderStatus.CANCELED, EndReason.EXECUTION_TIMEOUT)
    sent, canceling = (
        desk.await_report(order_id, kind) for kind in (ExecutionType.PENDING_NEW, ExecutionType.PENDING_CANCEL)
    )
    timeout_ms = execution(level, "execution_timeout_ms")
    assert timeout_ms <= (canceling.published_ns - sent.published_ns) / NS_PER_MS < longer_timeout_ms(timeout_ms)
    assert [line["event"] for line in lines_of(floor.venue, order_id)] == ["accepted", "canceled"]


@pytest.mark.parametrize("level", [*LEVELS])
def test_rate_limit_orders_and_rate_limit_window_ms(floor: Floor, level: str) -> None:
    desk = floor.desks[f"{level}-rate"]
    limit, window_ms = LEVELS[level]["rate_limit"].values()
    terms = {"side": Side.BUY, "order_lots": ORDER_LOTS, "time_in_force": TimeInForce.IOC}
    sent = [desk.submit(price_ticks=FAR_TICKS + number, **terms) for number in range(limit + 1)]
    *taken, refused = (desk.await_report(order_id) for order_id in sent)
    assert [report.execution_type for report in taken] == [ExecutionType.PENDING_NEW] * limit
    assert refused.stated_reason is RefusalReason.RATE_LIMIT_EXCEEDED
    assert (refused.limit, refused.current, refused.requested) == (limit, limit, 1)
    refusals = [refused]

    def next_taken() -> Any:
        report = desk.await_report(desk.submit(price_ticks=FAR_TICKS, **terms))
        if report.execution_type == ExecutionType.PENDING_NEW:
            return report
        refusals.append(report)
        return None

    again = await_that(next_taken, "room for one more order")
    first_ns = taken[0].published_ns
    assert again.published_ns - first_ns >= window_ms * NS_PER_MS
    assert all(report.published_ns - first_ns < window_ms * NS_PER_MS for report in refusals)
    assert {report.stated_reason for report in refusals} == {RefusalReason.RATE_LIMIT_EXCEEDED}


def longer_timeout_ms(timeout_ms: int) -> int:
    """The next longer of the time-outs that some level sets: the order did not wait for that one."""
    timeouts_ms = [execution(level, "execution_timeout_ms") for level in (*LEVELS, "order")]
    return min([other_ms for other_ms in timeouts_ms if other_ms > timeout_ms], default=2 * timeout_ms)


def worst_ticks(slippage_bps: int) -> int:
    """The highest price that a market order may pay."""
    return ASK_TICKS + ASK_TICKS * slippage_bps // 10_000


def prices_ticks(lines: list[dict[str, Any]], key: str = "price") -> list[int]:
    """The prices in the venue's lines as ticks."""
    return [round(float(line[key]) * 100) for line in lines]
