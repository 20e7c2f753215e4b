"""Owns the peer process of the wire benchmark: the simulated venue opens the session, then the driver takes over.

The engine logs on, asks for its rules and goes live with the simulated venue as with any other. For each
repetition the order connection's socket is then served by compiled code; in between by the venue again.
"""

import asyncio
import os
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateways.simulator.binance_spot.session import ApiSession
from gateways.simulator.config import load_config
from gateways.simulator.server import SimulatedVenue
from ipc.address import engine_folder
from ipc.client import Client, connect
from ipc.clock import NS_PER_MS, SystemClock
from ipc.command_builtins import bind_session
from ipc.enums import ExecutionType, Side
from ipc.events import ExecutionReport
from ipc.memory import address_of
from ipc.parent_enums import Algorithm, ParentFlag
from ipc.records import ALL_ACCOUNTS, NEW_PARENT, SLOT_BYTES
from ipc.session import SESSION_WORDS
from perf.setting import ENGINE, REMOTE_STRATEGY, STRATEGY
from perf.venue_kernels import (
    CLIENT_ID_BYTES,
    DRIVER,
    IN_FLIGHT_MAX,
    NUMBER_DIGITS,
    PRICES,
    REQUEST_ID_BYTES,
    answer_and_fill,
    trade,
)

PRICE_TICKS, ORDER_LOTS = 6_500_000, 100
START_AFTER_NS = 2 * NS_PER_MS
_AWAKE_NS = NS_PER_MS // 2
_RECEIVED_BYTES = 1 << 16
_REPORT_SLOTS = 16

# What the peer's words mean.
PORT, MODE, COUNT, INTERVAL_NS, START_NS, OUTCOME, ACKNOWLEDGED, FILLED, REASON, FAILED_BY = range(10)
OVER_SHARED_MEMORY, OVER_ZEROMQ, BY_SWEEPS = range(3)

_REQUEST_ID, _CLIENT_ID = b"R" * REQUEST_ID_BYTES, b"C" * CLIENT_ID_BYTES
_NUMBER, _TRADE = b"4" * NUMBER_DIGITS, b"7" * NUMBER_DIGITS
# https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/trading-requests
_ACKNOWLEDGEMENT = (
    b'{"id":"' + _REQUEST_ID + b'","status":200,"result":{"symbol":"BTCUSDT","orderId":' + _NUMBER + b","
    b'"orderListId":-1,"clientOrderId":"' + _CLIENT_ID + b'","transactTime":1750000000000},"rateLimits":['
    b'{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":1000000,"count":1},'
    b'{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":1000000000,"count":1},'
    b'{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":1000000000,"count":1}]}'
)
# https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream
_FILL = (
    b'{"subscriptionId":0,"event":{"e":"executionReport","E":1750000000000,"s":"BTCUSDT","c":"' + _CLIENT_ID + b'",'
    b'"S":"BUY","o":"LIMIT","f":"GTC","q":"0.00100000","p":"65000.00000000","P":"0.00000000","F":"0.00000000",'
    b'"g":-1,"C":"","x":"TRADE","X":"FILLED","r":"NONE","i":' + _NUMBER + b',"l":"0.00100000","z":"0.00100000",'
    b'"L":"65000.00000000","n":"0.00000000","N":"USDT","T":1750000000000,"t":' + _TRADE + b',"I":3,"w":false,'
    b'"m":false,"M":false,"O":1750000000000,"Z":"65.00000000","Y":"65.00000000","Q":"0.00000000",'
    b'"W":1750000000000,"V":"EXPIRE_MAKER"}}'
)


def _framed(payload: bytes) -> NDArray[np.uint8]:
    """A text frame as a server sends it: RFC 6455, 5.2."""
    assert 126 <= len(payload) < 1 << 16, "the header is of the middle size"
    return np.frombuffer(bytearray(b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload), dtype=np.uint8)


def _place(message: NDArray[np.uint8], what: bytes) -> int:
    return message.tobytes().index(what)


def warm_up() -> None:
    """Compiles the compiled side, or loads it from the cache; before the fork, so that no connection waits for it."""
    row, session = np.zeros(1, DRIVER), np.zeros(SESSION_WORDS, np.int64)
    trade(address_of(row), 0)
    answer_and_fill(address_of(row), 0)
    bind_session(address_of(session))


class Driver:
    """One strategy's session, one venue's socket, and everything that the compiled loop touches."""

    def __init__(self, client: Client, socket: int, histogram_address: int) -> None:
        acknowledgement, fill = _framed(_ACKNOWLEDGEMENT), _framed(_FILL)
        # The compiled loop knows addresses only.
        self._kept = (client, acknowledgement, fill)
        self._received = np.zeros(_RECEIVED_BYTES, np.uint8)
        self._reports = np.zeros(_REPORT_SLOTS * SLOT_BYTES, np.uint8)
        self._request_ids = np.zeros(IN_FLIGHT_MAX * REQUEST_ID_BYTES, np.uint8)
        self._parent = np.zeros(1, NEW_PARENT)
        self._parent["algorithm"], self._parent["order_lots"] = Algorithm.SWEEP, ORDER_LOTS
        self._parent["account_id"], self._parent["parent_flags"] = ALL_ACCOUNTS, int(ParentFlag.ROUTED)
        self._row = np.zeros(1, DRIVER)
        values = {
            "session": client.session_address,
            "socket": socket,
            "received": address_of(self._received),
            "received_bytes": _RECEIVED_BYTES,
            "reports": address_of(self._reports),
            "request_ids": address_of(self._request_ids),
            "acknowledgement": address_of(acknowledgement),
            "acknowledgement_bytes": len(acknowledgement),
            "acknowledgement_request_id": _place(acknowledgement, _REQUEST_ID),
            "acknowledgement_client_id": _place(acknowledgement, _CLIENT_ID),
            "acknowledgement_number": _place(acknowledgement, _NUMBER),
            "fill": address_of(fill),
            "fill_bytes": len(fill),
            "fill_client_id": _place(fill, _CLIENT_ID),
            "fill_number": _place(fill, _NUMBER),
            "fill_trade": _place(fill, _TRADE),
            "price_ticks": PRICE_TICKS,
            "order_lots": ORDER_LOTS,
            "histogram": histogram_address,
        }
        for name, value in values.items():
            self._row[0][name] = value
        self._address = address_of(self._row)

    def run(self, words: NDArray[np.int64]) -> None:
        """Runs one repetition as the words ask for, and says there what came of it."""
        run = self._run_remote if words[MODE] == OVER_ZEROMQ else self._run_local
        run(words)
        words[REASON] = self._row[0]["reason"]
        words[FAILED_BY] = self._row[0]["failed_by"]

    def _run_local(self, words: NDArray[np.int64]) -> None:
        row = self._row[0]
        row["parent"] = address_of(self._parent) if words[MODE] == BY_SWEEPS else 0
        row["start_ns"] = words[START_NS] = SystemClock.monotonic_ns() + START_AFTER_NS
        row["interval_ns"] = words[INTERVAL_NS]
        words[OUTCOME] = trade(self._address, int(words[COUNT]))
        words[ACKNOWLEDGED] = row["acknowledged"]
        words[FILLED] = row["filled"]

    def _run_remote(self, words: NDArray[np.int64]) -> None:
        """The same with a strategy that sends its signals over ZeroMQ, in Python."""
        clock = SystemClock.monotonic_ns
        kinds: Counter[int] = Counter()
        with connect(f"ipc://{engine_folder(ENGINE) / 'clients'}", strategy=REMOTE_STRATEGY) as client:
            words[START_NS] = due_ns = clock() + START_AFTER_NS
            for number in range(int(words[COUNT])):
                # Asleep while there is time: the journal's process has this core too.
                SystemClock().sleep_ns(max(due_ns - _AWAKE_NS - clock(), 0))
                while clock() < due_ns:
                    pass
                side = Side.SELL if number & 1 else Side.BUY
                # Sales above purchases: no order meets another.
                price_ticks = PRICE_TICKS + number % PRICES + (number & 1) * PRICES
                client.submit_ticks(
                    instrument_id=0, account_id=0, side=side, price_ticks=price_ticks, order_lots=ORDER_LOTS
                )
                words[OUTCOME] = answer_and_fill(self._address, 1)
                if words[OUTCOME] < 0:
                    break
                while kinds[ExecutionType.TRADE] <= number:
                    kinds.update(
                        event.execution_type for event in client.events() if isinstance(event, ExecutionReport)
                    )
                due_ns += int(words[INTERVAL_NS])
        words[ACKNOWLEDGED] = kinds[ExecutionType.NEW]
        words[FILLED] = kinds[ExecutionType.TRADE]


class VenuePeer:
    """The peer's life: serve the venue; run a repetition for each byte that comes through a pipe; end with the pipe."""

    def __init__(
        self, venue_file: Path, kind: type[Driver], histogram_address: int, *, orders: int, answers: int
    ) -> None:
        self._venue_file = venue_file
        self._kind = kind
        self._histogram_address = histogram_address
        self._orders = orders
        self._answers = answers
        self._driver: Driver | None = None

    def work(self, words: NDArray[np.int64]) -> None:
        """What runs in the forked process."""
        asyncio.run(self._serve(words))

    async def _serve(self, words: NDArray[np.int64]) -> None:
        ended = asyncio.Event()
        async with SimulatedVenue(load_config(self._venue_file), keeps_records=False) as venue:

            def take_order() -> None:
                if os.read(self._orders, 1) == b"":
                    ended.set()
                    return
                self._driver_of(venue).run(words)
                os.write(self._answers, b".")

            asyncio.get_running_loop().add_reader(self._orders, take_order)
            words[PORT] = venue.port
            os.write(self._answers, b".")
            await ended.wait()
            asyncio.get_running_loop().remove_reader(self._orders)

    def _driver_of(self, venue: SimulatedVenue) -> Driver:
        if self._driver is None:
            (session,) = (each for each in venue.connections if isinstance(each, ApiSession))
            assert session._transport is not None, "the engine is connected"
            raw = session._transport.underlying_transport.get_extra_info("socket")
            client = connect(f"shm://{ENGINE}", strategy=STRATEGY)
            self._driver = self._kind(client, raw.fileno(), self._histogram_address)
        return self._driver
