"""Stamps of a venue that lies about the time: they neither block for ever nor shut out what is true later."""

import numpy as np

from ipc.enums import RecordKind, RefusalReason, RequestKind, VenueEvent
from ipc.rate_enums import RateLimitType
from tests.engine.core.world import NS_PER_S, QUOTE, UTC_OFFSET_NS, World

DAY_NS = 86_400 * NS_PER_S
FAR_NS = 1 << 62


def _budget(world: World) -> np.void:
    row = world.row("budgets", 0)
    row["limit_type"], row["window_ns"], row["limit"] = RateLimitType.REQUEST_WEIGHT, NS_PER_S, 10
    row["new_cost"] = row["cancel_cost"] = 1
    return row


def test_a_ban_is_believed_for_three_days(world: World) -> None:
    _budget(world)
    limit = {"limit_type": RateLimitType.REQUEST_WEIGHT, "window_ns": NS_PER_S, "limit": 10}
    world.feed(RecordKind.RATE_LIMIT, blocked_until_utc_ns=FAR_NS, **limit)
    assert world.new_order().refusals == [RefusalReason.VENUE_RATE_LIMIT_EXCEEDED]
    world.now_ns += 3 * DAY_NS
    assert world.new_order().asked == [RequestKind.NEW]


def test_a_balance_of_a_far_future_does_not_shut_out_later_ones(world: World) -> None:
    where = {"account_id": 0, "asset_id": QUOTE}
    world.feed(RecordKind.BALANCE, free_units=5, venue_utc_ns=FAR_NS, **where)
    world.now_ns += 61 * NS_PER_S
    world.feed(RecordKind.BALANCE, free_units=7, venue_utc_ns=world.now_ns + UTC_OFFSET_NS, **where)
    assert world.row("balances", QUOTE)["free_units"] == 7


def test_what_is_in_flight_when_a_window_ends_may_count_in_the_next(world: World) -> None:
    row = _budget(world)
    world.place(accepted=False)
    world.now_ns += 2 * NS_PER_S
    world.place(accepted=False, price_ticks=9_000)
    assert row["in_flight"] == 2


def test_what_will_never_be_answered_is_not_in_flight_for_ever(world: World) -> None:
    row = _budget(world)
    world.place(accepted=False)
    world.venue(VenueEvent.OUTCOME_UNKNOWN, 0)
    assert (row["in_flight"], row["unanswered"], row["counted"]) == (0, 1, 0)
