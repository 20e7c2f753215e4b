"""Owns where effects go: requests become frames, reports go to their strategy's ring, times are counted."""

import numpy as np

from engine.core.order_table import NOWHERE, find_order
from engine.core.state import accounts_of, effect_address, header_of, orders_of
from engine.spin.encode import encode_request
from engine.spin.ports import frame_of, lane_of
from ipc.compiler import kernel
from ipc.enums import ExecutionType, RecordKind
from ipc.histogram import HISTOGRAM_BYTES, STAGES, Stage, record_value
from ipc.memory import copy_words, load, monotonic_ns, store, view
from ipc.record_words import words_of_kind
from ipc.records import EXECUTION_REPORT, HEADER, VENUE_REQUEST
from ipc.ring import count_lost, publish, try_claim

_REPORT_WORDS = EXECUTION_REPORT.itemsize // 8


@kernel
def count_stage(ports: np.void, venue_id: int, strategy_id: int, stage: int, duration_ns: int) -> None:
    """Counts one duration for a venue and for a strategy."""
    if ports["latency_venues"] == 0:
        return
    venue = ports["latency_venues"] + (venue_id * STAGES + stage) * HISTOGRAM_BYTES
    strategy = ports["latency_strategies"] + (strategy_id * STAGES + stage) * HISTOGRAM_BYTES
    record_value(venue, duration_ns)
    record_value(strategy, duration_ns)


@kernel
def route_effects(ports: np.void, effects: int, seen_ns: int, published_ns: int) -> None:
    """Carries out what a step left. `published_ns` is when the signal behind it was published, 0 when none was.

    Precondition: as many frames are free as a step can ask for.
    """
    state = ports["state"]
    decided_ns = monotonic_ns() if ports["latency_venues"] != 0 else 0
    for place in range(effects):
        effect = effect_address(state, place)
        kind = view(effect, 1, HEADER)[0]["kind"]
        if kind == RecordKind.VENUE_REQUEST:
            _send(ports, view(effect, 1, VENUE_REQUEST)[0], seen_ns, decided_ns, published_ns)
        elif kind == RecordKind.EXECUTION_REPORT:
            report = view(effect, 1, EXECUTION_REPORT)[0]
            _time_report(ports, report)
            _publish_report(ports, effect, report["commit"], _REPORT_WORDS)
        else:
            _publish_report(ports, effect, view(effect, 1, HEADER)[0]["commit"], words_of_kind(kind))


@kernel
def _send(ports: np.void, request: np.void, seen_ns: int, decided_ns: int, published_ns: int) -> None:
    frame = encode_request(ports, request)
    frame["published_ns"] = published_ns
    if ports["latency_venues"] == 0:
        return
    encoded_ns = monotonic_ns()
    frame["encoded_ns"] = encoded_ns
    if published_ns > 0:
        venue_id, strategy_id = frame["venue_id"], frame["strategy_id"]
        count_stage(ports, venue_id, strategy_id, Stage.PUBLISHED_SEEN, seen_ns - published_ns)
        count_stage(ports, venue_id, strategy_id, Stage.SEEN_DECIDED, decided_ns - seen_ns)
        count_stage(ports, venue_id, strategy_id, Stage.DECIDED_ENCODED, encoded_ns - decided_ns)


@kernel
def _time_report(ports: np.void, report: np.void) -> None:
    """Counts the way to the venue and back, when a report is the first of its kind for its order."""
    if ports["latency_venues"] == 0:
        return
    kind = report["execution_type"]
    if kind != ExecutionType.NEW and kind != ExecutionType.TRADE:
        return
    state = ports["state"]
    slot = find_order(state, report["order_id"])
    if slot == NOWHERE:
        return
    order = orders_of(state)[slot]
    venue_id = accounts_of(state)[order["account_id"]]["venue_id"]
    strategy_id = order["strategy_id"]
    now_ns = header_of(state)["now_ns"]
    if kind == ExecutionType.NEW:
        left_ns = load(ports["wire_sent"] + slot * 8)
        if left_ns > 0:
            count_stage(ports, venue_id, strategy_id, Stage.SENT_ACKNOWLEDGED, report["received_ns"] - left_ns)
        count_stage(
            ports, venue_id, strategy_id, Stage.SIGNAL_ACKNOWLEDGED, report["received_ns"] - order["published_ns"]
        )
    elif order["first_fill_ns"] == now_ns:
        count_stage(ports, venue_id, strategy_id, Stage.ACKNOWLEDGED_FILLED, now_ns - order["accepted_ns"])


@kernel
def _publish_report(ports: np.void, effect: int, strategy_id: int, words: int) -> None:
    """Hands a report to its strategy; one whose ring is full has lagged, and is told so by the count."""
    lane = lane_of(ports, strategy_id)
    ring = lane["reports"]
    if ring == 0:
        return
    slot = try_claim(ring)
    if slot == 0:
        count_lost(ring)
        return
    copy_words(slot + 8, effect + 8, words - 1)
    publish(ring, slot)
    if lane["is_remote"] != 0:
        ports["remote_reports"] = 1


@kernel
def frames_left(ports: np.void) -> None:
    """Notes that every finished frame has been handed to its socket, and frees their places."""
    used = ports["frames_used"]
    if used == 0:
        return
    now_ns = monotonic_ns()
    for place in range(used):
        _frame_left(ports, place, now_ns)
    ports["frames_used"] = 0


@kernel
def _frame_left(ports: np.void, place: int, now_ns: int) -> None:
    frame = frame_of(ports, place)
    if frame["order_slot"] != NOWHERE:
        store(ports["wire_sent"] + frame["order_slot"] * 8, now_ns)
    if ports["latency_venues"] == 0:
        return
    venue_id, strategy_id = frame["venue_id"], frame["strategy_id"]
    count_stage(ports, venue_id, strategy_id, Stage.ENCODED_SENT, now_ns - frame["encoded_ns"])
    if frame["published_ns"] > 0:
        count_stage(ports, venue_id, strategy_id, Stage.SIGNAL_SENT, now_ns - frame["published_ns"])
