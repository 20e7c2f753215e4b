"""Trading on the simulated venue over real sockets."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest
import uvloop

from gateways.credentials import KeyKind
from gateways.heartbeat import STALE_AFTER_NS
from gateways.instruments_query import InstrumentsError, fetch_instruments
from gateways.market_data_gateway import MarketDataGateway
from gateways.session import ROTATE_AFTER_NS
from gateways.simulator import FaultRule
from gateways.template import TemplateKey
from ipc.clock import NS_PER_MS, SystemClock
from ipc.enums import (
    ConnectionState,
    Liquidity,
    OrderFlag,
    OrderType,
    RecordKind,
    RejectReason,
    RequestKind,
    Side,
    VenueEvent,
)
from ipc.rate_enums import RateLimitType
from tests.gateways.awaiting_core import AwaitingCore
from tests.gateways.trading_floor import SYMBOLS, VENUE, Desk, bindings, new_trader, order_url, quiet_venue, rules_of
from tests.simulator.turn_clock import run_in_turns

PRICE = 6_500_000
DOWN, CONNECTING, RECONCILING, LIVE = ConnectionState


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


async def rest(desk: Desk, count: int) -> list[int]:
    """So many orders that rest, each at another price."""
    order_ids = [desk.place(Side.BUY, PRICE - number, 100) for number in range(count)]
    for order_id in order_ids:
        await desk.until_event(order_id, VenueEvent.ACCEPTED)
    return order_ids


@pytest.mark.parametrize("kind", KeyKind)
def test_an_order_is_placed_and_cancelled_with_either_kind_of_key(kind: KeyKind) -> None:
    async def scenario() -> None:
        trader = new_trader("one", kind)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            assert desk.core.states() == [CONNECTING, RECONCILING, LIVE]
            order_id = desk.place(Side.BUY, PRICE, 100)
            accepted = await desk.until_event(order_id, VenueEvent.ACCEPTED)
            assert accepted["venue_order_id"] > 0
            desk.cancel(order_id)
            canceled = await desk.until_event(order_id, VenueEvent.CANCELED)
            assert (canceled["cumulative_lots"], canceled["order_lots"]) == (0, 100)

    run(scenario())


def test_cancels_in_one_write_reach_the_venue_one_by_one_or_none_is_sent() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            order_ids = await rest(desk, 5)
            (connection,) = desk.gateway._connections.values()
            connection.pause_writing()
            assert not desk.cancel_together(order_ids), "they would wait in a buffer"
            connection.resume_writing()
            assert desk.cancel_together(order_ids)
            for order_id in order_ids:
                await desk.until_event(order_id, VenueEvent.CANCELED)
            await desk.gateway.stop()
            assert not desk.cancel_together(order_ids)

    run(scenario())


def test_the_same_under_uvloop() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            await desk.until_event(desk.place(Side.BUY, PRICE, 100), VenueEvent.ACCEPTED)

    uvloop.run(scenario())


def test_a_trade_is_reported_to_both_sides_with_its_fee() -> None:
    async def scenario() -> None:
        maker, taker = new_trader("maker", KeyKind.ED25519), new_trader("taker", KeyKind.HMAC)
        async with quiet_venue(maker, taker) as venue:
            rules = await rules_of(venue)
            async with Desk(venue, maker, rules) as sells, Desk(venue, taker, rules) as buys:
                resting = sells.place(Side.SELL, PRICE, 300, order_flags=OrderFlag.POST_ONLY)
                await sells.until_event(resting, VenueEvent.ACCEPTED)
                crossing = buys.place(Side.BUY, 0, 200, order_type=OrderType.MARKET)
                taken = await buys.until_event(crossing, VenueEvent.FILL)
                made = await sells.until_event(resting, VenueEvent.FILL)
        assert (taken["last_lots"], taken["last_price_ticks"], taken["cumulative_lots"]) == (200, PRICE, 200)
        assert (taken["liquidity"], made["liquidity"]) == (Liquidity.REMOVED, Liquidity.ADDED)
        assert taken["trade_id"] == made["trade_id"]
        # 10 basis points of 0.002 BTC and of 130 USDT.
        assert (taken["fee_asset_id"], taken["fee_units"]) == (0, 200)
        assert (made["fee_asset_id"], made["fee_units"]) == (1, 13_000_000)

    run(scenario())


def test_an_order_is_amended_in_its_place_and_then_replaced() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            order_id = desk.place(Side.BUY, PRICE, 100)
            await desk.until_event(order_id, VenueEvent.ACCEPTED)
            assert desk.send(TemplateKey(RequestKind.AMEND), order_id, order_lots=60)
            amended = await desk.until_event(order_id, VenueEvent.REPLACED)
            assert (amended["order_lots"], amended["replacement_order_id"]) == (60, 0)
            leg = order_id + 1
            key = TemplateKey(RequestKind.CANCEL_REPLACE, side=Side.BUY)
            assert desk.send(key, leg, original_order_id=order_id, price_ticks=PRICE - 100, order_lots=80)
            await desk.core.until(lambda: any(report["replacement_order_id"] == leg for report in desk.core.reports()))
            accepted = await desk.until_event(leg, VenueEvent.ACCEPTED)
            replaced = next(report for report in desk.core.reports() if report["replacement_order_id"] == leg)
            assert (replaced["event"], replaced["order_id"]) == (VenueEvent.REPLACED, order_id)
            assert replaced["venue_order_id"] == accepted["venue_order_id"]

    run(scenario())


def test_refusals_say_why() -> None:
    async def scenario() -> None:
        maker, taker = new_trader("maker", KeyKind.ED25519), new_trader("taker", KeyKind.ED25519)
        async with quiet_venue(maker, taker) as venue:
            rules = await rules_of(venue)
            async with Desk(venue, maker, rules) as other, Desk(venue, taker, rules) as desk:
                await other.until_event(other.place(Side.SELL, PRICE, 100), VenueEvent.ACCEPTED)
                taking = desk.place(Side.BUY, PRICE, 100, order_flags=OrderFlag.POST_ONLY)
                costly = desk.place(Side.BUY, PRICE - 100, 400_000_000)
                small = desk.place(Side.BUY, PRICE - 100, 1)
                unknown = desk.new_order_id()
                desk.cancel(unknown)
                reasons = [
                    (await desk.until_event(order_id, event))["reason"]
                    for order_id, event in (
                        (taking, VenueEvent.REJECTED),
                        (costly, VenueEvent.REJECTED),
                        (small, VenueEvent.REJECTED),
                        (unknown, VenueEvent.CANCEL_REJECTED),
                    )
                ]
        assert reasons == [
            RejectReason.WOULD_TAKE_LIQUIDITY,
            RejectReason.NOTIONAL_FILTER,
            RejectReason.NOTIONAL_FILTER,
            RejectReason.UNKNOWN_ORDER,
        ]

    run(scenario())


def test_cancelling_everything_of_a_symbol() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.HMAC)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            placed = await rest(desk, 3)
            desk.gateway.cancel_all("BTCUSDT")
            for order_id in placed:
                await desk.until_event(order_id, VenueEvent.CANCELED)

    run(scenario())


def test_the_venues_counts_are_handed_on_exactly() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            for number in range(3):
                await desk.until_event(desk.place(Side.BUY, PRICE - number, 100), VenueEvent.ACCEPTED)

            def counted() -> list[int]:
                return [
                    limit["count"]
                    for limit in desk.core.of(RecordKind.RATE_LIMIT)
                    if limit["limit_type"] == RateLimitType.ORDERS and limit["window_ns"] == 10_000 * NS_PER_MS
                ]

            await desk.core.until(lambda: counted()[-3:] == [1, 2, 3])

    run(scenario())


def test_the_venues_time_is_told_before_its_count_of_orders() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            told = [
                record["kind"]
                for record in desk.core.records
                if record["kind"] == RecordKind.CLOCK_OFFSET or record.get("limit_type") == RateLimitType.ORDERS
            ]
            assert told[:2] == [RecordKind.CLOCK_OFFSET, RecordKind.RATE_LIMIT]

    run(scenario())


def test_an_outcome_that_the_venue_does_not_know_is_asked_for() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            venue.faults.add(FaultRule(action="unknown_outcome", match="order.place", executes=True))
            order_id = desk.place(Side.BUY, PRICE, 100)
            await desk.until_event(order_id, VenueEvent.OUTCOME_UNKNOWN)
            desk.hold_open(order_id)
            found = await desk.until_event(order_id, VenueEvent.STATUS)
            assert found["answers_request"] == RequestKind.STATUS

    run(scenario())


def test_an_order_that_was_lost_with_its_connection_is_not_found_afterwards() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            venue.faults.add(FaultRule(action="drop_connection", match="order.place"))
            order_id = desk.place(Side.BUY, PRICE, 100)
            desk.hold_open(order_id)
            await desk.until_event(order_id, VenueEvent.NOT_FOUND)
            await desk.until_live()
            assert desk.core.states() == [CONNECTING, RECONCILING, LIVE, DOWN, CONNECTING, RECONCILING, LIVE]
            assert VenueEvent.REJECTED not in desk.events(order_id)

    run(scenario())


def test_fills_that_were_missed_are_fetched_after_a_reconnect() -> None:
    async def scenario() -> None:
        maker, taker = new_trader("maker", KeyKind.ED25519), new_trader("taker", KeyKind.HMAC)
        async with quiet_venue(maker, taker) as venue:
            rules = await rules_of(venue)
            async with Desk(venue, maker, rules) as other, Desk(venue, taker, rules) as desk:
                for number in range(2):
                    resting = other.place(Side.SELL, PRICE + number, 100)
                    await other.until_event(resting, VenueEvent.ACCEPTED)
                venue.faults.add(FaultRule(action="drop_event", match="executionReport", count=4))
                venue.faults.add(FaultRule(action="drop_after", match="order.place"))
                order_id = desk.place(Side.BUY, PRICE + 10, 200)
                desk.hold_open(order_id)
                await desk.until_event(order_id, VenueEvent.STATUS)
                told = [report for report in desk.core.reports() if report["order_id"] == order_id]
        fills = [report for report in told if report["answers_request"] == RequestKind.STATUS]
        assert [report["event"] for report in fills] == [VenueEvent.FILL, VenueEvent.FILL, VenueEvent.STATUS]
        assert [report["last_price_ticks"] for report in fills[:2]] == [PRICE, PRICE + 1]
        assert all(report["fee_units"] == 100 for report in fills[:2])
        assert fills[2]["cumulative_lots"] == 200

    run(scenario())


def test_many_open_orders_are_taken_over_from_the_venues_list() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.HMAC)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            placed = await rest(desk, 20)
            desk.hold_open(*placed)
            venue.faults.add(FaultRule(action="drop_connection", match="order.cancel"))
            desk.cancel(placed[0])
            for order_id in placed:
                found = await desk.until_event(order_id, VenueEvent.STATUS)
                assert found["order_lots"] == 100
            await desk.until_live()

    run(scenario())


@pytest.mark.parametrize(
    ("action", "match"), [("malformed_reply", "order.place"), ("malformed_event", "executionReport")]
)
def test_a_malformed_frame_resets_the_session_and_nothing_is_lost(action: str, match: str) -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            venue.faults.add(FaultRule(action=action, match=match))  # type: ignore[arg-type]
            order_id = desk.place(Side.BUY, PRICE, 100)
            desk.hold_open(order_id)
            await desk.until_event(order_id, VenueEvent.STATUS)
            assert desk.gateway.counters()["protocol_errors"] == 1

    run(scenario())


def test_a_half_open_connection_is_noticed() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            venue.faults.add(FaultRule(action="half_open", match="order.place"))
            order_id = desk.place(Side.BUY, PRICE, 100)
            desk.hold_open(order_id)
            loop = asyncio.get_running_loop()
            # Time goes faster, in steps that the gateway does not take for a pause of its own.
            for step in range(1, 10):
                loop.call_later(0.1 * step, desk.clock.skip, STALE_AFTER_NS // 8)
            await desk.until_event(order_id, VenueEvent.NOT_FOUND)
            assert desk.gateway.counters()["stale"] == 1

    run(scenario())


@pytest.mark.parametrize("has_spare", [False, True])
def test_orders_flow_without_a_gap_while_the_connection_is_exchanged(has_spare: bool) -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue:
            async with Desk(venue, trader, await rules_of(venue), has_spare=has_spare) as desk:
                placed: list[int] = []
                venue.announce_shutdown()
                while desk.gateway.counters().get("rotations", 0) < 1:
                    order_id = desk.place(Side.BUY, PRICE - len(placed), 10)
                    placed.append(order_id)
                    await desk.until_event(order_id, VenueEvent.ACCEPTED)
                assert DOWN not in desk.core.states()
                assert all(VenueEvent.OUTCOME_UNKNOWN not in desk.events(order_id) for order_id in placed)
            accepted = [entry["client_order_id"] for entry in venue.log if entry["event"] == "accepted"]
            assert len(accepted) == len(set(accepted)) == len(placed)

    run(scenario())


def test_a_connection_of_a_day_is_exchanged() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue)) as desk:
            desk.clock.skip(ROTATE_AFTER_NS)
            await desk.core.until(lambda: len(desk.core.of(RecordKind.CLOCK_OFFSET)) > 1)
            while desk.gateway.counters().get("rotations", 0) < 1:
                await asyncio.sleep(0)
            await desk.until_event(desk.place(Side.BUY, PRICE, 100), VenueEvent.ACCEPTED)
            assert DOWN not in desk.core.states()

    run(scenario())


def test_a_spare_takes_over_when_the_connection_breaks() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue, Desk(venue, trader, await rules_of(venue), has_spare=True) as desk:
            # Each connection asks for the balances last.
            await desk.core.until(lambda: len(desk.core.of(RecordKind.BALANCE)) == 8)
            venue.faults.add(FaultRule(action="drop_connection", match="order.place"))
            lost = desk.place(Side.BUY, PRICE, 100)
            await desk.until_event(0, VenueEvent.OUTCOME_UNKNOWN)
            await desk.until_event(desk.place(Side.BUY, PRICE, 100), VenueEvent.ACCEPTED)
            assert DOWN not in desk.core.states()
            assert not desk.events(lost)

    run(scenario())


def test_nothing_is_sent_without_a_connection() -> None:
    async def scenario() -> None:
        trader = new_trader("one", KeyKind.ED25519)
        async with quiet_venue(trader) as venue:
            async with Desk(venue, trader, await rules_of(venue)) as desk:
                pass
            assert not desk.send(TemplateKey(RequestKind.CANCEL), desk.new_order_id())

    run(scenario())


def test_prices_depth_and_trades_of_every_symbol_come_and_survive_a_shutdown() -> None:
    async def scenario() -> None:
        async with quiet_venue(with_flow=True) as venue:
            core = AwaitingCore()
            gateway = MarketDataGateway(
                venue=VENUE,
                market_url=f"ws://127.0.0.1:{venue.port}/stream",
                instruments=bindings(await rules_of(venue)),
                core=core,
                clock=SystemClock(),
                generator=random.Random(1),
            )
            gateway.start()

            def is_all_seen() -> bool:
                kinds = (RecordKind.BOOK_TOP, RecordKind.BOOK_DEPTH, RecordKind.MARKET_TRADES)
                return all({record["instrument_id"] for record in core.of(kind)} == {0, 1} for kind in kinds)

            await core.until(is_all_seen)
            venue.announce_shutdown()
            await core.until(lambda: gateway.counters().get("rotations") == 1)
            core.records.clear()
            await core.until(is_all_seen)
            assert gateway.is_connected
            await gateway.stop()

    run(scenario())


def test_instruments_of_an_unknown_symbol_are_refused_with_the_venues_words() -> None:
    async def scenario() -> None:
        async with quiet_venue() as venue:
            with pytest.raises(InstrumentsError, match="Invalid symbol"):
                await fetch_instruments(
                    venue=VENUE,
                    order_url=order_url(venue),
                    symbols=[*SYMBOLS, "NOSUCHPAIR"],
                    clock=SystemClock(),
                    generator=random.Random(1),
                    timeout_s=0.3,
                )

    run_in_turns(scenario())
