"""Target positions: what is missing is ordered, counting what already works."""

import pytest

from ipc.enums import ExecutionType, OrderType, RecordKind, RefusalReason, Side
from tests.engine.core.world import UTC_OFFSET_NS, World


@pytest.mark.parametrize(
    ("name", "held", "working", "target", "side", "lots"),
    [
        ("from nothing to long", 0, 0, 7, Side.BUY, 7),
        ("from nothing to short", 0, 0, -7, Side.SELL, 7),
        ("from long to longer", 5, 0, 7, Side.BUY, 2),
        ("from long to short", 5, 0, -3, Side.SELL, 8),
        ("from long to flat", 5, 0, 0, Side.SELL, 5),
        ("counting what works to buy", 5, 4, 12, Side.BUY, 3),
        ("counting what works to sell", 5, -4, 0, Side.SELL, 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_difference_is_ordered(
    world: World, name: str, held: int, working: int, target: int, side: Side, lots: int
) -> None:
    if held:
        world.fill(world.place(order_lots=held), held)
    if working:
        world.place(order_lots=abs(working), side=Side.BUY if working > 0 else Side.SELL, price_ticks=10_001)
    request = world.target(target_lots=target).requests[0]
    assert (request.side, request.order_lots) == (side, lots), name


def test_a_target_that_works_already_is_refused(world: World) -> None:
    world.target(target_lots=10)
    assert world.target(target_lots=10).refusals == [RefusalReason.TARGET_ALREADY_REACHED]


def test_a_target_hands_its_terms_to_the_order(world: World) -> None:
    world.book_top()
    step = world.target(order_type=OrderType.MARKET, price_ticks=0, max_slippage_bps=50, client_tag=6, account_id=1)
    assert (step.requests[0].price_ticks, step.requests[0].account_id) == (10_060, 1)
    assert (step.reports[0].execution_type, step.reports[0].client_tag) == (ExecutionType.PENDING_NEW, 6)
    assert world.target(target_lots=30, price_ticks=1 << 31).refusals == [RefusalReason.PRICE_OUT_OF_RANGE]


def test_a_target_meets_the_checks_of_an_order(world: World) -> None:
    world.book()["max_long_lots"] = 9
    assert world.target(target_lots=10).refusals == [RefusalReason.POSITION_LIMIT_EXCEEDED]
    assert world.target(target_lots=9).refusals == []


# ---- what else enters the core ----


def test_an_older_book_does_not_replace_a_newer_one(world: World) -> None:
    world.book_top(9_000, 9_001, venue_sequence=5)
    world.book_top(8_000, 8_001, venue_sequence=4)
    assert world.row("instruments", 0)["ask_ticks"] == 9_001
    world.book_top(8_500, 8_501, venue_sequence=0)
    assert world.row("instruments", 0)["ask_ticks"] == 8_501


def test_an_older_balance_does_not_replace_a_newer_one(world: World) -> None:
    fields = {"account_id": 1, "asset_id": 2}
    world.feed(RecordKind.BALANCE, **fields, free_units=7, locked_units=3, venue_utc_ns=20)
    world.feed(RecordKind.BALANCE, **fields, free_units=1, venue_utc_ns=10)
    row = world.row("balances", 1 * 3 + 2)
    assert (row["free_units"], row["locked_units"], row["received_ns"]) == (7, 3, world.now_ns)


def test_a_hosts_clock_judges_expiry_and_a_venues_clock_stamps_requests(world: World) -> None:
    world.feed(RecordKind.CLOCK_OFFSET, account_id=0, utc_offset_ns=UTC_OFFSET_NS + 40)
    assert world.new_order().requests[0].timestamp_utc_ns == world.now_ns + UTC_OFFSET_NS + 40
    world.feed(RecordKind.CLOCK_OFFSET, account_id=-1, utc_offset_ns=UTC_OFFSET_NS + 10)
    late = world.now_ns + UTC_OFFSET_NS
    assert world.new_order(expires_utc_ns=late + 9).refusals == [RefusalReason.COMMAND_EXPIRED]
    assert world.new_order(expires_utc_ns=late + 10).refusals == []
