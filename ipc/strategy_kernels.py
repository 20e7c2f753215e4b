"""Owns what a compiled strategy calls: publish commands, take reports, read books and position.

Every function takes the session's address first (`Client.session_address`) and is for one thread at a
time. A publish returns a positive number, or one of `Unsent` when nothing was sent.
"""

from ipc.compiler import kernel
from ipc.enums import OrderType, RecordKind, TimeInForce
from ipc.market_tables import DEPTH_LEVELS, LEVEL
from ipc.memory import coarse_utc_ns, copy_words, fence_acquire, load, load_acquire, monotonic_ns, pause, store, view
from ipc.order_id import CLIENT_SEQUENCE_MAX, SEQUENCE_SHIFT
from ipc.records import (
    ALL_ACCOUNTS,
    ALL_INSTRUMENTS,
    AMEND_ORDER,
    AS_CONFIGURED,
    BOOK_DEPTH,
    CANCEL_ALL,
    CANCEL_ORDER,
    COMMAND_FIELDS,
    CONTROL_PARENT,
    LAGGED,
    NEW_ORDER,
    NEW_PARENT,
    SCHEDULE,
    SLOT_BYTES,
    SLOT_WORDS,
    STATUS_REQUEST,
    TARGET_POSITION,
)
from ipc.ring import is_retired, lost_count, poll, publish, release, try_claim
from ipc.segment import SegmentWord
from ipc.session import NO_BOUNDARY, SessionWord, Unsent
from ipc.tables import BOOK, INSTRUMENT, STATE_HEADER, STRATEGY

_COMMANDS = SessionWord.COMMANDS * 8
_REPORTS = SessionWord.REPORTS * 8
_STATE = SessionWord.STATE * 8
_STRATEGY_ID = SessionWord.STRATEGY_ID * 8
_ORDER_ID_BASE = SessionWord.ORDER_ID_BASE * 8
_LAST_SEQUENCE = SessionWord.LAST_SEQUENCE * 8
_LAST_ORDER_SEQUENCE = SessionWord.LAST_ORDER_SEQUENCE * 8
_TIME_TO_LIVE_NS = SessionWord.TIME_TO_LIVE_NS * 8
_LOST_SEEN = SessionWord.LOST_SEEN * 8
_LOST_BOUNDARY = SessionWord.LOST_BOUNDARY * 8
_RING_NEXT = SegmentWord.NEXT * 8
_RING_RELEASED = SegmentWord.RELEASED * 8
_POSITION_WORD = (BOOK.names or ()).index("position_lots")
_BOOK_BYTES = BOOK.itemsize
_INSTRUMENT_BYTES = INSTRUMENT.itemsize
_REPORT_SEQUENCE_WORD = (STRATEGY.names or ()).index("report_sequence")
_STRATEGY_BYTES = STRATEGY.itemsize
_TERMS = len(COMMAND_FIELDS) * 8
_PARENT_TERMS_WORDS = len(NEW_PARENT.names or ()) - len(COMMAND_FIELDS)
_SCHEDULE_TERMS_WORDS = len(SCHEDULE.names or ()) - len(COMMAND_FIELDS)
_FIRST_LEVEL = (BOOK_DEPTH.names or ()).index("price_ticks_0") * 8
_LEVEL_BYTES = LEVEL.itemsize

LIMIT = int(OrderType.LIMIT)
DEFAULT_TIME_IN_FORCE = int(TimeInForce.DEFAULT)
# A reader that finds the lock taken this often looks at a writer that died in the middle of a write.
LOCK_ATTEMPTS = 20_000


@kernel
def _claim(session: int) -> int:
    commands = load(session + _COMMANDS)
    if is_retired(commands):
        return Unsent.ENGINE_RESTARTED
    return try_claim(commands)


@kernel
def _next_order_id(session: int) -> int:
    order_sequence = load(session + _LAST_ORDER_SEQUENCE) + 1
    if order_sequence > CLIENT_SEQUENCE_MAX:
        return Unsent.ORDER_IDS_EXHAUSTED
    return load(session + _ORDER_ID_BASE) + (order_sequence << SEQUENCE_SHIFT)


@kernel
def _send(session: int, slot: int, kind: int, order_id: int) -> int:
    """Completes the claimed command and publishes it; returns its sequence."""
    sequence = load(session + _LAST_SEQUENCE) + 1
    command = view(slot, 1, CANCEL_ORDER)[0]
    command["kind"] = kind
    command["sequence"] = sequence
    command["order_id"] = order_id
    command["expires_utc_ns"] = coarse_utc_ns() + load(session + _TIME_TO_LIVE_NS)
    command["published_ns"] = monotonic_ns()
    publish(load(session + _COMMANDS), slot)
    store(session + _LAST_SEQUENCE, sequence)
    return sequence


@kernel
def publish_new_order(  # noqa: PLR0913, PLR0917  what an order says
    session: int,
    instrument_id: int,
    account_id: int,
    side: int,
    price_ticks: int,
    order_lots: int,
    order_type: int = LIMIT,
    time_in_force: int = DEFAULT_TIME_IN_FORCE,
    order_flags: int = 0,
    client_tag: int = 0,
    max_slippage_bps: int = AS_CONFIGURED,
    execution_timeout_ms: int = AS_CONFIGURED,
    retry_attempts: int = AS_CONFIGURED,
    retry_delay_ms: int = AS_CONFIGURED,
    stop_price_ticks: int = 0,
    expire_utc_ns: int = 0,
    display_lots: int = 0,
    quote_notional: int = 0,
    self_trade_prevention: int = 0,
    release_utc_ns: int = 0,
) -> int:
    """Sends an order; returns its id or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    order_id = _next_order_id(session)
    if order_id <= 0:
        return order_id
    order = view(slot, 1, NEW_ORDER)[0]
    order["instrument_id"] = instrument_id
    order["account_id"] = account_id
    order["side"] = side
    order["order_type"] = order_type
    order["time_in_force"] = time_in_force
    order["order_flags"] = order_flags
    order["price_ticks"] = price_ticks
    order["order_lots"] = order_lots
    order["client_tag"] = client_tag
    order["max_slippage_bps"] = max_slippage_bps
    order["execution_timeout_ms"] = execution_timeout_ms
    order["retry_attempts"] = retry_attempts
    order["retry_delay_ms"] = retry_delay_ms
    order["stop_price_ticks"] = stop_price_ticks
    order["expire_utc_ns"] = expire_utc_ns
    order["display_lots"] = display_lots
    order["quote_notional"] = quote_notional
    order["self_trade_prevention"] = self_trade_prevention
    order["release_utc_ns"] = release_utc_ns
    _send(session, slot, RecordKind.NEW_ORDER, order_id)
    store(session + _LAST_ORDER_SEQUENCE, load(session + _LAST_ORDER_SEQUENCE) + 1)
    return order_id


@kernel
def publish_target(  # noqa: PLR0913, PLR0917  what a target says
    session: int,
    instrument_id: int,
    account_id: int,
    target_lots: int,
    price_ticks: int,
    order_type: int = LIMIT,
    time_in_force: int = DEFAULT_TIME_IN_FORCE,
    order_flags: int = 0,
    client_tag: int = 0,
    max_slippage_bps: int = AS_CONFIGURED,
    execution_timeout_ms: int = AS_CONFIGURED,
    retry_attempts: int = AS_CONFIGURED,
    retry_delay_ms: int = AS_CONFIGURED,
) -> int:
    """Asks for a position; returns the id of the order that may come of it or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    order_id = _next_order_id(session)
    if order_id <= 0:
        return order_id
    target = view(slot, 1, TARGET_POSITION)[0]
    target["instrument_id"] = instrument_id
    target["account_id"] = account_id
    target["target_lots"] = target_lots
    target["order_type"] = order_type
    target["time_in_force"] = time_in_force
    target["order_flags"] = order_flags
    target["price_ticks"] = price_ticks
    target["client_tag"] = client_tag
    target["max_slippage_bps"] = max_slippage_bps
    target["execution_timeout_ms"] = execution_timeout_ms
    target["retry_attempts"] = retry_attempts
    target["retry_delay_ms"] = retry_delay_ms
    _send(session, slot, RecordKind.TARGET_POSITION, order_id)
    store(session + _LAST_ORDER_SEQUENCE, load(session + _LAST_ORDER_SEQUENCE) + 1)
    return order_id


@kernel
def publish_parent(session: int, parent: int) -> int:
    """Sends a parent order with the terms of the NEW_PARENT record at an address; returns its id or an `Unsent`.

    What precedes the terms, from `commit` to `order_id`, is filled in here.
    """
    slot = _claim(session)
    if slot <= 0:
        return slot
    order_id = _next_order_id(session)
    if order_id <= 0:
        return order_id
    copy_words(slot + _TERMS, parent + _TERMS, _PARENT_TERMS_WORDS)
    _send(session, slot, RecordKind.NEW_PARENT, order_id)
    store(session + _LAST_ORDER_SEQUENCE, load(session + _LAST_ORDER_SEQUENCE) + 1)
    return order_id


@kernel
def publish_schedule(session: int, order_id: int, schedule: int) -> int:
    """Sends a parent the slices of the SCHEDULE record at an address; returns the command's sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    copy_words(slot + _TERMS, schedule + _TERMS, _SCHEDULE_TERMS_WORDS)
    return _send(session, slot, RecordKind.SCHEDULE, order_id)


@kernel
def publish_parent_control(session: int, order_id: int, control: int) -> int:
    """Asks to pause or resume a parent, as `ParentControl` says; returns the command's sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    view(slot, 1, CONTROL_PARENT)[0]["control"] = control
    return _send(session, slot, RecordKind.CONTROL_PARENT, order_id)


@kernel
def publish_cancel(session: int, order_id: int) -> int:
    """Asks to cancel an order; returns the command's sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    return _send(session, slot, RecordKind.CANCEL_ORDER, order_id)


@kernel
def publish_amend(  # noqa: PLR0913, PLR0917  what an amendment says
    session: int,
    order_id: int,
    price_ticks: int,
    order_lots: int,
    stop_price_ticks: int = 0,
    version: int = 0,
    conditional_on_version: int = 0,
) -> int:
    """Asks to change an order, 0 keeps what it has; returns the command's sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    amendment = view(slot, 1, AMEND_ORDER)[0]
    amendment["price_ticks"] = price_ticks
    amendment["order_lots"] = order_lots
    amendment["stop_price_ticks"] = stop_price_ticks
    amendment["version"] = version
    amendment["conditional_on_version"] = conditional_on_version
    return _send(session, slot, RecordKind.AMEND_ORDER, order_id)


@kernel
def publish_cancel_all(session: int, instrument_id: int, account_id: int = ALL_ACCOUNTS, side: int = 0) -> int:
    """Asks to cancel every order in a scope, -1 and side 0 for all; returns the sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    scope = view(slot, 1, CANCEL_ALL)[0]
    scope["instrument_id"] = instrument_id
    scope["account_id"] = account_id
    scope["side"] = side
    return _send(session, slot, RecordKind.CANCEL_ALL, load(session + _ORDER_ID_BASE))


@kernel
def publish_status_request(
    session: int, order_id: int, instrument_id: int = ALL_INSTRUMENTS, account_id: int = ALL_ACCOUNTS, side: int = 0
) -> int:
    """Asks how an order stands, or with order_id 0 every open one in a scope; returns the sequence or an `Unsent`."""
    slot = _claim(session)
    if slot <= 0:
        return slot
    scope = view(slot, 1, STATUS_REQUEST)[0]
    scope["instrument_id"] = instrument_id
    scope["account_id"] = account_id
    scope["side"] = side
    named = order_id if order_id != 0 else load(session + _ORDER_ID_BASE)
    return _send(session, slot, RecordKind.STATUS_REQUEST, named)


@kernel
def poll_report(session: int) -> int:
    """The address of the next report of any kind, 0 when there is none; release_report() gives it back."""
    return poll(load(session + _REPORTS))


@kernel
def release_report(session: int) -> None:
    """Gives the polled report's slot back to the engine."""
    release(load(session + _REPORTS))


@kernel
def take_lost_count(session: int) -> int:
    """How many reports were lost since the last call, because this strategy's ring was full."""
    lost = lost_count(load(session + _REPORTS))
    news = lost - load(session + _LOST_SEEN)
    store(session + _LOST_SEEN, lost)
    return news


@kernel
def drain_reports(session: int, target: int, records_max: int) -> int:
    """Moves reports to `target`, one each SLOT_BYTES, and returns how many.

    What was lost is told by a LAGGED record behind the last report that was in the ring when the loss
    was seen: a state read after it is newer than every report before it.
    """
    reports = load(session + _REPORTS)
    lost = lost_count(reports)
    if lost != load(session + _LOST_SEEN) and load(session + _LOST_BOUNDARY) == NO_BOUNDARY:
        store(session + _LOST_BOUNDARY, load_acquire(reports + _RING_NEXT))
    count = 0
    while count < records_max:
        boundary = load(session + _LOST_BOUNDARY)
        if boundary != NO_BOUNDARY and load(reports + _RING_RELEASED) >= boundary:
            _tell_lost(session, target + count * SLOT_BYTES, lost)
        else:
            slot = poll(reports)
            if slot == 0:
                break
            copy_words(target + count * SLOT_BYTES + 8, slot + 8, SLOT_WORDS - 1)
            store(target + count * SLOT_BYTES, 0)
            release(reports)
        count += 1
    return count


@kernel
def _last_report_sequence(session: int) -> int:
    """The number of the last report that the engine formed for this strategy, given out or lost."""
    state, strategy_id = load(session + _STATE), load(session + _STRATEGY_ID)
    header = view(state, 1, STATE_HEADER)[0]
    if strategy_id >= header["strategies_count"]:
        return 0
    # One word that only grows: it needs no lock, and it was written before the report was lost.
    return load(state + header["strategies_offset"] + strategy_id * _STRATEGY_BYTES + _REPORT_SEQUENCE_WORD * 8)


@kernel
def _tell_lost(session: int, target: int, lost: int) -> None:
    lagged = view(target, 1, LAGGED)[0]
    lagged["commit"] = 0
    lagged["kind"] = RecordKind.LAGGED
    lagged["sequence"] = _last_report_sequence(session)
    lagged["published_ns"] = monotonic_ns()
    lagged["lost_count"] = lost
    store(session + _LOST_SEEN, lost)
    store(session + _LOST_BOUNDARY, NO_BOUNDARY)


@kernel
def reports_waiting(session: int) -> bool:
    """Whether drain_reports() would find something."""
    reports = load(session + _REPORTS)
    return poll(reports) != 0 or lost_count(reports) != load(session + _LOST_SEEN)


@kernel
def depth_level(record: int, place: int) -> tuple[int, int]:
    """Price ticks and lots of one level of a polled BOOK_DEPTH, the best is 0; zeros where there is none."""
    if place < 0 or place >= DEPTH_LEVELS:
        return 0, 0
    level = record + _FIRST_LEVEL + place * _LEVEL_BYTES
    return load(level), load(level + 8)


@kernel
def position_lots(session: int, instrument_id: int) -> int:
    """This strategy's position; 0 for an instrument that does not exist."""
    state = load(session + _STATE)
    header = view(state, 1, STATE_HEADER)[0]
    instruments = header["instruments_count"]
    if instrument_id < 0 or instrument_id >= instruments:
        return 0
    row = load(session + _STRATEGY_ID) * instruments + instrument_id
    return load(state + header["books_offset"] + row * _BOOK_BYTES + _POSITION_WORD * 8)


@kernel
def best_bid_ask(session: int, instrument_id: int) -> tuple[int, int, int, int, int]:
    """Bid ticks, bid lots, ask ticks, ask lots and when the book was received; zeros when it cannot be read."""
    state = load(session + _STATE)
    header = view(state, 1, STATE_HEADER)[0]
    if instrument_id < 0 or instrument_id >= header["instruments_count"]:
        return 0, 0, 0, 0, 0
    row = view(state + header["instruments_offset"] + instrument_id * _INSTRUMENT_BYTES, 1, INSTRUMENT)[0]
    for _ in range(LOCK_ATTEMPTS):
        # Ordering: pairs with the engine's release of an even version after its writes.
        version = load_acquire(state)
        if version & 1 == 0:
            best = (row["bid_ticks"], row["bid_lots"], row["ask_ticks"], row["ask_lots"], row["book_received_ns"])
            fence_acquire()
            if load(state) == version:
                return best
        pause()
    return 0, 0, 0, 0, 0
