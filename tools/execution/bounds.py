"""Owns the bounds that no parent may break, as seen by one who knows the venues' books and the wire."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from gateways.simulator.orders import Fill
from ipc.clock import NS_PER_MS
from ipc.enums import RefusalReason, Side
from ipc.order_id import CLIENT_SEQUENCE_MAX, unpack
from ipc.parent_enums import ParentEvent
from tools.execution.mandates import Mandate
from tools.execution.marketplace import Marketplace
from tools.execution.world import World
from tools.simulation.timeline import UTC_BASE_NS

END_WITHIN_NS = 500 * NS_PER_MS
"""After its end time: until its children's cancels are confirmed."""
_TOLD_WITHIN_NS = 70 * NS_PER_MS
"""The core has been told of every trade that is older."""
_PPM = 1_000_000


class Part(NamedTuple):
    """One fill of a child."""

    place: Marketplace
    fill: Fill

    @property
    def lots(self) -> int:
        """In the finest quantity step."""
        return self.fill.lots * self.place.terms.lot_scale


def broken_bounds(world: World, mandate: Mandate, order_id: int, end_ns: int) -> tuple[str, ...]:
    """What a parent did that it may not do, as sentences."""
    refusal = world.trader.refusal(order_id)
    if refusal is not RefusalReason.NONE:
        return (f"refused: {refusal.name}",)
    parts = [Part(place, fill) for place in world.places for fill in place.fills if _is_childs(fill)]
    parts.sort(key=lambda part: part.fill.utc_ns)
    return (
        *_end(world, order_id, end_ns),
        *_limit(mandate, parts),
        *_quantity(world, mandate, parts),
        *_participation(world, mandate, order_id, parts),
    )


def _is_childs(fill: Fill) -> bool:
    return unpack(int(fill.order.client_order_id)).sequence > CLIENT_SEQUENCE_MAX


def _end(world: World, order_id: int, end_ns: int) -> Iterator[str]:
    ends = world.trader.told_of(order_id, ParentEvent.ENDED)
    if len(ends) != 1:
        yield f"ended {len(ends)} times"
    ended_ns = [end["published_ns"] for end in ends]
    for each_ns in ended_ns:
        if each_ns - end_ns > END_WITHIN_NS:
            yield f"ended {(each_ns - end_ns) // NS_PER_MS} ms late"
    last_ns = min([end_ns, *ended_ns])
    for sent in world.trader.sent:
        if unpack(sent.order_id).sequence > CLIENT_SEQUENCE_MAX and sent.sent_ns > last_ns:
            yield f"sent a child {(sent.sent_ns - last_ns) // NS_PER_MS} ms after its end"


def _limit(mandate: Mandate, parts: list[Part]) -> Iterator[str]:
    task = mandate.task
    limit_steps = mandate.fields["limit_price_ticks"] * task.price_scale
    for place, fill in parts:
        price_steps = fill.price_ticks * place.terms.price_scale
        if task.towards * (price_steps - limit_steps) > 0:
            yield f"traded at {price_steps} beyond its limit of {limit_steps}"


def _quantity(world: World, mandate: Mandate, parts: list[Part]) -> Iterator[str]:
    order_lots = mandate.task.lots * mandate.task.lot_scale
    traded_lots = sum(part.lots for part in parts)
    if traded_lots > order_lots:
        yield f"traded {traded_lots} of {order_lots}"
    wrong_side = Side.SELL if mandate.task.side is Side.BUY else Side.BUY
    if any(part.fill.order.side == wrong_side.name for part in parts):
        yield "traded on the other side"


def _participation(world: World, mandate: Mandate, order_id: int, parts: list[Part]) -> Iterator[str]:
    share_ppm = mandate.fields.get("participation_ppm", 0)
    starts = world.trader.told_of(order_id, ParentEvent.STARTED)
    if not share_ppm or not starts:
        return
    places = {part.place.terms.name: part.place for part in parts}.values()
    since_ns = starts[0]["published_ns"] + UTC_BASE_NS - _TOLD_WITHIN_NS
    own_lots = 0
    for part in parts:
        own_lots += part.lots
        market_lots = sum(_traded(place, part.fill.utc_ns) - _traded(place, since_ns) for place in places)
        if own_lots * _PPM > share_ppm * market_lots:
            yield f"traded {own_lots} when everybody had traded {market_lots}"
            return


def _traded(place: Marketplace, utc_ns: int) -> int:
    """All that was traded until a moment, in the finest quantity step."""
    history = place.data.history
    last = bisect_right(history, (utc_ns, 1 << 62)) - 1
    return history[last][1] * place.terms.lot_scale if last >= 0 else 0
