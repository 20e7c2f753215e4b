"""Owns what happens at moments of its own: the market's trades, and faults that meet no single frame."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import JournalState
from tools.simulation.faults import CRASH_POINTS, MOMENTS, POWER_LOSS, UNREPORTED_CHANGE
from tools.simulation.network import Network, Wire
from tools.simulation.timeline import START_NS
from tools.simulation.venue import Venue, VenueLink

if TYPE_CHECKING:
    from tools.simulation.site import Site
    from tools.simulation.stage import Stage

_DEPOSIT_UNITS = 5 * 10**8


def plan_moments(stage: Stage) -> None:
    """Puts the moments of a seed on its timeline."""
    timeline, world = stage.timeline, stage.market_random
    market = Market(stage)
    active_ns = stage.active_end_ns - START_NS
    for _ in range(world.randrange(6, 22)):
        timeline.at(START_NS + int(world.random() * active_ns), market.trade)
    moments = Moments(stage)
    for fault in (*MOMENTS, POWER_LOSS, UNREPORTED_CHANGE):
        generator = stage.plan.generator(fault.name)
        if generator is None:
            continue
        for _ in range(generator.randrange(1, fault.most + 1)):
            due_ns = START_NS + int((0.02 + 0.96 * generator.random()) * active_ns)
            timeline.at(due_ns, moments.strike, fault.name, generator)


class Market:
    """The rest of the market."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def trade(self) -> None:
        """Takes from an order of ours, or from the best price."""
        generator = self._stage.market_random
        venue = self._stage.any_site(generator).venue
        if generator.random() < 0.2:
            buys = generator.random() < 0.5
            price_ticks = 6_499_300 if buys else 6_500_700
            venue.trade(buys=buys, price_ticks=price_ticks, lots=generator.randrange(50, 500), rests=True)
            return
        orders = venue.open_orders()
        if orders:
            venue.take_from(generator.choice(orders), generator)


class Human:
    """Somebody who uses our account at one venue by hand."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._link: VenueLink | None = None
        self._orders: list[str] = []
        self._count = 0

    def act(self, generator: Random) -> None:
        """Sends an order, or cancels one."""
        venue = self._venue
        if self._link is None:
            self._link = venue.connect(lambda kind, name, payload: None)
            self._link.key = venue.face.keys["A" * 64]
        if self._orders and generator.random() < 0.4:
            text = self._orders.pop()
            frame = (
                b'{"id":"h","method":"order.cancel","params":{"symbol":"BTCUSDT","origClientOrderId":"%b",'
                b'"timestamp":%d}}' % (text.encode(), venue.clock.utc_ns() // NS_PER_MS)
            )
        else:
            self._count += 1
            text = f"web{self._count}"
            self._orders.append(text)
            frame = (
                b'{"id":"h","method":"order.place","params":{"symbol":"BTCUSDT","side":"%b","type":"LIMIT",'
                b'"timeInForce":"GTC","price":"%b","quantity":"0.00100","newClientOrderId":"%b","timestamp":%d}}'
                % (
                    generator.choice((b"BUY", b"SELL")),
                    generator.choice((b"64995.00", b"65005.00", b"65020.00", b"64980.00")),
                    text.encode(),
                    venue.clock.utc_ns() // NS_PER_MS,
                )
            )
        venue.process(self._link, frame)


class Moments:
    """Carries out the faults that strike at moments of their own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._humans = [Human(site.venue) for site in stage.sites]

    def strike(self, name: str, generator: Random) -> None:
        """Lets one happen."""
        stage = self._stage
        if name in CRASH_POINTS:
            if not stage.run.is_dead:
                stage.run.crash_at(generator.randrange(8), name)
            return
        if name in ("crash_when_idle", "power_loss"):
            self._kill(name, generator)
            return
        if getattr(self, f"_{name}")(generator):
            self._count(name)

    def _any_site(self, generator: Random) -> Site:
        return self._stage.any_site(generator)

    def _standing(self) -> list[Wire]:
        return [wire for site in self._stage.sites for wire in site.network.standing]

    def _count(self, name: str) -> None:
        stage = self._stage
        stage.say(f"!! {name}")
        for phase in stage.workshop.live.living_phases() or ["ended"]:
            stage.plan.hit(name, phase)

    def _kill(self, name: str, generator: Random) -> None:
        stage = self._stage
        if stage.run.is_dead or (name == "power_loss" and not stage.has_history):
            return
        stage.run.crash_point = name
        since_ns = None
        if name == "power_loss":
            # A leg that the engine sent of its own accord would be sent again under the same id.
            tail_ns = generator.randrange(300) * NS_PER_MS
            since_ns = max(stage.run.now_ns - tail_ns, stage.auditor.further_leg_ns + 1)
        stage.engine_died(stage.run, lost_since_ns=since_ns)

    def _disconnect(self, generator: Random) -> bool:
        wires = self._standing()
        if wires:
            wire = generator.choice(wires)
            wire.network.cut(wire)
        return bool(wires)

    def _half_open(self, generator: Random) -> bool:
        wires = self._standing()
        if wires:
            generator.choice(wires).is_silent = True
        return bool(wires)

    def _server_shutdown(self, generator: Random) -> bool:
        network = self._any_site(generator).network
        wires = network.standing
        for wire in wires:
            network.deliver_now(wire, b'{"event":{"e":"serverShutdown","E":1}}')
            self._stage.timeline.after(int((1 + 2 * generator.random()) * NS_PER_S), self._cut, wire)
        return bool(wires)

    @staticmethod
    def _cut(wire: Wire) -> None:
        if wire in wire.network.standing:
            wire.network.cut(wire)

    def _stream_ended(self, generator: Random) -> bool:
        network = self._any_site(generator).network
        wires = network.standing
        for wire in wires[:1]:
            payload = b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}'
            network.deliver_now(wire, payload)
        return bool(wires)

    def _venue_restart(self, generator: Random) -> bool:
        network = self._any_site(generator).network
        for wire in network.standing:
            network.cut(wire)
        self._refuse(network, generator)
        return True

    def _connect_refused(self, generator: Random) -> bool:
        self._refuse(self._any_site(generator).network, generator)
        return True

    def _refuse(self, network: Network, generator: Random) -> None:
        duration_ns = int((0.1 + generator.random()) * NS_PER_S)
        network.refuses_until_ns = self._stage.timeline.now_ns + duration_ns

    def _maintenance(self, generator: Random) -> bool:
        instrument = self._any_site(generator).venue.instrument
        instrument.status = "HALT"
        self._stage.timeline.after(int((0.2 + generator.random()) * NS_PER_S), setattr, instrument, "status", "TRADING")
        return True

    def _clock_skew(self, generator: Random) -> bool:
        clock = self._any_site(generator).venue.clock
        clock.skew_ns += generator.choice((-1, 1)) * int((1.2 + generator.random()) * NS_PER_S)
        return True

    def _unsolicited_cancel(self, generator: Random) -> bool:
        venue = self._any_site(generator).venue
        orders = venue.open_orders()
        if orders:
            venue.exchange.cancel(generator.choice(orders), f"venue{generator.randrange(10**9)}")
        return bool(orders)

    def _external_order(self, generator: Random) -> bool:
        site = self._any_site(generator)
        if not self._stage.workshop.live.state.table("holdings")[site.holding_place]["known_before_trade_id"]:
            # Before its first look at the trades they are no concern of the engine's.
            return False
        self._humans[site.number].act(generator)
        return True

    def _deposit(self, generator: Random) -> bool:
        venue = self._any_site(generator).venue
        venue.exchange.deposit(venue.account, generator.choice(("BTC", "USDT")), _DEPOSIT_UNITS)
        return True

    def _withdrawal(self, generator: Random) -> bool:
        venue = self._any_site(generator).venue
        venue.exchange.deposit(venue.account, generator.choice(("BTC", "USDT")), -_DEPOSIT_UNITS)
        return True

    def _unreported_change(self, generator: Random) -> bool:
        site = self._any_site(generator)
        asset, sign = generator.choice(("BTC", "USDT")), generator.choice((-1, 1))
        site.balances.change_without_word(asset, sign * _DEPOSIT_UNITS)
        return True

    def _journal_behind(self, generator: Random) -> bool:
        return self._journal_goes(JournalState.BEHIND, generator)

    def _journal_crash(self, generator: Random) -> bool:
        return self._journal_goes(JournalState.ABSENT, generator)

    def _journal_goes(self, state: JournalState, generator: Random) -> bool:
        run = self._stage.run
        if run.is_dead:
            return False
        run.journal_state(state)
        self._stage.timeline.after(int((0.1 + generator.random()) * NS_PER_S), self._journal_comes_back)
        return True

    def _journal_comes_back(self) -> None:
        if not self._stage.run.is_dead:
            self._stage.run.journal_state(JournalState.KEEPING)

    def _strategy_crash(self, generator: Random) -> bool:
        generator.choice(self._stage.clients).crash()
        return True
