"""Owns the transition: one input record and its time in, the effects out. The core's only entrance.

step(state, record, now_ns, source) is a pure function of its arguments and the block: it reads no
clock, no socket and no random number, so the same inputs give the same block, bit for bit.
"""

import numpy as np

from engine.core.alarms import clear_alarm, keep_alarms
from engine.core.balance_agreement import book_units, compare_from_now
from engine.core.breakers import on_loop_stall
from engine.core.cancel import on_cancel_order
from engine.core.command_checks import check_envelope, command_at, use_up_id
from engine.core.cost_model import on_cost_model, on_fee_rates
from engine.core.effects import (
    NO_INSTRUMENT,
    NO_ORDER,
    NO_VENUE,
    announce_venue_state,
    raise_alarm,
    report_order,
    report_refusal,
    room_for_effects,
)
from engine.core.funds import on_balance
from engine.core.halts import halt_again
from engine.core.limit_commands import on_set_limit
from engine.core.market_data import is_market_data, on_book_depth, on_market_trades
from engine.core.mass_pass import on_cancel_all, on_status_request
from engine.core.new_order import on_new_order
from engine.core.operator_commands import on_acknowledge_alarm, on_set_trading_state
from engine.core.order_table import NOWHERE, find_order
from engine.core.parent_amendments import on_amend_parent
from engine.core.parent_table import NO_PARENT, find_parent
from engine.core.parent_work import work_parents
from engine.core.parents import on_cancel_parent, on_control_parent, on_new_parent, on_schedule
from engine.core.rate_budget import learn_budget, leave_in_flight
from engine.core.state import (
    accounts_of,
    balance_of,
    header_of,
    holding_of,
    instruments_of,
    orders_of,
    strategies_of,
    terms_of,
)
from engine.core.state_checks import check_not_fenced
from engine.core.target_position import on_target_position
from engine.core.time_passes import next_deadline_ns, on_timer, set_clock
from engine.core.trace import traced
from engine.core.trading_states import NO_ACCOUNT
from engine.core.valuation import on_price
from engine.core.venue_reports import on_venue_report
from engine.core.verdict import Verdict, refuse
from engine.core.versions import on_amend_order
from engine.core.watchers import wake_watchers
from ipc.compiler import kernel
from ipc.control_enums import FenceState
from ipc.enums import AlarmCode, ConnectionState, ExecutionType, JournalState, RecordKind, RefusalReason
from ipc.memory import fence_release, load, store, store_release, view
from ipc.records import (
    ACKNOWLEDGE_ALARM,
    AMEND_ORDER,
    BALANCE,
    BALANCE_CHANGE,
    BOOK_TOP,
    CANCEL_ALL,
    CANCEL_ORDER,
    CLOCK_OFFSET,
    CONTROL_PARENT,
    COST_MODEL,
    FEE_RATES,
    FENCE,
    HEADER,
    JOURNAL_STATE,
    LOOP_STALL,
    MARKET_TRADES,
    NEW_ORDER,
    NEW_PARENT,
    RATE_LIMIT,
    SCHEDULE,
    SET_LIMIT,
    SET_TRADING_STATE,
    STATUS_REQUEST,
    TARGET_POSITION,
    TRADES_KNOWN,
    VENUE_REPORT,
    VENUE_STATE,
)

HOST_CLOCK = -1
# The source of inputs that no strategy sent; strategies are numbered from 1.
ENGINE = 0


@kernel
def step(state: int, record: int, now_ns: int, source: int) -> int:
    """Applies one record; returns how many effects lie ready. `source` is the strategy a command came from.

    Precondition: the record's words are complete and nobody else writes them.
    """
    # Ordering: version is the block's first word; odd tells readers in other processes to try again.
    version = load(state)
    store(state, version + 1)
    fence_release()
    header = header_of(state)
    header["effect_count"] = 0
    header["request_count"] = 0
    header["now_ns"] = now_ns
    header["input_count"] += 1
    alarms_before = header["alarm_count"]
    kind = view(record, 1, HEADER)[0]["kind"]
    if RecordKind.NEW_ORDER <= kind <= RecordKind.SCHEDULE:
        _on_command(state, record, kind, source)
    elif source != ENGINE:
        _refuse_kind(state, record, kind, source)
    elif kind == RecordKind.VENUE_REPORT:
        on_venue_report(state, view(record, 1, VENUE_REPORT)[0])
    elif is_market_data(kind):
        _on_market_data(state, record, kind)
    elif kind == RecordKind.TIMER:
        on_timer(state)
    else:
        _on_rare(state, record, kind)
    if header["parent_timer_count"] > 0:
        work_parents(state)
    if header["alarm_count"] != alarms_before:
        keep_alarms(state)
    header["next_deadline_ns"] = next_deadline_ns(state)
    header["trace"] = traced(state, header["trace"])
    # Ordering: pairs with the readers' acquire of version after their copy.
    store_release(state, version + 2)
    return header["effect_count"]


@kernel
def _on_command(state: int, record: int, kind: int, source: int) -> None:
    command = command_at(record)
    verdict = check_envelope(state, source, command)
    strategy = strategies_of(state)[source]
    if verdict.reason == 0:
        strategy["last_sequence"] = command["sequence"]
        verdict = _carry_out(state, record, kind, source)
    strategy["command_count"] += 1
    if verdict.reason != 0:
        strategy["refused_count"] += 1
        if kind == RecordKind.NEW_ORDER or kind == RecordKind.TARGET_POSITION or kind == RecordKind.NEW_PARENT:
            use_up_id(state, source, command["order_id"])
        _report_verdict(state, source, command["order_id"], kind, verdict)


@kernel
def _report_verdict(state: int, source: int, order_id: int, kind: int, verdict: Verdict) -> None:
    """Tells why a command was refused; a refused change of an order says how that order stands (FIX 35=9)."""
    slot = NOWHERE
    if kind == RecordKind.CANCEL_ORDER or kind == RecordKind.AMEND_ORDER:
        slot = find_order(state, order_id)
    if slot == NOWHERE or orders_of(state)[slot]["strategy_id"] != source:
        report_refusal(state, source, order_id, verdict.reason, verdict.limit, verdict.current, verdict.requested)
        return
    report = report_order(state, orders_of(state)[slot], ExecutionType.REFUSED)
    report["reason"] = verdict.reason
    report["limit"] = verdict.limit
    report["current"] = verdict.current
    report["requested"] = verdict.requested


@kernel
def _refuse_kind(state: int, record: int, kind: int, source: int) -> None:
    """A strategy may only command; whatever else it sends says so and changes nothing."""
    strategy = strategies_of(state)[source]
    strategy["command_count"] += 1
    strategy["refused_count"] += 1
    order_id = command_at(record)["order_id"]
    report_refusal(state, source, order_id, RefusalReason.UNKNOWN_RECORD_KIND, RecordKind.SCHEDULE, 0, kind)


@kernel
def _carry_out(state: int, record: int, kind: int, source: int) -> Verdict:
    if kind != RecordKind.STATUS_REQUEST:
        verdict = check_not_fenced(state)
        if verdict.reason != 0:
            return verdict
    if kind == RecordKind.NEW_ORDER:
        return on_new_order(state, source, view(record, 1, NEW_ORDER)[0])
    if kind == RecordKind.CANCEL_ORDER or kind == RecordKind.AMEND_ORDER:
        return _change_order(state, record, kind)
    if kind == RecordKind.CANCEL_ALL:
        return on_cancel_all(state, source, view(record, 1, CANCEL_ALL)[0])
    if kind == RecordKind.STATUS_REQUEST:
        return on_status_request(state, source, view(record, 1, STATUS_REQUEST)[0])
    if kind == RecordKind.TARGET_POSITION:
        return on_target_position(state, source, view(record, 1, TARGET_POSITION)[0])
    if kind == RecordKind.NEW_PARENT:
        return on_new_parent(state, source, view(record, 1, NEW_PARENT)[0])
    if kind == RecordKind.CONTROL_PARENT:
        return on_control_parent(state, view(record, 1, CONTROL_PARENT)[0])
    return on_schedule(state, view(record, 1, SCHEDULE)[0], record)


@kernel
def _change_order(state: int, record: int, kind: int) -> Verdict:
    """Cancels or amends an order or a parent; a child is its parent's alone."""
    order_id = command_at(record)["order_id"]
    is_cancel = kind == RecordKind.CANCEL_ORDER
    if find_parent(state, order_id) != NO_PARENT:
        if is_cancel:
            return on_cancel_parent(state, order_id)
        return on_amend_parent(state, view(record, 1, AMEND_ORDER)[0])
    slot = find_order(state, order_id)
    if slot != NOWHERE and orders_of(state)[slot]["parent_order_id"] != 0:
        return refuse(RefusalReason.CHILD_OF_PARENT, 0, 0, orders_of(state)[slot]["parent_order_id"])
    if is_cancel:
        return on_cancel_order(state, view(record, 1, CANCEL_ORDER)[0])
    return on_amend_order(state, view(record, 1, AMEND_ORDER)[0])


@kernel
def _on_rare(state: int, record: int, kind: int) -> None:
    if kind == RecordKind.BALANCE:
        on_balance(state, view(record, 1, BALANCE)[0])
    elif kind == RecordKind.RATE_LIMIT:
        limit = view(record, 1, RATE_LIMIT)[0]
        learn_budget(state, limit["account_id"], limit)
    elif kind == RecordKind.VENUE_STATE:
        _on_venue_state(state, view(record, 1, VENUE_STATE)[0])
    elif kind == RecordKind.BALANCE_CHANGE:
        _on_balance_change(state, view(record, 1, BALANCE_CHANGE)[0])
    elif kind == RecordKind.TRADES_KNOWN:
        _on_trades_known(state, view(record, 1, TRADES_KNOWN)[0])
    elif kind == RecordKind.JOURNAL_STATE:
        _on_journal_state(state, view(record, 1, JOURNAL_STATE)[0]["state"])
    elif kind == RecordKind.FEE_RATES:
        on_fee_rates(state, view(record, 1, FEE_RATES)[0])
    elif kind == RecordKind.COST_MODEL:
        on_cost_model(state, view(record, 1, COST_MODEL)[0])
    elif RecordKind.SET_TRADING_STATE <= kind <= RecordKind.ACKNOWLEDGE_ALARM:
        _on_operator(state, record, kind)
    elif kind == RecordKind.FENCE:
        _on_fence(state, view(record, 1, FENCE)[0]["fence_state"])
    elif kind == RecordKind.LOOP_STALL:
        on_loop_stall(state, view(record, 1, LOOP_STALL)[0])
    else:
        assert kind == RecordKind.CLOCK_OFFSET, "the engine's own inputs are of known kinds"
        _on_clock_offset(state, view(record, 1, CLOCK_OFFSET)[0])


@kernel
def _on_operator(state: int, record: int, kind: int) -> None:
    if kind == RecordKind.SET_TRADING_STATE:
        on_set_trading_state(state, view(record, 1, SET_TRADING_STATE)[0])
    elif kind == RecordKind.SET_LIMIT:
        on_set_limit(state, view(record, 1, SET_LIMIT)[0])
    else:
        on_acknowledge_alarm(state, view(record, 1, ACKNOWLEDGE_ALARM)[0])


@kernel
def _on_journal_state(state: int, journal_state: int) -> None:
    before = header_of(state)["journal_state"]
    header_of(state)["journal_state"] = journal_state
    if journal_state == JournalState.KEEPING:
        clear_alarm(state, AlarmCode.JOURNAL_NOT_KEEPING, ENGINE, NO_VENUE, NO_ACCOUNT, NO_INSTRUMENT)
    elif before == JournalState.KEEPING:
        alarm = raise_alarm(state, ENGINE, AlarmCode.JOURNAL_NOT_KEEPING, NO_ORDER, NO_ACCOUNT, NO_INSTRUMENT)
        alarm["expected"] = JournalState.KEEPING
        alarm["found"] = journal_state


@kernel
def _on_fence(state: int, fence_state: int) -> None:
    """A fence is for good: only a new run, of a later epoch, is without it."""
    header = header_of(state)
    before = header["fence_state"]
    if before == FenceState.FENCED or fence_state == before:
        return
    header["fence_state"] = fence_state
    header["restriction_count"] += int(fence_state != FenceState.OPEN) - int(before != FenceState.OPEN)
    if fence_state == FenceState.OPEN:
        clear_alarm(state, AlarmCode.LEASE_EXPIRED, ENGINE, NO_VENUE, NO_ACCOUNT, NO_INSTRUMENT)
        return
    code = AlarmCode.FENCED + 0 if fence_state == FenceState.FENCED else AlarmCode.LEASE_EXPIRED + 0
    alarm = raise_alarm(state, ENGINE, code, NO_ORDER, NO_ACCOUNT, NO_INSTRUMENT)
    alarm["expected"] = before
    alarm["found"] = fence_state


@kernel
def _on_market_data(state: int, record: int, kind: int) -> None:
    """Takes over what a market does, and wakes the parents to which that may matter."""
    if kind == RecordKind.BOOK_TOP:
        _on_book_top(state, view(record, 1, BOOK_TOP)[0])
    elif kind == RecordKind.BOOK_DEPTH:
        on_book_depth(state, record)
    else:
        on_market_trades(state, view(record, 1, MARKET_TRADES)[0])
    # The instrument is the first word of each of them.
    wake_watchers(state, view(record, 1, BOOK_TOP)[0]["instrument_id"])


@kernel
def _on_book_top(state: int, top: np.void) -> None:
    instrument = instruments_of(state)[top["instrument_id"]]
    if top["venue_sequence"] != 0 and top["venue_sequence"] < instrument["book_venue_sequence"]:
        return
    instrument["bid_ticks"] = top["bid_ticks"]
    instrument["bid_lots"] = top["bid_lots"]
    instrument["ask_ticks"] = top["ask_ticks"]
    instrument["ask_lots"] = top["ask_lots"]
    instrument["book_received_ns"] = top["published_ns"]
    instrument["book_venue_sequence"] = top["venue_sequence"]
    if 0 < top["ask_ticks"] <= top["bid_ticks"]:
        if instrument["crossed_since_ns"] == 0:
            instrument["crossed_since_ns"] = header_of(state)["now_ns"]
    else:
        instrument["crossed_since_ns"] = 0
    on_price(state, top["instrument_id"])


@kernel
def _on_balance_change(state: int, change: np.void) -> None:
    """What came or went otherwise than by trading is taken as it is, and a person is told."""
    account_id, asset_id = change["account_id"], change["asset_id"]
    row = balance_of(state, account_id, asset_id)
    before_units = row["external_units"]
    row["external_units"] += change["delta_units"]
    book_units(state, row, change["delta_units"], change["venue_utc_ns"])
    alarm = raise_alarm(state, ENGINE, AlarmCode.BALANCE_CHANGED, NO_ORDER, account_id, NO_INSTRUMENT)
    alarm["asset_id"] = asset_id
    alarm["expected"] = before_units
    alarm["found"] = row["external_units"]


@kernel
def _on_trades_known(state: int, known: np.void) -> None:
    """The next run asks from here on, whatever was booked of later trades."""
    holding = holding_of(state, known["account_id"], known["instrument_id"])
    holding["known_before_trade_id"] = max(holding["known_before_trade_id"], known["before_trade_id"])


@kernel
def _on_clock_offset(state: int, clock: np.void) -> None:
    if clock["account_id"] == HOST_CLOCK:
        set_clock(state, clock["utc_offset_ns"])
    else:
        account = accounts_of(state)[clock["account_id"]]
        account["utc_offset_ns"] = clock["utc_offset_ns"]
        account["clock_doubt_ns"] = clock["doubt_ns"]


@kernel
def _on_venue_state(state: int, change: np.void) -> None:
    """A connection that is lost leaves what was in flight on it unknown; strategies are told once."""
    header = header_of(state)
    account_id = change["account_id"]
    account = accounts_of(state)[account_id]
    account["connection_state"] = change["state"]
    if change["state"] == ConnectionState.DOWN:
        account["last_down_ns"] = header["now_ns"]
        leave_in_flight(state, account_id)
    if change["state"] == ConnectionState.LIVE:
        compare_from_now(state, account_id)
        if header["halt_count"] > 0:
            halt_again(state, account_id)
    for strategy_id in range(header["strategies_count"]):
        is_served = terms_of(state, strategy_id, account_id)["permitted"] != 0
        if is_served and room_for_effects(state) > 0:
            announce_venue_state(state, strategy_id, account_id, change["state"])
