"""Owns the kinds of parents that the strategies of a simulation send."""

from __future__ import annotations

from random import Random

from ipc.clock import NS_PER_MS
from ipc.enums import Side
from ipc.parent_enums import Algorithm, ParentFlag
from ipc.records import ALL_ACCOUNTS
from tools.simulation.order_kinds import MIDDLE_TICKS
from tools.simulation.setting import SiteTerms

Terms = dict[str, int]
SCHEDULED = (Algorithm.VWAP, Algorithm.IMPLEMENTATION_SHORTFALL)
CONTINGENT = (Algorithm.STOP, Algorithm.BRACKET)
# These cannot promise never to take.
TAKING = (*CONTINGENT, Algorithm.SWEEP, Algorithm.SNIPER, Algorithm.CLOSE_OUT)
_NEEDS_END = (Algorithm.AUTO, Algorithm.TWAP, *SCHEDULED)
_PRICE_FIELDS = ("limit_price_ticks", "trigger_price_ticks", "take_profit_ticks", "trail_ticks")
_LOTS_FIELDS = ("order_lots", "display_lots")
_TOUCH_TICKS = 1_100
_SLICES_MAX = 30


def parent_terms(generator: Random, algorithm: Algorithm, utc_ns: int) -> Terms:
    """What a parent is told; most of them can be worked, and some will wait or be refused.

    Prices and quantities are in the finest steps of all sites; `terms_at` makes them those of one.
    """
    random = generator.random
    side = generator.choice((Side.BUY, Side.SELL))
    towards = 1 if side is Side.BUY else -1
    lots = generator.randrange(60, 800)
    terms: Terms = {
        "algorithm": int(algorithm),
        "side": int(side),
        "order_lots": 0 if algorithm is Algorithm.CLOSE_OUT else lots,
        "seed": generator.randrange(1 << 30),
        "urgency_ppm": generator.randrange(1_000_001),
        "noise_ppm": generator.choice((0, 200_000)),
    }
    if random() < 0.85:
        terms["limit_price_ticks"] = MIDDLE_TICKS + towards * generator.randrange(-600, 1_600)
    if algorithm in _NEEDS_END or random() < 0.75:
        terms["end_utc_ns"] = utc_ns + generator.randrange(300, 3_500) * NS_PER_MS
    if algorithm is Algorithm.POV or random() < 0.15:
        terms["participation_ppm"] = generator.randrange(50_000, 600_000)
    if algorithm is Algorithm.ICEBERG or random() < 0.15:
        terms["display_lots"] = lots // generator.randrange(2, 6)
    if random() < 0.3:
        terms["interval_ms"] = generator.randrange(50, 700)
    if random() < 0.1:
        terms["start_utc_ns"] = utc_ns + generator.randrange(50, 250) * NS_PER_MS
    return terms | _prices(generator, algorithm, towards) | _flags(generator, algorithm, terms)


def _prices(generator: Random, algorithm: Algorithm, towards: int) -> Terms:
    """Of stops, brackets and closing parents: where they act, and that their limit is not in the way."""
    if algorithm not in CONTINGENT:
        return {}
    stop_ticks = MIDDLE_TICKS + towards * (_TOUCH_TICKS + generator.randrange(-400, 300))
    if algorithm is Algorithm.STOP:
        trail_ticks = generator.randrange(50, 600)
        return generator.choice(({"trigger_price_ticks": stop_ticks}, {"trail_ticks": trail_ticks}))
    target_ticks = MIDDLE_TICKS - towards * generator.randrange(200, 1_000)
    return {"trigger_price_ticks": stop_ticks, "take_profit_ticks": target_ticks, "limit_price_ticks": 0}


def _flags(generator: Random, algorithm: Algorithm, terms: Terms) -> Terms:
    flags, fields = ParentFlag.NONE, {}
    if generator.random() < 0.4:
        flags |= ParentFlag.ROUTED
        if generator.random() < 0.5:
            fields["account_id"] = ALL_ACCOUNTS
    if generator.random() < 0.1 and algorithm not in TAKING:
        flags |= ParentFlag.PASSIVE_ONLY
    if generator.random() < 0.05:
        flags |= ParentFlag.REDUCE_ONLY
    if algorithm not in CONTINGENT and generator.random() < 0.1:
        flags |= generator.choice((ParentFlag.TRIGGER_ABOVE, ParentFlag.TRIGGER_BELOW))
        fields["trigger_price_ticks"] = MIDDLE_TICKS + generator.randrange(-600, 600)
    return {**fields, "parent_flags": int(flags)}


def terms_at(number: int, site: SiteTerms, terms: Terms) -> Terms:
    """The same for a parent whose home is a site."""
    home = {"instrument_id": number, "account_id": number}
    scales = dict.fromkeys(_PRICE_FIELDS, site.price_scale) | dict.fromkeys(_LOTS_FIELDS, site.lot_scale)
    return home | {name: value // scales.get(name, 1) for name, value in terms.items()}


def random_schedule(generator: Random, lots: int) -> list[int]:
    """A quantity cut anywhere; some slices are empty."""
    cuts = sorted(generator.randrange(lots + 1) for _ in range(generator.randrange(_SLICES_MAX)))
    return [end - start for start, end in zip([0, *cuts], [*cuts, lots], strict=True)]
