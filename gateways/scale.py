"""Owns the tables that turn a venue's texts into the numbers of records."""

from collections.abc import Mapping

from gateways.decimal_text import UnitMemo
from gateways.errors import VenueProtocolError
from gateways.instrument import AssetBinding, InstrumentBinding
from ipc import order_id
from ipc.records import EXTERNAL_ORDER, NOT_STATED

ORDER_ID_MEMO_MAX = 65_536
SEEN_TRADES_MAX = 65_536


FILL_LOTS_MAX = (1 << 31) - 1
FILL_NOTIONAL_MAX = 1 << 62
"""No order of ours is larger, so no fill of one is."""
LOTS_MAX = 1 << 53
"""More than any book holds; sums of a few such quantities still fit a word."""


class InstrumentScale:
    """One instrument's number, its prices and quantities by their texts, and which trades of it came already."""

    __slots__ = ("_seen_trades", "instrument_id", "lots", "ticks")

    def __init__(self, binding: InstrumentBinding) -> None:
        rules = binding.rules
        self.instrument_id = binding.instrument_id
        self.ticks = UnitMemo(rules.price_decimals, rules.tick_units)
        self._seen_trades: set[int] = set()
        self.lots = UnitMemo(rules.lot_decimals, rules.lot_units, largest=LOTS_MAX)

    def fill(self, quantity: str, price: str) -> tuple[int, int]:
        """Lots and price of a fill; VenueProtocolError for one that no order of ours can have had."""
        lots, ticks = self.lots[quantity], self.ticks[price]
        if not 0 < lots <= FILL_LOTS_MAX or lots * ticks > FILL_NOTIONAL_MAX:
            raise VenueProtocolError(f"a fill of {quantity} at {price}")
        return lots, ticks

    def see_trade(self, trade_id: int, *, is_buyer: bool) -> None:
        """Takes note of a trade that became a record; both sides of one may be ours."""
        if len(self._seen_trades) >= SEEN_TRADES_MAX:
            self._seen_trades.clear()
        self._seen_trades.add(2 * trade_id + is_buyer)

    def has_seen_trade(self, trade_id: int, *, is_buyer: bool) -> bool:
        """Whether the trade became a record before; it may have been forgotten."""
        return 2 * trade_id + is_buyer in self._seen_trades

    def forget_trades_before(self, trade_id: int) -> None:
        """Nobody will ask for these any more."""
        self._seen_trades = {seen for seen in self._seen_trades if seen >= 2 * trade_id}


class InstrumentScales(dict[str, InstrumentScale]):
    """The instruments by symbol; a symbol that was not configured makes no sense."""

    def __init__(self, bindings: Mapping[str, InstrumentBinding]) -> None:
        super().__init__({symbol: InstrumentScale(binding) for symbol, binding in bindings.items()})

    def __missing__(self, symbol: str) -> InstrumentScale:
        raise VenueProtocolError(f"{symbol!r} is not a configured symbol")


class AssetScale:
    """One asset's number, and its amounts by their texts."""

    __slots__ = ("asset_id", "units")

    def __init__(self, binding: AssetBinding) -> None:
        self.asset_id = binding.asset_id
        self.units = UnitMemo(binding.decimals)


class AssetScales(dict[str, AssetScale]):
    """The configured assets by name."""

    def __init__(self, bindings: Mapping[str, AssetBinding]) -> None:
        super().__init__({asset: AssetScale(binding) for asset, binding in bindings.items()})
        self.unknown = 0

    def change(self, asset: str, amount: str) -> tuple[int, int]:
        """Asset and units of a change, which may be negative; NOT_STATED for an asset that is not configured."""
        scale = self.get(asset)
        if scale is None:
            return NOT_STATED, 0
        units = scale.units[amount.removeprefix("-")]
        return scale.asset_id, -units if amount.startswith("-") else units

    def fee(self, asset: str | None, amount: str | None) -> tuple[int, int]:
        """The fee's asset and units; a fee in an asset that is not configured is counted, and its fill stands."""
        if asset is None or amount is None:
            return NOT_STATED, 0
        scale = self.get(asset)
        if scale is None:
            self.unknown += 1
            return NOT_STATED, 0
        return scale.asset_id, scale.units[amount]


class OrderIds(dict[str, int]):
    """The order ids by wire text, EXTERNAL_ORDER for an order that is not ours.

    Decoding the text of an id costs as much as the rest of a report, and each id comes several times.
    """

    def __missing__(self, text: str) -> int:
        number = order_id.from_text(text) if text.isascii() else None
        if len(self) >= ORDER_ID_MEMO_MAX:
            self.clear()
        self[text] = found = EXTERNAL_ORDER if number is None else number
        return found
