"""What happens at the simulated venue reaches the core, whoever did it and whatever the stream left out."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateways.credentials import KeyKind
from gateways.simulator import FaultRule, SimulatedVenue
from gateways.sweep import SWEEP_EVERY_NS
from gateways.venue import OpenOrder
from ipc.enums import (
    ConnectionState,
    OrderType,
    RecordKind,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
    VenueEvent,
)
from ipc.records import EXTERNAL_ORDER
from tests.gateways.trading_floor import Desk, Trader, new_trader, quiet_venue, rules_of

PRICE = 6_500_000
THEIR_ORDER = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "price": "65000.00",
    "quantity": "0.01000",
    "newClientOrderId": "web_1",
}


def trading(play: Callable[[SimulatedVenue, Trader, Desk], Awaitable[None]], *kinds: KeyKind) -> None:
    """Plays with one account that is connected."""

    async def scenario() -> None:
        trader = new_trader("one", *kinds or (KeyKind.ED25519,))
        async with (
            quiet_venue(trader, new_trader("other", KeyKind.HMAC)) as venue,
            Desk(venue, trader, await rules_of(venue)) as desk,
        ):
            await play(venue, trader, desk)

    asyncio.run(scenario())


def act(venue: SimulatedVenue, account: str, **changes: str) -> None:
    """Places an order for another client, of this account or another."""
    venue.face.act(account, "order.place", THEIR_ORDER | changes)


def listed(order_id: int, venue_order_id: int) -> OpenOrder:
    """An acknowledged order as the core would list it."""
    return OpenOrder(order_id, venue_order_id, 0, 0, 0, is_unknown=False)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_stop_limit_waits_is_triggered_and_trades(kind: KeyKind) -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        stop = desk.place(
            Side.BUY, PRICE + 100, 100, order_type=OrderType.STOP_LIMIT, stop_price_ticks=PRICE + 50, display_lots=20
        )
        await desk.until_event(stop, VenueEvent.ACCEPTED)
        act(venue, "other", price="65000.50")
        act(venue, "other", side="BUY", price="65000.50", quantity="0.00100", newClientOrderId="web_2",
            selfTradePreventionMode="NONE")  # fmt: skip
        await desk.until_event(stop, VenueEvent.FILL)
        events = desk.events(stop)
        assert events.index(VenueEvent.TRIGGERED) < events.index(VenueEvent.FILL)

    trading(play, kind)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_stop_goes_to_the_market_when_its_price_has_traded(kind: KeyKind) -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        act(venue, "other", side="BUY", price="64000.00", quantity="1", newClientOrderId="bid")
        stop = desk.place(Side.SELL, 0, 100, order_type=OrderType.STOP, stop_price_ticks=6_400_000)
        await desk.until_event(stop, VenueEvent.ACCEPTED)
        act(venue, "other", price="64000.00", quantity="0.001", selfTradePreventionMode="NONE")
        await desk.until_event(stop, VenueEvent.FILL)

    trading(play, kind)


@pytest.mark.parametrize("kind", KeyKind)
def test_the_book_shows_only_the_display_quantity(kind: KeyKind) -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        await desk.until_event(desk.place(Side.BUY, PRICE, 100, display_lots=30), VenueEvent.ACCEPTED)
        assert venue.exchange.books["BTCUSDT"].top()[:2] == (PRICE, 30)

    trading(play, kind)


@pytest.mark.parametrize(
    ("mode", "ended"),
    [
        (SelfTradePrevention.EXPIRE_TAKER, "taker"),
        (SelfTradePrevention.EXPIRE_MAKER, "maker"),
        (SelfTradePrevention.EXPIRE_BOTH, "maker taker"),
        (SelfTradePrevention.DECREMENT, "taker"),
    ],
)
def test_self_trade_prevention_does_what_its_mode_says(mode: SelfTradePrevention, ended: str) -> None:
    async def play(_venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        orders = {"maker": desk.place(Side.SELL, PRICE, 100)}
        await desk.until_event(orders["maker"], VenueEvent.ACCEPTED)
        orders["taker"] = desk.place(Side.BUY, PRICE, 60, mode=mode)
        for name in ended.split():
            expired = await desk.until_event(orders[name], VenueEvent.EXPIRED)
            assert expired["reason"] == RejectReason.SELF_TRADE
        if mode is SelfTradePrevention.DECREMENT:
            reduced = await desk.until_event(orders["maker"], VenueEvent.REPLACED)
            assert reduced["order_lots"] == 40

    trading(play)


def test_what_another_client_of_the_account_does_is_told_with_the_venues_number() -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        act(venue, "one")
        accepted = await desk.until_event(EXTERNAL_ORDER, VenueEvent.ACCEPTED)
        assert (accepted["venue_order_id"], accepted["side"], accepted["order_lots"]) == (1, Side.SELL, 1000)
        act(venue, "other", side="BUY", newClientOrderId="web_2")
        fill = await desk.until_event(EXTERNAL_ORDER, VenueEvent.FILL)
        assert (fill["venue_order_id"], fill["last_lots"], fill["side"]) == (1, 1000, Side.SELL)

    trading(play)


def test_an_order_of_another_client_that_was_there_before_is_found() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.HMAC)
        async with quiet_venue(trader) as venue:
            act(venue, "one")
            async with Desk(venue, trader, await rules_of(venue)) as desk:
                (found,) = desk.core.reports(VenueEvent.STATUS)
                assert (found["order_id"], found["venue_order_id"], found["side"]) == (EXTERNAL_ORDER, 1, Side.SELL)

    asyncio.run(scenario())


def test_a_deposit_is_told() -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        venue.exchange.deposit(venue.exchange.accounts["one"], "BTC", -50_000_000)
        await desk.core.until(lambda: desk.core.of(RecordKind.BALANCE_CHANGE))
        (change,) = desk.core.of(RecordKind.BALANCE_CHANGE)
        assert (change["asset_id"], change["delta_units"]) == (0, -50_000_000)

    trading(play)


def test_an_order_that_traded_and_ended_while_nobody_listened_is_told_with_its_fills() -> None:
    async def play(venue: SimulatedVenue, trader: Trader, desk: Desk) -> None:
        act(venue, "other", side="BUY", price="64000.00", newClientOrderId="bid")
        first = desk.place(Side.SELL, 6_400_000, 10, time_in_force=TimeInForce.IOC)
        last_trade_id = (await desk.until_event(first, VenueEvent.FILL))["trade_id"]
        missed = desk.place(Side.SELL, PRICE, 100)
        await desk.until_event(missed, VenueEvent.ACCEPTED)
        await desk.gateway.stop()
        act(venue, "other", side="BUY", newClientOrderId="web_2")
        again = Desk(venue, trader, desk.rules)
        # It remembers the last trade and has forgotten every order.
        again.core.known[0] = last_trade_id + 1
        async with again:
            fill, status = (report for report in again.core.reports() if report["order_id"] == missed)
            assert (fill["event"], fill["last_lots"], fill["order_lots"]) == (VenueEvent.FILL, 100, 100)
            assert (status["event"], status["cumulative_lots"]) == (VenueEvent.STATUS, 100)
        assert first not in [report["order_id"] for report in again.core.reports()]
        desk.gateway = again.gateway

    trading(play)


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_fill_that_the_stream_lost_is_found_while_the_connection_stands(is_listed: bool) -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        order_id = desk.place(Side.SELL, PRICE, 100)
        accepted = await desk.until_event(order_id, VenueEvent.ACCEPTED)
        desk.core.open = [listed(order_id, accepted["venue_order_id"])] if is_listed else []
        venue.faults.add(FaultRule(action="drop_event", match="executionReport"))
        act(venue, "other", side="BUY", newClientOrderId="web_2")
        desk.clock.skip(SWEEP_EVERY_NS)
        fill = await desk.until_event(order_id, VenueEvent.FILL)
        assert (fill["last_lots"], fill["side"]) == (100, Side.SELL)
        assert desk.core.states() == [ConnectionState.CONNECTING, ConnectionState.RECONCILING, ConnectionState.LIVE]

    trading(play)


def test_replicas_that_lag_behind_delay_the_truth_and_do_not_change_it() -> None:
    async def play(venue: SimulatedVenue, _trader: Trader, desk: Desk) -> None:
        order_id = desk.place(Side.SELL, PRICE, 100)
        await desk.until_event(order_id, VenueEvent.ACCEPTED)
        for name in ("order.status", "myTrades"):
            venue.faults.add(FaultRule(action="lagging_query", match=name, delay_ms=60_000, count=2))
        venue.faults.add(FaultRule(action="drop_event", match="executionReport"))
        act(venue, "other", side="BUY", newClientOrderId="web_2")
        desk.hold_open(order_id)
        status = await desk.until_event(order_id, VenueEvent.STATUS)
        assert status["cumulative_lots"] == 100
        assert [report["last_lots"] for report in desk.core.reports(VenueEvent.FILL)] == [100]

    trading(play)
