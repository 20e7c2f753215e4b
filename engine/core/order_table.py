"""Owns the order slots: finding, taking and evicting them, and each strategy's list of open orders.

An ended order keeps its slot until the slot is needed or its retention time is over, oldest first. What
is left of it then is a tombstone, which the index leads to just as it led to the slot, so that a late
fill still finds its strategy. An order with an unanswered request never waits for eviction.
"""

import numpy as np

from engine.core.children import link_child, unlink_child
from engine.core.index import find, put, remove
from engine.core.own_orders import link_own, unlink_own
from engine.core.parent_timers import wake_followers
from engine.core.rate_budget import leave_answers
from engine.core.scopes import rows_of_order
from engine.core.state import header_of, order_index_of, orders_of, scopes_of, strategies_of, tombstones_of
from ipc.compiler import kernel
from ipc.enums import EndReason
from ipc.order_id import LEG_MAX

NOWHERE = -1
# The strategy to which belongs what was not ordered through this engine.
NOBODY = 0


@kernel
def find_order(state: int, order_id: int) -> int:
    """The slot of an order by the id of any of its legs, NOWHERE when it has none."""
    place = find(order_index_of(state), order_id & ~LEG_MAX, 0)
    if place >= header_of(state)["orders_count"]:
        return NOWHERE
    return place


@kernel
def find_tombstone(state: int, order_id: int) -> int:
    """The place of an evicted order's tombstone, NOWHERE when there is none."""
    place = find(order_index_of(state), order_id & ~LEG_MAX, 0)
    slots = header_of(state)["orders_count"]
    return place - slots if place >= slots else NOWHERE


@kernel
def external_group(instrument_id: int) -> int:
    """The index group in which an order that is not ours is found by the venue's id, which is unique there alone."""
    return instrument_id + 1


@kernel
def find_external(state: int, venue_order_id: int, instrument_id: int) -> int:
    """The slot of an order that is not ours, NOWHERE when it has none."""
    return find(order_index_of(state), venue_order_id, external_group(instrument_id))


@kernel
def has_room(state: int) -> bool:
    """Whether one more order finds a slot."""
    header = header_of(state)
    return header["free_order"] >= 0 or header["oldest_ended"] >= 0


@kernel
def take_slot(state: int, order_id: int) -> int:
    """A cleared slot for a new order, evicting the oldest ended one if need be. Precondition: has_room()."""
    header = header_of(state)
    if header["free_order"] < 0:
        evict_oldest(state)
    slot = header["free_order"]
    order = orders_of(state)[slot]
    header["free_order"] = order["next_free"]
    _clear(order)
    order["order_id"] = order_id
    put(order_index_of(state), order_id, 0, slot)
    return slot


@kernel
def _clear_amendments(order: np.void) -> None:
    order["version"] = 0
    order["replace_version"] = 0
    order["replace_state"] = 0
    order["replace_leg"] = 0
    order["replace_price_ticks"] = 0
    order["replace_lots"] = 0
    order["replace_leg_lots"] = 0
    order["wanted_version"] = 0


@kernel
def _clear(order: np.void) -> None:
    order["leg"] = 0
    order["last_leg"] = 0
    order["cumulative_lots"] = 0
    order["cumulative_notional"] = 0
    order["accepted"] = 0
    order["end_reason"] = EndReason.NONE
    order["is_unknown"] = 0
    order["unknown_since_ns"] = 0
    order["unresolved_at_ns"] = 0
    order["pending_new_ns"] = 0
    order["pending_cancel_ns"] = 0
    order["pending_replace_ns"] = 0
    order["reserved_lots"] = 0
    order["reserved_units"] = 0
    order["reserved_funds"] = 0
    order["venue_order_id"] = 0
    order["sent_ns"] = 0
    order["accepted_ns"] = 0
    order["first_fill_ns"] = 0
    order["ended_ns"] = 0
    order["execution_deadline_ns"] = 0
    order["retry_at_ns"] = 0
    order["leg_base_lots"] = 0
    order["is_leg_reduced"] = 0
    order["cancel_reason"] = EndReason.CANCELED
    order["cancel_wanted"] = 0
    order["not_found_count"] = 0
    _clear_amendments(order)
    order["stop_price_ticks"] = 0
    order["triggered_ns"] = 0
    order["expire_at_ns"] = 0
    order["expire_utc_ns"] = 0
    order["release_at_ns"] = 0
    order["queued_until_ns"] = 0
    order["charged"] = 0
    order["charged_ns"] = 0
    order["changed_ns"] = 0
    order["display_lots"] = 0
    order["self_trade_prevention"] = 0
    order["venue_hold"] = 0
    order["stated_lots"] = 0
    order["end_wanted"] = EndReason.NONE
    order["parent_order_id"] = 0
    order["is_followed"] = 0
    order["next_ended"] = NOWHERE
    order["next_free"] = NOWHERE


@kernel
def link_open(state: int, slot: int) -> None:
    """Adds an order to its strategy's open orders, newest first."""
    orders = orders_of(state)
    strategy = strategies_of(state)[orders[slot]["strategy_id"]]
    first = strategy["first_open"]
    orders[slot]["previous_open"] = NOWHERE
    orders[slot]["next_open"] = first
    if first >= 0:
        orders[first]["previous_open"] = slot
    strategy["first_open"] = slot
    header_of(state)["open_order_count"] += 1
    link_own(state, slot)
    if orders[slot]["parent_order_id"] != 0:
        link_child(state, slot)
    _count_open(state, orders[slot], 1)


@kernel
def unlink_open(state: int, slot: int) -> None:
    """Takes an order out of its strategy's open orders and queues it for eviction."""
    header, orders = header_of(state), orders_of(state)
    order = orders[slot]
    strategy = strategies_of(state)[order["strategy_id"]]
    before, after = order["previous_open"], order["next_open"]
    if before >= 0:
        orders[before]["next_open"] = after
    else:
        strategy["first_open"] = after
    if after >= 0:
        orders[after]["previous_open"] = before
    header["open_order_count"] -= 1
    unlink_own(state, slot)
    if order["parent_order_id"] != 0:
        unlink_child(state, slot)
    if order["is_followed"] != 0:
        wake_followers(state, order["instrument_id"], order["order_id"])
    _count_open(state, order, -1)
    if strategy["mass_cursor"] == slot:
        # A pass stands here: it goes on with the next order, never with what this slot holds next.
        strategy["mass_cursor"] = after
    order["previous_open"] = NOWHERE
    order["next_open"] = NOWHERE
    if header["newest_ended"] >= 0:
        orders[header["newest_ended"]]["next_ended"] = slot
    else:
        header["oldest_ended"] = slot
    header["newest_ended"] = slot


@kernel
def _count_open(state: int, order: np.void, count: int) -> None:
    scopes = scopes_of(state)
    for row in rows_of_order(state, order):
        scopes[row]["open_order_count"] += count


@kernel
def relink_open(state: int, slot: int) -> None:
    """Takes an order out of those that wait for eviction and adds it to its strategy's open orders again."""
    header, orders = header_of(state), orders_of(state)
    following = orders[slot]["next_ended"]
    before, place = NOWHERE, header["oldest_ended"]
    while place != slot:
        before, place = place, orders[place]["next_ended"]
    if before >= 0:
        orders[before]["next_ended"] = following
    else:
        header["oldest_ended"] = following
    if following < 0:
        header["newest_ended"] = before
    orders[slot]["next_ended"] = NOWHERE
    link_open(state, slot)


@kernel
def evict_oldest(state: int) -> None:
    """Turns the order that ended first into a tombstone and frees its slot. Precondition: one waits."""
    header, orders = header_of(state), orders_of(state)
    slot = header["oldest_ended"]
    order = orders[slot]
    header["oldest_ended"] = order["next_ended"]
    if header["oldest_ended"] < 0:
        header["newest_ended"] = NOWHERE
    leave_answers(state, order)
    index, tombstones = order_index_of(state), tombstones_of(state)
    place = header["tombstone_next"]
    header["tombstone_next"] = place + 1 if place + 1 < len(tombstones) else 0
    tombstone = tombstones[place]
    if tombstone["order_id"] != 0:
        remove(index, tombstone["order_id"], 0)
    tombstone["order_id"] = order["order_id"]
    tombstone["strategy_id"] = order["strategy_id"]
    tombstone["account_id"] = order["account_id"]
    tombstone["instrument_id"] = order["instrument_id"]
    tombstone["side"] = order["side"]
    tombstone["order_lots"] = order["order_lots"]
    tombstone["cumulative_lots"] = order["cumulative_lots"]
    tombstone["cumulative_notional"] = order["cumulative_notional"]
    tombstone["client_tag"] = order["client_tag"]
    tombstone["venue_order_id"] = order["venue_order_id"]
    tombstone["end_reason"] = order["end_reason"]
    tombstone["parent_order_id"] = order["parent_order_id"]
    put(index, order["order_id"], 0, header["orders_count"] + place)
    if order["strategy_id"] == NOBODY:
        remove(index, order["venue_order_id"], external_group(order["instrument_id"]))
    order["next_ended"] = NOWHERE
    order["next_free"] = header["free_order"]
    order["order_id"] = 0
    header["free_order"] = slot
