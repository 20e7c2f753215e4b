"""Owns an account as its venue knows it, for tests of what the core makes of the venue's words."""

from ipc.control_enums import Breaker, BreakerAction
from ipc.enums import AlarmCode, ConnectionState, RecordKind, Side, VenueEvent
from tests.engine.core.refused_states import breaker
from tests.engine.core.step_effects import Step
from tests.engine.core.world import BASE, NS_PER_MS, NS_PER_S, OTHER_ASSET, QUOTE, UTC_OFFSET_NS, World

LASTING_NS = 60 * NS_PER_S
PRICE_TICKS = 10_000
OPENING = {BASE: 1_000_000, QUOTE: 10_000_000_000, OTHER_ASSET: 5_000}


def comparing_world() -> World:
    """A world in which trades are worth something, and balances are compared."""
    world = World(trades=512)
    for instrument in world.state.table("instruments"):
        instrument["units_per_lot"] = instrument["units_per_notional"] = 1
        instrument["money_notional_max"] = 1 << 50
    breaker(world, Breaker.POSITION_DIFFERS, BreakerAction.REFUSE, threshold=LASTING_NS)
    return world


class Venue:
    """An account as its venue knows it, and what it tells the core of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.totals = dict(OPENING)
        self.skew_ns = 0
        self.trade_count = 0
        self._order_id = world.place(side=Side.BUY, order_lots=4_000, price_ticks=PRICE_TICKS)

    def utc_ns(self) -> int:
        """The venue's time, in whole milliseconds as its stamps are."""
        utc_ns = self.world.now_ns + UTC_OFFSET_NS + self.skew_ns
        return utc_ns // NS_PER_MS * NS_PER_MS

    def trade(self, lots: int = 3, *, fee: int = 0, fee_asset: int = BASE) -> dict[str, int]:
        """Buys; returns the report of it, which nobody has been told yet."""
        self.trade_count += 1
        self.totals[BASE] += lots
        self.totals[QUOTE] -= lots * PRICE_TICKS
        self.totals[fee_asset] -= fee
        stamp = {"trade_id": 1_000 + self.trade_count, "venue_utc_ns": self.utc_ns()}
        return {"last_lots": lots, "fee_units": fee, "fee_asset_id": fee_asset, **stamp}

    def tell_trade(self, report: dict[str, int], event: VenueEvent = VenueEvent.FILL) -> Step:
        """A report of a trade comes."""
        fields = {"instrument_id": 0, "last_price_ticks": PRICE_TICKS, **report}
        return self.world.venue(event, self._order_id, **fields)

    def word(self, asset_id: int = BASE) -> dict[str, int]:
        """What the venue says at this moment of one balance."""
        locked = self.totals[asset_id] // 3
        amounts = {"free_units": self.totals[asset_id] - locked, "locked_units": locked}
        return {"account_id": 0, "asset_id": asset_id, **amounts, "venue_utc_ns": self.utc_ns()}

    def tell(self, *asset_ids: int) -> list[AlarmCode]:
        """Words come, of every asset where none is named; returns the alarms."""
        assets = asset_ids or tuple(OPENING)
        return [code for asset in assets for code in self.world.feed(RecordKind.BALANCE, **self.word(asset)).alarms]

    def settle(self) -> None:
        """Lets words agree for so long that the base is certain."""
        for _ in range(3):
            assert self.tell() == []
            self.pass_by(LASTING_NS)

    def pass_by(self, duration_ns: int) -> None:
        """Lets time pass."""
        self.world.now_ns += duration_ns

    def come_back(self) -> None:
        """The connection is lost and found."""
        for state in (ConnectionState.DOWN, ConnectionState.CONNECTING, ConnectionState.RECONCILING):
            self.world.connection(state)
        self.world.connection(ConnectionState.LIVE)
