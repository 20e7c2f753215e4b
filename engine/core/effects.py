"""Owns the effects: what a step wants done, as records for the caller to carry out in order.

Word 0 of an effect names the strategy that it is for.
"""

import numpy as np

from engine.core.state import EFFECTS_MAX, accounts_of, effect_address, header_of, strategies_of
from ipc.compiler import kernel
from ipc.enums import ExecutionType, OrderStatus, RecordKind
from ipc.memory import view
from ipc.order_status import leaves_lots_of, status_of
from ipc.records import ALARM, CONTROL_REPORT, EXECUTION_REPORT, VENUE_REQUEST, VENUE_STATE

# In an alarm that speaks of none.
NO_ORDER = 0
NO_VENUE = -1
NO_INSTRUMENT = -1
NO_ASSET = -1


@kernel
def room_for_effects(state: int) -> int:
    """How many more effects this step may leave."""
    return EFFECTS_MAX - header_of(state)["effect_count"]


@kernel
def next_effect(state: int) -> int:
    """Where the next effect of this step is to be written."""
    header = header_of(state)
    index = header["effect_count"]
    assert index < EFFECTS_MAX, "a step left more effects than there is room for"
    header["effect_count"] = index + 1
    return effect_address(state, index)


@kernel
def next_sequence(state: int, strategy_id: int) -> int:
    """The number of a strategy's next report; a strategy that missed some asks for them by it."""
    strategy = strategies_of(state)[strategy_id]
    strategy["report_sequence"] += 1
    return strategy["report_sequence"]


@kernel
def report_order(state: int, order: np.void, execution_type: int) -> np.void:
    """Reports an order as it stands now; the caller may fill in what happened. Returns the report."""
    report = view(next_effect(state), 1, EXECUTION_REPORT)[0]
    last_down_ns = accounts_of(state)[order["account_id"]]["last_down_ns"]
    report["commit"] = order["strategy_id"]
    report["kind"] = RecordKind.EXECUTION_REPORT
    report["sequence"] = next_sequence(state, order["strategy_id"])
    report["published_ns"] = header_of(state)["now_ns"]
    report["order_id"] = order["order_id"]
    report["leg"] = order["leg"]
    report["execution_type"] = execution_type
    report["order_status"] = status_of(order, last_down_ns)
    report["instrument_id"] = order["instrument_id"]
    report["account_id"] = order["account_id"]
    report["side"] = order["side"]
    report["client_tag"] = order["client_tag"]
    report["venue_order_id"] = order["venue_order_id"]
    report["price_ticks"] = order["price_ticks"]
    report["order_lots"] = order["order_lots"]
    report["cumulative_lots"] = order["cumulative_lots"]
    report["leaves_lots"] = leaves_lots_of(order)
    report["cumulative_notional"] = order["cumulative_notional"]
    _clear_happening(report)
    report["sent_ns"] = order["sent_ns"]
    return report


@kernel
def _clear_happening(report: np.void) -> None:
    report["trade_id"] = 0
    report["last_lots"] = 0
    report["last_price_ticks"] = 0
    report["liquidity"] = 0
    report["fee_units"] = 0
    report["fee_asset_id"] = -1
    report["reason"] = 0
    report["venue_code"] = 0
    report["limit"] = 0
    report["current"] = 0
    report["requested"] = 0
    report["received_ns"] = 0
    report["venue_utc_ns"] = 0


@kernel
def tell_venue_word(own: np.void, venue_report: np.void) -> None:
    """Hands on what the venue said beside the fact itself."""
    own["reason"] = venue_report["reason"]
    own["venue_code"] = venue_report["venue_code"]
    own["received_ns"] = venue_report["published_ns"]
    own["venue_utc_ns"] = venue_report["venue_utc_ns"]


@kernel
def report_refusal(
    state: int, strategy_id: int, order_id: int, reason: int, limit: int, current: int, requested: int
) -> np.void:
    """Tells a strategy that its command was refused, with the numbers behind the refusal."""
    report = _report_without_order(state, strategy_id, ExecutionType.REFUSED)
    report["order_id"] = order_id
    report["order_status"] = OrderStatus.REFUSED
    report["reason"] = reason
    report["limit"] = limit
    report["current"] = current
    report["requested"] = requested
    return report


@kernel
def report_status_end(state: int, strategy_id: int, told_count: int, reason: int) -> None:
    """Tells a strategy that the answer to its mass status is over, for a reason if it is not complete."""
    report = _report_without_order(state, strategy_id, ExecutionType.STATUS_END)
    report["reason"] = reason
    report["current"] = told_count


@kernel
def _report_without_order(state: int, strategy_id: int, execution_type: int) -> np.void:
    report = view(next_effect(state), 1, EXECUTION_REPORT)[0]
    _clear_happening(report)
    report["commit"] = strategy_id
    report["kind"] = RecordKind.EXECUTION_REPORT
    report["sequence"] = next_sequence(state, strategy_id)
    report["published_ns"] = header_of(state)["now_ns"]
    report["order_id"] = NO_ORDER
    report["leg"] = 0
    report["execution_type"] = execution_type
    report["order_status"] = 0
    report["instrument_id"] = -1
    report["account_id"] = -1
    report["side"] = 0
    report["client_tag"] = 0
    report["venue_order_id"] = 0
    report["price_ticks"] = 0
    report["order_lots"] = 0
    report["cumulative_lots"] = 0
    report["leaves_lots"] = 0
    report["cumulative_notional"] = 0
    report["sent_ns"] = 0
    return report


@kernel
def request_venue(state: int, order: np.void, request_kind: int, leg: int, price_ticks: int, lots: int) -> np.void:
    """Asks the order's venue for something; the caller may change what differs. Returns the request."""
    header = header_of(state)
    header["request_count"] += 1
    request = view(next_effect(state), 1, VENUE_REQUEST)[0]
    request["commit"] = order["strategy_id"]
    request["kind"] = RecordKind.VENUE_REQUEST
    request["sequence"] = 0
    request["published_ns"] = header["now_ns"]
    request["order_id"] = order["order_id"] | leg
    request["request_kind"] = request_kind
    request["account_id"] = order["account_id"]
    request["instrument_id"] = order["instrument_id"]
    request["side"] = order["side"]
    request["order_type"] = order["order_type"]
    request["time_in_force"] = order["time_in_force"]
    request["order_flags"] = order["order_flags"]
    request["price_ticks"] = price_ticks
    request["order_lots"] = lots
    request["original_order_id"] = order["order_id"] | order["leg"]
    request["timestamp_utc_ns"] = header["now_ns"] + accounts_of(state)[order["account_id"]]["utc_offset_ns"]
    request["strategy_id"] = order["strategy_id"]
    request["stop_price_ticks"] = order["stop_price_ticks"]
    request["display_lots"] = order["display_lots"]
    request["self_trade_prevention"] = order["self_trade_prevention"]
    request["expire_utc_ns"] = order["expire_utc_ns"]
    return request


@kernel
def request_of_account(state: int, request_kind: int, account_id: int, instrument_id: int) -> None:
    """Asks a venue for something that concerns no order of its own; the instrument's number stands for its id."""
    header = header_of(state)
    header["request_count"] += 1
    request = view(next_effect(state), 1, VENUE_REQUEST)[0]
    request["commit"] = 0
    request["kind"] = RecordKind.VENUE_REQUEST
    request["sequence"] = 0
    request["published_ns"] = header["now_ns"]
    request["order_id"] = instrument_id
    request["request_kind"] = request_kind
    request["account_id"] = account_id
    request["instrument_id"] = instrument_id
    request["side"] = 0
    request["order_type"] = 0
    request["time_in_force"] = 0
    request["order_flags"] = 0
    request["price_ticks"] = 0
    request["order_lots"] = 0
    request["original_order_id"] = 0
    request["timestamp_utc_ns"] = header["now_ns"] + accounts_of(state)[account_id]["utc_offset_ns"]
    request["strategy_id"] = 0
    request["stop_price_ticks"] = 0
    request["display_lots"] = 0
    request["self_trade_prevention"] = 0
    request["expire_utc_ns"] = 0


@kernel
def report_control(state: int, command_kind: int, command_sequence: int, reason: int) -> np.void:
    """Tells what became of an operator's command, or that the engine itself did something; the caller says what."""
    report = view(next_effect(state), 1, CONTROL_REPORT)[0]
    report["commit"] = 0
    report["kind"] = RecordKind.CONTROL_REPORT
    report["sequence"] = next_sequence(state, 0)
    report["published_ns"] = header_of(state)["now_ns"]
    report["command_kind"] = command_kind
    report["command_sequence"] = command_sequence
    report["reason"] = reason
    report["scope_kind"] = 0
    report["subject_id"] = 0
    report["instrument_id"] = NO_INSTRUMENT
    report["limit_name"] = 0
    report["before"] = 0
    report["after"] = 0
    report["cause"] = 0
    report["operator_name_0"] = 0
    report["operator_name_1"] = 0
    return report


@kernel
def raise_alarm(state: int, strategy_id: int, code: int, order_id: int, account_id: int, instrument_id: int) -> np.void:
    """Tells what a person should look at, to the strategy that it concerns, or to 0; the caller may say how much."""
    header = header_of(state)
    header["alarm_count"] += 1
    alarm = view(next_effect(state), 1, ALARM)[0]
    alarm["commit"] = strategy_id
    alarm["kind"] = RecordKind.ALARM
    alarm["sequence"] = next_sequence(state, strategy_id)
    alarm["published_ns"] = header["now_ns"]
    alarm["code"] = code
    alarm["order_id"] = order_id
    alarm["venue_id"] = NO_VENUE
    alarm["account_id"] = account_id
    alarm["instrument_id"] = instrument_id
    alarm["asset_id"] = NO_ASSET
    alarm["trade_id"] = 0
    alarm["expected"] = 0
    alarm["found"] = 0
    return alarm


@kernel
def alarm_of_order(state: int, order: np.void, code: int) -> np.void:
    """Raises an alarm about an order."""
    order_id, account_id, instrument_id = order["order_id"], order["account_id"], order["instrument_id"]
    return raise_alarm(state, order["strategy_id"], code, order_id, account_id, instrument_id)


@kernel
def announce_venue_state(state: int, strategy_id: int, account_id: int, connection_state: int) -> None:
    """Tells a strategy that an account's connection changed."""
    note = view(next_effect(state), 1, VENUE_STATE)[0]
    note["commit"] = strategy_id
    note["kind"] = RecordKind.VENUE_STATE
    note["sequence"] = next_sequence(state, strategy_id)
    note["published_ns"] = header_of(state)["now_ns"]
    note["account_id"] = account_id
    note["state"] = connection_state
