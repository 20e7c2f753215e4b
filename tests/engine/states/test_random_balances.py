"""Of a venue's words much comes late, twice or in disorder: that is no difference, and what is lost for ever is one."""

from random import Random

import pytest

from ipc.enums import AlarmCode, ConnectionState, RecordKind
from tests.engine.core.world import BASE, NS_PER_MS, NS_PER_S, OTHER_ASSET, QUOTE, World
from tests.engine.states.balance_venue import LASTING_NS, OPENING, Venue, comparing_world

DIFFERS = AlarmCode.POSITION_DIFFERS
SEEDS = 40


@pytest.fixture
def world() -> World:
    return comparing_world()


class RandomVenue:
    """A venue with two connections' worth of disorder: nothing is lost for ever, but much is late or comes twice."""

    def __init__(self, world: World, seed: int) -> None:
        self.random = Random(seed)
        self.venue = Venue(world)
        self.late: list[dict[str, int]] = []
        self.words: list[dict[str, int]] = []
        self.alarms: list[AlarmCode] = []

    def act(self) -> None:
        """Lets one thing happen."""
        chance = self.random.random()
        venue = self.venue
        if chance < 0.35:
            report = venue.trade(self.random.randrange(1, 4), fee=self.random.randrange(3), fee_asset=OTHER_ASSET)
            if self.random.random() < 0.3:
                self.late.append(report)
            else:
                venue.tell_trade(report)
            self.words += [venue.word(asset) for asset in OPENING]
        elif chance < 0.55:
            self.tell_words()
        elif chance < 0.65:
            self.tell_late()
        elif chance < 0.70:
            self.deposit()
        elif chance < 0.75:
            self.lose_connection()
        elif chance < 0.77:
            venue.skew_ns += self.random.choice((-1, 1)) * self.random.randrange(5 * NS_PER_S)
        else:
            venue.pass_by(self.random.choice((0, NS_PER_MS // 4, NS_PER_S, 3 * NS_PER_S)))

    def tell_words(self) -> None:
        """What was said so far comes, in order; some of it a second time."""
        for word in self.words:
            for _ in range(1 + (self.random.random() < 0.1)):
                self.alarms += self.venue.world.feed(RecordKind.BALANCE, **word).alarms
        self.words.clear()

    def tell_late(self) -> None:
        """What was left out is found."""
        for report in self.late:
            self.venue.tell_trade(report)
        self.late.clear()

    def deposit(self) -> None:
        """Somebody gives or takes."""
        asset, delta = self.random.choice((BASE, QUOTE)), self.random.choice((-50, 90))
        self.venue.totals[asset] += delta
        told = {"account_id": 0, "asset_id": asset, "delta_units": delta, "venue_utc_ns": self.venue.utc_ns()}
        self.venue.world.feed(RecordKind.BALANCE_CHANGE, **told)
        self.words.append(self.venue.word(asset))

    def lose_connection(self) -> None:
        """Words are lost with it; trades are asked for before it is live again."""
        self.words.clear()
        self.venue.world.connection(ConnectionState.RECONCILING)
        self.tell_late()
        self.venue.world.connection(ConnectionState.LIVE)

    def sweep(self) -> None:
        """What is asked for in turn is answered."""
        self.tell_late()
        self.words += [self.venue.word(asset) for asset in OPENING]
        self.tell_words()

    def play(self) -> None:
        """A while of it."""
        for turn in range(120):
            self.act()
            if turn % 10 == 9:
                self.sweep()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_comes_late_or_twice_is_no_difference(world: World, seed: int) -> None:
    play = RandomVenue(world, seed)
    play.play()
    assert DIFFERS not in play.alarms
    play.venue.skew_ns = 60 * NS_PER_S
    play.venue.settle()
    for asset, total in play.venue.totals.items():
        assert world.row("balances", asset)["booked_units"] == total


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_lost_for_ever_is_told(world: World, seed: int) -> None:
    play = RandomVenue(world, seed)
    play.venue.settle()
    play.venue.trade()
    play.play()
    play.venue.skew_ns = 60 * NS_PER_S
    for _ in range(2):
        play.sweep()
        play.venue.pass_by(LASTING_NS + 1)
    play.sweep()
    assert DIFFERS in play.alarms
