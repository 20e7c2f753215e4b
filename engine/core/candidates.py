"""Owns the candidates of a routing decision: each venue of a pair, and what stands against trading there now."""

from typing import NamedTuple

import numpy as np

from engine.core.permission import check_permission
from engine.core.rate_checks import check_room
from engine.core.route_memory import fill_ppm_of
from engine.core.route_scratch import candidates_of
from engine.core.state import accounts_of, book_of, header_of, instruments_of, markets_of, route_of, terms_of
from ipc.compiler import kernel
from ipc.enums import RequestKind, Side
from ipc.market_tables import CANDIDATES_MAX
from ipc.parent_enums import RouteReason

NO_ACCOUNT = -1
_LOTS_MAX = (1 << 31) - 1


class Place(NamedTuple):
    """An account at a venue, and what stands against it: a RouteReason and the RefusalReason behind it, or 0."""

    account_id: int
    route_reason: int
    refusal: int


@kernel
def gather_candidates(
    state: int,
    strategy_id: int,
    account_id: int,
    instrument_id: int,
    side: int,
    lots: int,
    is_taking: bool,
    is_routed: bool,
) -> int:
    """Writes a row for the instrument, and when routed for each other one of its pair; returns how many.

    A venue where the strategy has no account has none, but for the instrument itself.
    """
    header, markets = header_of(state), markets_of(state)
    count, other = 0, instrument_id
    for _ in range(header["instruments_count"]):
        place = _place_at(state, strategy_id, account_id, other, side, is_taking)
        if place.account_id != NO_ACCOUNT or other == instrument_id:
            _write(state, count, strategy_id, other, side, lots, is_taking, place)
            count += 1
        other = markets[other]["next_of_pair"]
        if not is_routed or other == instrument_id or count == CANDIDATES_MAX:
            break
    return count


@kernel
def is_same_pair(state: int, instrument_id: int, other: int) -> bool:
    """Whether two instruments are the same pair, at different venues or not."""
    markets, place = markets_of(state), instrument_id
    for _ in range(len(markets)):
        if place == other:
            return True
        place = markets[place]["next_of_pair"]
    return False


@kernel
def fee_ppm_of(route: np.void, is_taking: bool) -> int:
    """What an account pays for a trade, negative where it is paid."""
    return route["taker_ppm"] if is_taking else route["maker_ppm"]


@kernel
def _place_at(state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, is_taking: bool) -> Place:
    """The account named, or of all of the strategy's at this venue the cheapest one that may trade."""
    accounts, venue_id = accounts_of(state), instruments_of(state)[instrument_id]["venue_id"]
    best = Place(NO_ACCOUNT, RouteReason.NOT_PERMITTED + 0, 0)
    for other in range(header_of(state)["accounts_count"]):
        is_meant = other == account_id or account_id == NO_ACCOUNT
        if not is_meant or accounts[other]["venue_id"] != venue_id:
            continue
        if account_id == NO_ACCOUNT and terms_of(state, strategy_id, other)["permitted"] == 0:
            continue
        place = _stand_of(state, strategy_id, other, instrument_id, side)
        if best.account_id == NO_ACCOUNT or _is_cheaper(state, instrument_id, is_taking, place, best):
            best = place
    return best


@kernel
def _is_cheaper(state: int, instrument_id: int, is_taking: bool, place: Place, best: Place) -> bool:
    if place.route_reason != 0 or best.route_reason != 0:
        return place.route_reason == 0 and best.route_reason != 0
    fee_ppm = fee_ppm_of(route_of(state, place.account_id, instrument_id), is_taking)
    return fee_ppm < fee_ppm_of(route_of(state, best.account_id, instrument_id), is_taking)


@kernel
def _stand_of(state: int, strategy_id: int, account_id: int, instrument_id: int, side: int) -> Place:
    """Whether the smallest order may leave for here now."""
    least_lots = instruments_of(state)[instrument_id]["min_order_lots"]
    verdict = check_permission(state, strategy_id, account_id, instrument_id, side, least_lots)
    if verdict.reason != 0:
        return Place(account_id, RouteReason.NOT_PERMITTED + 0, verdict.reason)
    if route_of(state, account_id, instrument_id)["penalty_until_ns"] > header_of(state)["now_ns"]:
        return Place(account_id, RouteReason.PENALISED + 0, 0)
    verdict = check_room(state, strategy_id, account_id, instrument_id, RequestKind.NEW, 0)
    if verdict.reason != 0:
        return Place(account_id, RouteReason.NO_RATE_BUDGET + 0, verdict.reason)
    return Place(account_id, 0, 0)


@kernel
def _write(
    state: int, row: int, strategy_id: int, instrument_id: int, side: int, lots: int, is_taking: bool, place: Place
) -> None:
    candidate, market = candidates_of(state)[row], markets_of(state)[instrument_id]
    instrument = instruments_of(state)[instrument_id]
    candidate["instrument_id"] = instrument_id
    candidate["account_id"] = place.account_id
    candidate["route_reason"] = place.route_reason
    candidate["refusal"] = place.refusal
    candidate["routed_lots"] = 0
    candidate["price_ticks"] = 0
    candidate["available_lots"] = 0
    candidate["best_ticks"] = 0
    candidate["score_ticks"] = 0
    candidate["fee_ppm"] = 0
    candidate["latency_ns"] = 0
    candidate["fill_ppm"] = 0
    candidate["price_scale"] = market["pair_price_scale"]
    candidate["lot_scale"] = market["pair_lot_scale"]
    candidate["least_lots"] = max(instrument["min_order_lots"], 1)
    candidate["most_lots"] = _most_lots(state, strategy_id, instrument_id, side)
    candidate["min_notional"] = instrument["min_notional"]
    candidate["step_count"] = 0
    if place.account_id != NO_ACCOUNT:
        route = route_of(state, place.account_id, instrument_id)
        candidate["fee_ppm"] = fee_ppm_of(route, is_taking)
        candidate["latency_ns"] = route["latency_ns"]
        candidate["fill_ppm"] = fill_ppm_of(route, lots)


@kernel
def _most_lots(state: int, strategy_id: int, instrument_id: int, side: int) -> int:
    """The largest order by the venue's and by our own limits, and by what the position may still come to."""
    instrument, book = instruments_of(state)[instrument_id], book_of(state, strategy_id, instrument_id)
    held_lots = book["position_lots"]
    if side == Side.BUY:
        room_lots = max(book["max_long_lots"] - held_lots, -held_lots) - book["open_buy_lots"]
    else:
        room_lots = max(book["max_short_lots"] + held_lots, held_lots) - book["open_sell_lots"]
    return max(min(instrument["max_order_lots"], book["max_order_lots"], room_lots, _LOTS_MAX), 0)


@kernel
def is_preferred(candidate: np.void, other: np.void) -> bool:
    """Which of two that cost the same is better: the faster one, then where more is filled; 0 is not measured."""
    if candidate["latency_ns"] != other["latency_ns"]:
        if candidate["latency_ns"] == 0 or other["latency_ns"] == 0:
            return other["latency_ns"] == 0
        return candidate["latency_ns"] < other["latency_ns"]
    return candidate["fill_ppm"] > other["fill_ppm"]
