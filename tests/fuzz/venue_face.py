"""Owns the fuzzer of the simulated venue: whatever a client sends, each request gets one answer."""

import json
import random

from ipc.clock import NS_PER_MS
from tests.fuzz.spoiling import spoil_bytes, spoil_document
from tools.simulation.setting import API_KEY, SYMBOL
from tools.simulation.timeline import Timeline
from tools.simulation.venue import Venue

_INPUTS_PER_VENUE = 256


class VenueFace:
    """The protocol face without sockets; a new one now and then."""

    def __init__(self) -> None:
        self._count = 0
        self._begin()
        now_ms = self._venue.clock.utc_ns() // NS_PER_MS
        signed = {"apiKey": API_KEY, "signature": "x", "timestamp": now_ms, "symbol": SYMBOL}
        order = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "100.00", "quantity": "1.00000"}
        requests = {
            "time": {},
            "exchangeInfo": {"symbol": SYMBOL},
            "session.logon": signed,
            "session.status": {},
            "userDataStream.subscribe": {},
            "order.place": {**signed, **order, "newClientOrderId": "a"},
            "order.cancel": {**signed, "origClientOrderId": "a"},
            "order.cancelReplace": {**signed, **order, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 1},
            "order.amend.keepPriority": {**signed, "orderId": 1, "newQty": "0.50000"},
            "order.status": {**signed, "orderId": 1},
            "openOrders.status": signed,
            "openOrders.cancelAll": signed,
            "myTrades": {**signed, "limit": 10},
            "account.status": signed,
        }
        self.seeds = [
            json.dumps({"id": name, "method": name, "params": parameters}).encode()
            for name, parameters in requests.items()
        ]

    def _begin(self) -> None:
        self._venue = Venue(Timeline())
        self._answers = 0
        self._link = self._venue.connect(self._hear)

    def _hear(self, what: str, name: str, payload: bytes) -> None:
        self._answers += what == "reply"
        if payload:
            json.loads(payload)

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Mostly a request with other parameters."""
        return spoil_bytes(data, generator) if generator.random() < 0.15 else spoil_document(data, generator)

    def close(self) -> None:
        """It holds nothing."""

    def take(self, data: bytes) -> None:
        """One request."""
        self._count += 1
        if self._count % _INPUTS_PER_VENUE == 0:
            self._begin()
        before = self._answers
        self._venue.process(self._link, data)
        assert self._answers == before + 1, "each request has one answer"
