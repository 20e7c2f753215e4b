"""Owns what a strategy may say of a parent order, turned into words of its records: shares, times, schedules."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from ipc.clock import NS_PER_MS, NS_PER_US
from ipc.enums import Side
from ipc.instrument import Instrument, ppm_of
from ipc.order_terms import Moment, Number, lots_or_0, utc_ns_or_0
from ipc.parent_enums import Algorithm, ParentFlag
from ipc.parent_tables import SLICES_MAX
from ipc.records import SLICES_PER_RECORD

_US = timedelta(microseconds=1)
_TRIGGER_FLAGS = {"above": ParentFlag.TRIGGER_ABOVE, "below": ParentFlag.TRIGGER_BELOW}
# They know by their side on which side of the market their trigger lies.
_STOPS = (Algorithm.STOP, Algorithm.BRACKET)


def parent_amount_of(
    instrument: Instrument,
    quantity: Number | None,
    notional: Number | None,
    slices: Sequence[int],
    *,
    may_be_open: bool,
) -> tuple[int, int]:
    """What is to be traded: lots, or price ticks x lots, the other one 0; both are 0 where something else says it."""
    if quantity is not None and notional is not None:
        raise ValueError(f"parent order in {instrument.name} has quantity and notional, allowed is one of them")
    if notional is not None:
        if slices:
            raise ValueError(f"parent order in {instrument.name} has notional and a schedule, allowed is quantity")
        return 0, instrument.notional_within(notional, "notional")
    lots = sum(slices) if quantity is None else instrument.lots(quantity)
    if slices and lots != sum(slices):
        raise ValueError(
            f"schedule in {instrument.name} sums to {instrument.quantity(sum(slices))}, "
            f"allowed is the quantity, {instrument.quantity(lots)}"
        )
    if quantity is None and not slices and not may_be_open:
        raise ValueError(f"parent order in {instrument.name} needs quantity, notional or a schedule")
    return lots, 0


def share_ppm_or_0(share: Number | None, what: str) -> int:
    """A share from 0 to 1 in parts per million; 0 when there is none."""
    return 0 if share is None else ppm_of(share, what)


def at_utc_ns_or_0(moment: Moment | timedelta | None, what: str, now_utc_ns: int) -> int:
    """A moment, or how long it is from now, in nanoseconds since the Unix epoch; 0 when there is none."""
    if isinstance(moment, timedelta):
        if moment <= timedelta(0):
            raise ValueError(f"{what} is {moment} from now, allowed is more than 0")
        return now_utc_ns + moment // _US * NS_PER_US
    return utc_ns_or_0(moment, what)


def interval_ms_or_0(interval: timedelta | None) -> int:
    """A duration in milliseconds; 0 when there is none."""
    if interval is None:
        return 0
    if not isinstance(interval, timedelta):
        raise TypeError(f"interval is of type {type(interval).__name__}, allowed is a timedelta")
    milliseconds, rest = divmod(interval // _US * NS_PER_US, NS_PER_MS)
    if rest or milliseconds <= 0:
        raise ValueError(f"interval is {interval}, allowed are whole milliseconds, and more than 0")
    return milliseconds


def positive_lots_or_0(instrument: Instrument, quantity: Number | None, what: str) -> int:
    """A quantity in lots; 0 stands for none and cannot be meant."""
    lots = lots_or_0(instrument, quantity)
    if quantity is not None and lots <= 0:
        raise ValueError(f"{what} in {instrument.name} is {quantity}, allowed is more than 0")
    return lots


def positive_ticks_or_0(instrument: Instrument, price: Number | None, what: str) -> int:
    """A price or a distance between prices in ticks; 0 stands for none and cannot be meant."""
    if price is None:
        return 0
    ticks = instrument.price_ticks(price)
    if ticks <= 0:
        raise ValueError(f"{what} in {instrument.name} is {price}, allowed is more than 0")
    return ticks


def trigger_flag_of(algorithm: Algorithm, side: Side, trigger: Number | None, trigger_when: str | None) -> int:
    """On which side of its trigger a parent starts: as a stop order would, unless something else is said."""
    if trigger is None or algorithm in _STOPS:
        if trigger_when is not None:
            raise ValueError(
                f"trigger_when is {trigger_when!r}, allowed is only beside a trigger, and not for "
                f"{' and '.join(stop.name for stop in _STOPS)}"
            )
        return 0
    if trigger_when is None:
        return ParentFlag.TRIGGER_ABOVE if side == Side.BUY else ParentFlag.TRIGGER_BELOW
    if trigger_when not in _TRIGGER_FLAGS:
        raise ValueError(f"trigger_when is {trigger_when!r}, allowed are {', '.join(_TRIGGER_FLAGS)}")
    return _TRIGGER_FLAGS[trigger_when]


def slices_of_schedule(instrument: Instrument, schedule: Sequence[Number] | None) -> list[int]:
    """The lots of each slice; none without a schedule."""
    if schedule is None:
        return []
    if not 1 <= len(schedule) <= SLICES_MAX:
        raise ValueError(f"schedule in {instrument.name} has {len(schedule)} slices, allowed is 1 to {SLICES_MAX}")
    slices = [instrument.lots(quantity) for quantity in schedule]
    for place, lots in enumerate(slices):
        if lots < 0:
            raise ValueError(f"slice {place} in {instrument.name} is {schedule[place]}, allowed is 0 and more")
    return slices


def schedule_terms(slices: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """A schedule as the words of SCHEDULE records."""
    for first in range(0, len(slices), SLICES_PER_RECORD):
        part = slices[first : first + SLICES_PER_RECORD]
        yield first, len(slices), *part, *(0,) * (SLICES_PER_RECORD - len(part))
