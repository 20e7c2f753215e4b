"""A strategy that trades at random and outlives its engine: `python -m tests.torture.strategy URL NAME SEED FOLDER`.

It reads what to do from FOLDER/NAME.mode and writes FOLDER/NAME.jsonl.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any, TextIO

from ipc.client import Client, connect
from ipc.clock import NS_PER_MS, SystemClock
from ipc.enums import ENDED_STATUSES, OrderType, Side, TimeInForce
from ipc.errors import (
    ClientError,
    EngineRestartedError,
    HistoryUnavailableError,
    RingFullError,
    SnapshotTimeoutError,
    StateBusyError,
)
from ipc.events import Event, ExecutionReport, Lagged
from tests.system.installation import INSTRUMENT
from tests.torture.strategy_log import REPORT_WORDS, Mode, StrategyLog

OPEN_MAX = 30
PAUSE_S = 0.005
ACT_EVERY_NS = 8 * NS_PER_MS
CONNECT_NAP_NS = 20 * NS_PER_MS
LOTS_MIN, LOTS_MAX = 20, 400
NEAR_TICKS, FAR_TICKS = 2_000, 400_000
CLOCK = SystemClock()


class Strategy:
    """Submits, cancels and amends with a seed; remembers by its log alone."""

    def __init__(self, name: str, seed: int, folder: Path) -> None:
        self._mode_file = folder / f"{name}.mode"
        self._log_file = folder / f"{name}.jsonl"
        self._random = random.Random(seed)
        self._open: dict[int, int] = {}  # by order id: its limit, 0 of a market order
        self._mode = ""
        self._act_at_ns = 0
        self._last_sequence = 0

    def live(self, url: str, name: str) -> None:
        """Trades until it is told to end."""
        before = StrategyLog(self._log_file)
        before.read_on()
        self._last_sequence = before.last_sequence
        with self._log_file.open("a", buffering=1) as log:
            # A life that was cut short may have left half a line.
            log.write("\n")
            client = self._connected(lambda: connect(url, strategy=name, timeout_s=5))
            while self._mode != Mode.END:
                try:
                    self._serve(client, log)
                except EngineRestartedError:
                    self._connected(client.reconnect)
                except (RingFullError, HistoryUnavailableError, SnapshotTimeoutError, StateBusyError):
                    # It goes on with what it has; what it asks for may take the journal a while.
                    CLOCK.sleep_ns(CONNECT_NAP_NS)
            client.close()

    def _connected(self, attempt: Any) -> Any:
        while True:
            try:
                return attempt()
            except (ClientError, OSError):
                CLOCK.sleep_ns(CONNECT_NAP_NS)

    def _serve(self, client: Client, log: TextIO) -> None:
        """One connection, until the engine is gone or all is done."""
        self._note(log, connected=client.epoch)
        for event in client.replay(self._last_sequence + 1):
            self._hear(client, event, log)
        self._open = {order.order_id: order.price_ticks for order in client.resync().open_orders}
        is_new_mode = True
        while True:
            for event in client.wait(PAUSE_S):
                self._hear(client, event, log)
            if is_new_mode:
                self._note(log, doing=self._mode)
            if self._mode == Mode.END:
                return
            mode = self._mode_file.read_text()
            is_new_mode, self._mode = mode != self._mode, mode
            now_ns = CLOCK.monotonic_ns()
            if self._mode == Mode.TRADE and now_ns >= self._act_at_ns:
                self._act_at_ns = now_ns + self._random.randint(0, 2 * ACT_EVERY_NS)
                self._act(client, log)
            elif self._mode == Mode.CLEAR and is_new_mode:
                client.cancel_all()

    def _hear(self, client: Client, event: Event, log: TextIO) -> None:
        if isinstance(event, Lagged):
            self._note(log, missing=[event.from_sequence, event.to_sequence])
            for missed in client.replay():
                self._hear(client, missed, log)
            return
        self._last_sequence = max(self._last_sequence, event.sequence)
        if not isinstance(event, ExecutionReport):
            self._note(log, sequence=event.sequence)
            return
        self._note(log, **{word: getattr(event, word) for word in REPORT_WORDS})
        if event.order_status in ENDED_STATUSES:
            self._open.pop(event.order_id, None)

    def _act(self, client: Client, log: TextIO) -> None:
        choice = self._random.random()
        if choice < 0.15 and self._open:
            client.cancel(self._random.choice(list(self._open)))
        elif choice < 0.25 and self._open:
            self._amend(client)
        elif len(self._open) < OPEN_MAX:
            order_id, price_ticks = self._submit(client)
            self._note(log, sent=order_id)
            self._open[order_id] = price_ticks
        elif self._open:
            client.cancel(self._random.choice(list(self._open)))

    def _submit(self, client: Client) -> tuple[int, int]:
        """A market order, one that may trade soon, or one that rests far away."""
        best = client.best(INSTRUMENT)
        known = best.instrument
        side = self._random.choice((Side.BUY, Side.SELL))
        lots = self._random.randint(LOTS_MIN, LOTS_MAX)
        choice = self._random.random()
        if choice < 0.2:
            terms = {"order_type": OrderType.MARKET}
            return client.submit(known, side, known.quantity(lots), **terms), 0  # type: ignore[arg-type]
        if best.bid_ticks == 0 or best.ask_ticks == 0:
            return client.submit(known, side, known.quantity(lots), price=known.price(6_500_000)), 6_500_000
        touch, sign = (best.bid_ticks, -1) if side == Side.BUY else (best.ask_ticks, 1)
        away = self._random.randint(-50, NEAR_TICKS) if choice < 0.7 else self._random.randint(NEAR_TICKS, FAR_TICKS)
        ticks = touch + sign * away
        in_force = TimeInForce.IOC if choice > 0.95 else TimeInForce.GTC
        order_id = client.submit(known, side, known.quantity(lots), price=known.price(ticks), time_in_force=in_force)
        return order_id, ticks

    def _amend(self, client: Client) -> None:
        order_id, price_ticks = self._random.choice(list(self._open.items()))
        known = client.best(INSTRUMENT).instrument
        if self._random.random() < 0.5 or price_ticks == 0:
            client.amend(order_id, quantity=known.quantity(self._random.randint(LOTS_MIN, LOTS_MAX)), instrument=known)
            return
        price = known.price(price_ticks + self._random.randint(-100, 100))
        client.amend(order_id, price=price, instrument=known)

    @staticmethod
    def _note(log: TextIO, **words: Any) -> None:
        log.write(json.dumps(words) + "\n")


def main() -> None:
    """Trades as the command line says."""
    url, name, seed, folder = sys.argv[1:]
    Strategy(name, int(seed), Path(folder)).live(url, name)


if __name__ == "__main__":
    main()
