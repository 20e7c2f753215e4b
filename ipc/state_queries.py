"""Owns what a client may ask of the engine's state: orders, positions, balances, prices, instruments, accounts."""

from typing import NamedTuple

from ipc.catalog import Catalog
from ipc.channel import Channel
from ipc.enums import RecordKind
from ipc.errors import UnknownNameError
from ipc.events import FIRST_FIELD, Balance, Best, ExecutionReport, OpenOrder, Position
from ipc.instrument import Account, Instrument
from ipc.records import ALL_INSTRUMENTS, EXECUTION_REPORT, HEADER_FIELDS, INSTRUMENT_STATUS, ORDER_STATUS

_AFTER_HEADER = len(HEADER_FIELDS)
_PUBLISHED_NS = HEADER_FIELDS.index("published_ns")
_ORDER_WORDS, _REPORT_WORDS = ORDER_STATUS.names or (), EXECUTION_REPORT.names or ()
_ORDER_ID, _INSTRUMENT_ID = _ORDER_WORDS.index("order_id"), _ORDER_WORDS.index("instrument_id")
_REPORTED_INSTRUMENT_ID = _REPORT_WORDS.index("instrument_id")
_FEE_ASSET_ID = _REPORT_WORDS.index("fee_asset_id")
_BID_TICKS = (INSTRUMENT_STATUS.names or ()).index("bid_ticks")
_BOOK_RECEIVED_NS = (INSTRUMENT_STATUS.names or ()).index("book_received_ns")


class Snapshot(NamedTuple):
    """How things stand: this strategy's open orders and its positions."""

    open_orders: list[OpenOrder]
    positions: list[Position]


class StateQueries:
    """The reading half of a client; over ZeroMQ it waits for the engine's answers."""

    _channel: Channel

    def __init__(self) -> None:
        self._catalog = Catalog()

    def resync(self) -> Snapshot:
        """How things stand, after a connection was made or reports were lost."""
        return Snapshot(self.open_orders(), self.positions())

    def open_orders(self) -> list[OpenOrder]:
        """This strategy's open orders."""
        rows = self._channel.rows(RecordKind.ORDER_STATUS, ALL_INSTRUMENTS)
        # An order is listed again when the listing had to begin anew; the later row is the truer one.
        orders = {words[_ORDER_ID]: words for words in rows}
        instruments = self._catalog.instruments_by_id
        return [
            OpenOrder(instruments[words[_INSTRUMENT_ID]], words[_PUBLISHED_NS], *words[_AFTER_HEADER:])
            for words in orders.values()
        ]

    def positions(self) -> list[Position]:
        """This strategy's positions in every instrument that it traded."""
        rows = self._channel.rows(RecordKind.POSITION_STATUS, ALL_INSTRUMENTS)
        return [self._position(words) for words in rows]

    def position(self, instrument: str | Instrument) -> Position:
        """This strategy's position in one instrument."""
        wanted = self._catalog.instrument(instrument).instrument_id
        return self._position(self._channel.rows(RecordKind.POSITION_STATUS, wanted)[0])

    def balances(self) -> list[Balance]:
        """What this strategy's accounts hold, as their venues last said."""
        accounts, assets = self._catalog.accounts_by_id, self._catalog.assets_by_id
        rows = self._channel.rows(RecordKind.BALANCE_STATUS, ALL_INSTRUMENTS)
        fields = [words[_AFTER_HEADER:] for words in rows]
        return [Balance(accounts[values[0]], assets[values[1]], *values) for values in fields]

    def best(self, instrument: str | Instrument) -> Best:
        """The best bid and ask of one instrument."""
        known = self._catalog.instrument(instrument)
        words = self._channel.rows(RecordKind.INSTRUMENT_STATUS, known.instrument_id)[0]
        received_ns = words[_BOOK_RECEIVED_NS]
        age_ns = words[_PUBLISHED_NS] - received_ns if received_ns else None
        return Best(known, age_ns, *words[_BID_TICKS:_BOOK_RECEIVED_NS])

    def instruments(self) -> dict[str, Instrument]:
        """The engine's instruments by name, asked for anew."""
        self._catalog.load(self._channel)
        return dict(self._catalog.instruments)

    def accounts(self) -> dict[str, Account]:
        """This strategy's accounts by name, asked for anew."""
        self._catalog.load(self._channel)
        return dict(self._catalog.accounts)

    def _report(self, words: tuple[int, ...], is_last_of_burst: bool) -> ExecutionReport:
        instrument = self._catalog.instruments_by_id.get(words[_REPORTED_INSTRUMENT_ID])
        fee_asset = self._catalog.assets_by_id.get(words[_FEE_ASSET_ID])
        return ExecutionReport(instrument, fee_asset, is_last_of_burst, *words[FIRST_FIELD:])

    def _position(self, words: tuple[int, ...]) -> Position:
        values = words[_AFTER_HEADER:]
        return Position(self._catalog.instruments_by_id[values[1]], *values)

    def _instrument_of_open(self, order_id: int) -> Instrument:
        known = next((order.instrument for order in self.open_orders() if order.order_id == order_id), None)
        if known is None:
            raise UnknownNameError(
                f"order {order_id} is not open, so its instrument is not known; "
                "allowed are this strategy's open orders, or name it: instrument=…"
            )
        return known
