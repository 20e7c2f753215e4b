"""Owns the venue of a simulation: the simulated exchange and its protocol face, without sockets."""

import re
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson

from gateways.simulator.accounts import Account
from gateways.simulator.binance_spot.face import BinanceSpotFace
from gateways.simulator.binance_spot.requests import UNREADABLE, parameter_texts, request_decoder
from gateways.simulator.binance_spot.session import ApiSession
from gateways.simulator.binance_spot.signatures import KeyKind
from gateways.simulator.exchange import Exchange
from gateways.simulator.faults import FaultRule, Faults
from gateways.simulator.instruments import Instrument
from gateways.simulator.orders import Order, OrderKind, SelfTradePrevention, Side, TimeInForce
from gateways.simulator.venue_log import VenueLog
from ipc.clock import NS_PER_MS
from tools.simulation.setting import ACCOUNT_NAME, API_KEY, HOME, MARKET_NAME, SYMBOL, SiteTerms
from tools.simulation.timeline import Timeline

_TIMESTAMP = re.compile(rb'"timestamp":(\d+)')
_TAKEN_NOTIONAL_MIN = 5 * 10**8
"""In the finest steps, more than the least that an order may come to."""
_PERMISSIONS = frozenset({"TRADE", "USER_DATA", "USER_STREAM"})


class _Key:
    """An API key whose signature is taken as it is."""

    api_key = API_KEY
    permissions = _PERMISSIONS
    kind = KeyKind.ED25519

    def __init__(self, account: Account) -> None:
        self.account = account

    def verifies(self, payload: bytes, signature: str) -> bool:
        """Always."""
        return True


class VenueLink:
    """One connection as the face knows it; what it sends goes to `deliver`."""

    status = ApiSession.status
    subscribe = ApiSession.subscribe
    end_subscription = ApiSession.end_subscription

    def __init__(self, face: BinanceSpotFace, deliver: Callable[[str, str, bytes], None]) -> None:
        self.face = face
        self.time_divisor = NS_PER_MS
        self.shows_rate_limits = True
        self.key: Any = None
        self.authorized_ns = 0
        self.connected_ns = 0
        self.subscriptions: dict[int, Any] = {}
        self._subscription_count = 0
        self._deliver = deliver

    def deliver_reply(self, method: str, payload: bytes) -> None:
        """Called by the face."""
        self._deliver("reply", method, payload)

    def deliver_event(self, name: str, payload: bytes) -> None:
        """Called by the face."""
        self._deliver("event", name, payload)

    def close(self, code: int, reason: str) -> None:
        """Called by the face when it bans the address."""
        self._deliver("close", "", b"")

    def closed(self) -> None:
        """The connection is gone."""
        for subscription in list(self.subscriptions.values()):
            self.face.unsubscribe(subscription)
        self.subscriptions.clear()


class VenueClock:
    """The venue's own clock, which faults may set."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.skew_ns = 0

    def utc_ns(self) -> int:
        """The venue's UTC."""
        return self._timeline.utc_ns() + self.skew_ns

    def monotonic_ns(self) -> int:
        """The venue's monotonic clock."""
        return self._timeline.now_ns


class Venue:
    """The exchange with its face; `policy` may make it a venue that keeps other rules."""

    def __init__(self, timeline: Timeline, terms: SiteTerms = HOME) -> None:
        self.terms = terms
        self.clock = VenueClock(timeline)
        self.log = VenueLog(self.clock)
        self.instrument = Instrument(terms.config.instruments[0])
        accounts = [Account(account, is_reported=account.name == ACCOUNT_NAME) for account in terms.config.accounts]
        self.exchange = Exchange(self.clock, self.log, [self.instrument], accounts)
        self.account, self.market = accounts
        self.book = self.exchange.books[SYMBOL]
        self._faults = Faults()
        stage: Any = SimpleNamespace(
            config=terms.config,
            clock=self.clock,
            exchange=self.exchange,
            faults=self._faults,
            write_log=self.log.append,
        )
        self.face = BinanceSpotFace(stage)
        keys: Any = {API_KEY: _Key(self.account)}
        self.face.keys = keys
        self.exchange.observer = self.face
        self.never_expires = False
        self.ids_are_unique_for_ever = False
        assert self.market.name == MARKET_NAME, "the market is the second account"

    def connect(self, deliver: Callable[[str, str, bytes], None]) -> VenueLink:
        """A new connection."""
        return VenueLink(self.face, deliver)

    def process(self, link: VenueLink, frame: bytes) -> None:
        """Answers one request."""
        if self.never_expires:
            frame = _TIMESTAMP.sub(b'"timestamp":%d' % (self.clock.utc_ns() // NS_PER_MS), frame)
        session: Any = link
        try:
            request = request_decoder.decode(frame)
        except UNREADABLE:
            self.face.answer_unreadable(session)
            return
        if self.ids_are_unique_for_ever and request.method == "order.place":
            text = str((request.params or {}).get("newClientOrderId"))
            if self.account.find_by_client_order_id(SYMBOL, text) is not None:
                error = b'{"id":%b,"status":400,"error":{"code":-2010,"msg":"Duplicate order sent."}}'
                link.deliver_reply(request.method, error % orjson.dumps(request.id))
                return
        self.face.answer(session, orjson.dumps(request.id), request.method, parameter_texts(request.params))

    def lag_once(self, duration_ns: int) -> None:
        """Lets the next question be answered as it would have been a while ago."""
        self._faults.add(FaultRule(action="lagging_query", delay_ms=duration_ns // NS_PER_MS + 1))

    def trade(
        self,
        *,
        buys: bool,
        price_ticks: int,
        lots: int,
        rests: bool,
        prevention: SelfTradePrevention = SelfTradePrevention.EXPIRE_MAKER,
    ) -> None:
        """An order of the rest of the market, which is one account; without prevention it trades with itself.

        Price and quantity are in the finest steps of all sites.
        """
        order = Order(
            account=self.market,
            instrument=self.instrument,
            client_order_id=f"m{self.book.order_id}",
            side=Side.BUY if buys else Side.SELL,
            kind=OrderKind.LIMIT,
            time_in_force=TimeInForce.GTC if rests else TimeInForce.IOC,
            order_lots=lots // self.terms.lot_scale,
            price_ticks=price_ticks // self.terms.price_scale,
            self_trade_prevention=prevention,
        )
        self.exchange.place(order)

    def take_from(self, order: Order, generator: Random) -> None:
        """Lets the market trade at an order's price, for a part of it or all."""
        lots = order.leaves_lots if generator.random() < 0.5 else generator.randrange(1, order.leaves_lots + 1)
        lots, price_ticks = lots * self.terms.lot_scale, order.price_ticks * self.terms.price_scale
        if order.price_ticks and lots * price_ticks >= _TAKEN_NOTIONAL_MIN:
            self.trade(buys=order.side == "SELL", price_ticks=price_ticks, lots=lots, rests=False)

    def open_orders(self) -> list[Order]:
        """The open orders of the account."""
        return list(self.account.open_orders[SYMBOL].values())
