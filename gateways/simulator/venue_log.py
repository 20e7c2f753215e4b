"""Owns the venue's own record of what it accepted and did.

One JSON object a line, appended in the order of events; a line is written whole, so another process may
read the file at any time. Text that stands for a number is exact decimal text. Every line has

    sequence            1, 2, 3 … without a gap
    utc_ns              nanoseconds since the Unix epoch, the venue's clock
    event               one of the names below

and, except `opened` and `closed`, `account` and `symbol`. The events of an order also carry
`client_order_id`, `venue_order_id`, `side`, `order_status`, `order_quantity`, `cumulative_quantity`,
`leaves_quantity` and `cumulative_quote_quantity` as they are *after* the event, and

    opened      venue, seed, symbols
    accepted    order_type, time_in_force, price, stop_price, quote_order_quantity
    working     a waiting order was triggered and is now at the market
    traded      trade_id, last_price, last_quantity, last_quote_quantity, fee, fee_asset,
                liquidity (MAKER or TAKER)
    canceled    cancel_client_order_id (the id that the cancel request had)
    expired     reason (EndReason)
    prevented   reason (SELF_TRADE when that ended the order), prevented_quantity, counterpart_venue_order_id
    amended     previous_client_order_id
    rejected    request (the venue's method), code, message, client_order_id as far as the request had
                them; nothing has changed
    deposited   asset, quantity
    closed      nothing more

Only configured accounts appear. A trade between two of them makes two lines with one trade_id.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson

from ipc.clock import Clock

FLUSH_DELAY_S = 0.02


class VenueLog:
    """Keeps the records in memory, or appends them to a file, or both."""

    def __init__(self, clock: Clock, path: Path | None = None, *, keeps_records: bool = True) -> None:
        self._clock = clock
        self._keeps_records = keeps_records
        self._sequence = 0
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._file = -1
        self.records: list[dict[str, Any]] = []
        if path is not None:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def append(self, event: str, record: dict[str, Any]) -> None:
        """Adds one event."""
        self._sequence += 1
        line: dict[str, Any] = {"sequence": self._sequence, "utc_ns": self._clock.utc_ns(), "event": event}
        line.update(record)
        if self._keeps_records:
            self.records.append(line)
        if self._file >= 0:
            self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            if self._timer is None:
                self._flush_soon()

    def flush(self) -> None:
        """Hands every line to the operating system."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            data = memoryview(b"".join(self._lines))
            self._lines.clear()
            while data:
                data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Writes the last line and lets the file go."""
        self.append("closed", {})
        self.flush()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _flush_soon(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        self._timer = loop.call_later(FLUSH_DELAY_S, self.flush)
