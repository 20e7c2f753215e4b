"""Owns the other end of the wire benchmark in compiled code: strategy and venue in one loop, on one core.

It publishes a signal when its time has come, reads the order frame from the socket, answers at once with
prepared bytes, sees the report in its ring, and fills the order. Arrival times are fixed beforehand: a
sample starts when its signal was due, not when it was published.

    due --publish--> [engine] --frame--> acknowledgement --> [engine] --report--> sample taken, then the fill
"""

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from ipc.compiler import kernel, kernel_without_gil
from ipc.enums import ExecutionType, OrderType, RecordKind, Side, TimeInForce
from ipc.histogram import record_value
from ipc.memory import monotonic_ns, view
from ipc.records import EXECUTION_REPORT, NEW_PARENT, SLOT_BYTES
from ipc.strategy_kernels import drain_reports, publish_cancel, publish_new_order, publish_parent

PRICES = 1_000
# Orders on their way at the same time; a signal that is due beyond that waits, and its sample with it.
IN_FLIGHT_MAX = 1_024
REQUEST_ID_BYTES = 17
CLIENT_ID_BYTES = REQUEST_ID_BYTES - 1
# {"id":"n...
_REQUEST_ID_PLACE = 7
_NEW_ORDER_LETTER = ord("n")
NUMBER_DIGITS = 12
_FIRST_NUMBER = 100_000_000_000
_REPORTS_MAX = 16
_FLOOD_PER_TURN = 16
# Parents of one side in a row; the first of the other side waits for the last of them, so that no child meets another.
PARENTS_OF_ONE_SIDE = 50
_NO_ORDER = 1
_DONT_WAIT = 0x40
_SILENCE_NS = 5_000_000_000

PUBLISH_FAILED = -1
CONNECTION_ENDED = -2
ORDER_FAILED = -3
TOO_SLOW = -4

DRIVER = np.dtype(
    [
        (name, "<i8")
        for name in (
            "session",
            "socket",
            "received",  # address of received_bytes for frames
            "received_bytes",
            "filled_bytes",
            "reports",  # address of slots for reports
            "request_ids",  # address of IN_FLIGHT_MAX x REQUEST_ID_BYTES
            "acknowledgement",
            "acknowledgement_bytes",
            "acknowledgement_request_id",  # where in it
            "acknowledgement_client_id",
            "acknowledgement_number",
            "fill",
            "fill_bytes",
            "fill_client_id",
            "fill_number",
            "fill_trade",
            "price_ticks",
            "order_lots",
            "parent",  # address of a NEW_PARENT with the terms of parents to send, 0 for orders
            "next_number",
            "start_ns",
            "interval_ns",
            "histogram",
            "published",
            "answered",
            "acknowledged",
            "filled",
            "reason",  # of the first report that an order had failed
            "failed_by",  # its execution type
            "flood",  # session of a strategy that sends without end, 0 for none
            "flooded",  # how many records it has published
        )
    ],
    align=True,
)

_receive: Any = types.ExternalFunction("recv", types.int64(types.int64, types.int64, types.int64, types.int64))
_send: Any = types.ExternalFunction("send", types.int64(types.int64, types.int64, types.int64, types.int64))


@kernel
def put_number(message: NDArray[np.uint8], place: int, number: int) -> None:
    """Writes a number of NUMBER_DIGITS digits into a prepared message."""
    rest = _FIRST_NUMBER + number
    for digit in range(NUMBER_DIGITS):
        message[place + NUMBER_DIGITS - 1 - digit] = 48 + rest % 10
        rest //= 10


@kernel
def frame_end(received: NDArray[np.uint8], start: int, end: int) -> int:
    """Where the client's frame that begins at `start` ends, 0 while it is not complete (RFC 6455, 5.2)."""
    if end - start < 8:
        return 0
    frame_bytes = 6 + (received[start + 1] & 0x7F)
    if frame_bytes == 6 + 126:
        frame_bytes = 8 + (received[start + 2] << 8) + received[start + 3]
    return start + frame_bytes if start + frame_bytes <= end else 0


@kernel
def _publish_sweep(driver: np.void) -> bool:
    """Sends the next parent, which takes what it wants at the other side's best price."""
    number = driver["next_number"] + driver["published"]
    is_buy = number // PARENTS_OF_ONE_SIDE & 1 == 0
    parent = view(driver["parent"], 1, NEW_PARENT)[0]
    parent["side"] = Side.BUY if is_buy else Side.SELL
    parent["limit_price_ticks"] = driver["price_ticks"] + PRICES + (1 if is_buy else -1)
    parent["client_tag"] = number
    driver["published"] += 1
    return publish_parent(driver["session"], driver["parent"]) > 0


@kernel
def _is_side_free(driver: np.void) -> bool:
    """Whether the next signal meets none that is under way."""
    is_first = (driver["next_number"] + driver["published"]) % PARENTS_OF_ONE_SIDE == 0
    return driver["parent"] == 0 or not is_first or driver["published"] == driver["filled"]


@kernel
def publish(driver: np.void) -> bool:
    """Sends the next signal; returns whether it left."""
    if driver["parent"] != 0:
        return _publish_sweep(driver)
    number = driver["next_number"] + driver["published"]
    order_id = publish_new_order(
        driver["session"],
        0,
        0,
        Side.BUY if number & 1 == 0 else Side.SELL,
        # Sales above purchases: no order meets another.
        driver["price_ticks"] + number % PRICES + (number & 1) * PRICES,
        driver["order_lots"],
        OrderType.LIMIT,
        TimeInForce.GTC,
        0,
        number,
        -1,
        -1,
        -1,
        -1,
    )
    driver["published"] += 1
    return order_id > 0


@kernel
def _answer(driver: np.void, received: NDArray[np.uint8], start: int) -> bool:
    """Acknowledges the order in a frame; other requests and pings are passed over."""
    size = np.int64(received[start + 1] & 0x7F)
    mask = start + (4 if size == 126 else 2)
    payload = mask + 4
    if received[start] != 0x81 or size < 126:
        return True
    first = received[payload + _REQUEST_ID_PLACE] ^ received[mask + (_REQUEST_ID_PLACE & 3)]
    if first != _NEW_ORDER_LETTER:
        return True
    number = driver["next_number"] + driver["answered"]
    kept = view(driver["request_ids"] + number % IN_FLIGHT_MAX * REQUEST_ID_BYTES, REQUEST_ID_BYTES, np.uint8)
    message = view(driver["acknowledgement"], driver["acknowledgement_bytes"], np.uint8)
    request_id, client_id = driver["acknowledgement_request_id"], driver["acknowledgement_client_id"]
    for index in range(REQUEST_ID_BYTES):
        place = _REQUEST_ID_PLACE + index
        letter = received[payload + place] ^ received[mask + (place & 3)]
        kept[index] = letter
        message[request_id + index] = letter
        if index > 0:
            message[client_id + index - 1] = letter
    put_number(message, driver["acknowledgement_number"], number)
    driver["answered"] += 1
    size = driver["acknowledgement_bytes"]
    return _send(driver["socket"], driver["acknowledgement"], size, _DONT_WAIT) == size


@kernel
def _fill(driver: np.void, number: int) -> bool:
    kept = view(driver["request_ids"] + number % IN_FLIGHT_MAX * REQUEST_ID_BYTES, REQUEST_ID_BYTES, np.uint8)
    message = view(driver["fill"], driver["fill_bytes"], np.uint8)
    for index in range(CLIENT_ID_BYTES):
        message[driver["fill_client_id"] + index] = kept[index + 1]
    put_number(message, driver["fill_number"], number)
    put_number(message, driver["fill_trade"], number)
    return _send(driver["socket"], driver["fill"], driver["fill_bytes"], _DONT_WAIT) == driver["fill_bytes"]


@kernel
def take_in(driver: np.void) -> int:
    """Reads what the socket has, behind what is there; returns how many bytes, or that the connection has ended."""
    filled = driver["filled_bytes"]
    count = _receive(driver["socket"], driver["received"] + filled, driver["received_bytes"] - filled, _DONT_WAIT)
    if count == 0:
        return CONNECTION_ENDED
    driver["filled_bytes"] += max(count, 0)
    return max(count, 0)


@kernel
def take_frames(driver: np.void) -> int:
    """Answers the orders that have come; returns 0, or that the connection has ended."""
    received = view(driver["received"], driver["received_bytes"], np.uint8)
    count = take_in(driver)
    if count <= 0:
        return count
    end = driver["filled_bytes"]
    start = 0
    while True:
        next_start = frame_end(received, start, end)
        if next_start == 0:
            break
        if not _answer(driver, received, start):
            return CONNECTION_ENDED
        start = next_start
    for index in range(end - start):
        received[index] = received[start + index]
    driver["filled_bytes"] = end - start
    return 0


@kernel
def _take_reports(driver: np.void) -> int:
    count = drain_reports(driver["session"], driver["reports"], _REPORTS_MAX)
    now_ns = monotonic_ns()
    for place in range(count):
        report = view(driver["reports"] + place * SLOT_BYTES, 1, EXECUTION_REPORT)[0]
        if report["kind"] != RecordKind.EXECUTION_REPORT:
            continue
        kind = report["execution_type"]
        number = report["client_tag"]
        if kind == ExecutionType.NEW:
            due_ns = driver["start_ns"] + (number - driver["next_number"]) * driver["interval_ns"]
            record_value(driver["histogram"], now_ns - due_ns)
            driver["acknowledged"] += 1
            if not _fill(driver, number):
                return CONNECTION_ENDED
        elif kind == ExecutionType.TRADE:
            driver["filled"] += 1
        elif kind != ExecutionType.PENDING_NEW:
            driver["reason"] = report["reason"]
            driver["failed_by"] = kind
            return ORDER_FAILED
    return 0


@kernel
def _flood(driver: np.void) -> None:
    """Asks for the cancel of an order that nobody placed, while there is room."""
    for _ in range(_FLOOD_PER_TURN):
        if publish_cancel(driver["flood"], _NO_ORDER) <= 0:
            break
        driver["flooded"] += 1
    drain_reports(driver["flood"], driver["reports"], _REPORTS_MAX)


@kernel_without_gil
def answer_and_fill(address: int, count: int) -> int:
    """Waits for so many orders, acknowledges and fills each; returns 0, or what went wrong."""
    driver = view(address, 1, DRIVER)[0]
    end_ns = monotonic_ns() + _SILENCE_NS
    for _ in range(count):
        driver["answered"] = 0
        while driver["answered"] == 0:
            if take_frames(driver) < 0:
                return CONNECTION_ENDED
            if monotonic_ns() > end_ns:
                return TOO_SLOW
        if not _fill(driver, driver["next_number"]):
            return CONNECTION_ENDED
        driver["next_number"] += 1
    return 0


@kernel_without_gil
def trade(address: int, count: int) -> int:
    """Sends so many signals and sees each of them filled; returns 0, or what went wrong."""
    driver = view(address, 1, DRIVER)[0]
    driver["published"] = 0
    driver["answered"] = 0
    driver["acknowledged"] = 0
    driver["filled"] = 0
    end_ns = driver["start_ns"] + count * driver["interval_ns"] + _SILENCE_NS
    while driver["filled"] < count:
        now_ns = monotonic_ns()
        if driver["flood"] != 0:
            _flood(driver)
        published = driver["published"]
        is_due = published < count and now_ns >= driver["start_ns"] + published * driver["interval_ns"]
        if is_due and published - driver["filled"] < IN_FLIGHT_MAX and _is_side_free(driver):
            if not publish(driver):
                return PUBLISH_FAILED
        elif published == driver["filled"]:
            # Nothing is under way: only the clock matters until the next signal is due.
            continue
        outcome = take_frames(driver)
        if outcome == 0:
            outcome = _take_reports(driver)
        if outcome < 0:
            return outcome
        if now_ns > end_ns:
            return TOO_SLOW
    driver["next_number"] += count
    return 0
