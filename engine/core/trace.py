"""Owns the trace: a running hash over what every step left behind, by which two runs are compared record by record.

Only sums of products below 2^63 are formed, so compiled and interpreted runs agree.
"""

from engine.core.state import effect_address, header_of
from ipc.compiler import kernel
from ipc.enums import RecordKind
from ipc.memory import load
from ipc.records import EXECUTION_REPORT, VENUE_REQUEST

_MULTIPLIER = 0x9E37_79B1
_LOW_BITS = 31
_LOW_MASK = (1 << _LOW_BITS) - 1


def _places(layout_names: tuple[str, ...], *names: str) -> tuple[int, ...]:
    return tuple(8 * layout_names.index(name) for name in names)


# What tells one effect from another; the words of reports and of requests lie in different places.
_REPORT = EXECUTION_REPORT.names or ()
_REQUEST = VENUE_REQUEST.names or ()
_ORDER_ID, _TYPE, _STATUS, _PRICE, _ORDER_LOTS, _CUMULATIVE = _places(
    _REPORT, "order_id", "execution_type", "order_status", "price_ticks", "order_lots", "cumulative_lots"
)
assert _places(_REQUEST, "order_id") == (_ORDER_ID,), "both kinds name their order in the same word"


@kernel
def _mixed(trace: int, word: int) -> int:
    low = (trace ^ word ^ (word >> _LOW_BITS)) & _LOW_MASK
    return low * _MULTIPLIER ^ (trace >> _LOW_BITS)


@kernel
def traced(state: int, trace: int) -> int:
    """The trace after a step: over its time and the telling words of every effect that it left.

    A shorter record is told by its first words alone: what lies behind them in its place is not its own.
    """
    header = header_of(state)
    trace = _mixed(trace, header["now_ns"] ^ header["next_deadline_ns"])
    for place in range(header["effect_count"]):
        effect = effect_address(state, place)
        kind = load(effect + 8)
        trace = _mixed(trace, load(effect) ^ kind)
        trace = _mixed(trace, load(effect + _ORDER_ID))
        if kind != RecordKind.EXECUTION_REPORT and kind != RecordKind.VENUE_REQUEST:
            continue
        trace = _mixed(trace, load(effect + _TYPE))
        trace = _mixed(trace, load(effect + _STATUS))
        trace = _mixed(trace, load(effect + _PRICE))
        trace = _mixed(trace, load(effect + _ORDER_LOTS))
        trace = _mixed(trace, load(effect + _CUMULATIVE))
    return trace
