"""Owns what a client knows by name: the engine's instruments, its strategy's accounts, the assets."""

from ipc.channel import Channel
from ipc.enums import ConnectionState, InstrumentStatus, RecordKind
from ipc.errors import UnknownNameError
from ipc.instrument import Account, Asset, Instrument
from ipc.records import ACCOUNT_STATUS, ALL_INSTRUMENTS, ASSET_STATUS, INSTRUMENT_STATUS
from ipc.tables import words_name

_NAMES_SHOWN = 10


def _named(layout_names: tuple[str, ...] | None, words: tuple[int, ...]) -> dict[str, int]:
    """A record's words by field name."""
    return dict(zip(layout_names or (), words, strict=True))


class Catalog:
    """Names and scales, as the engine said them when they were last loaded."""

    def __init__(self) -> None:
        self.instruments: dict[str, Instrument] = {}
        self.instruments_by_id: dict[int, Instrument] = {}
        self.accounts: dict[str, Account] = {}
        self.accounts_by_id: dict[int, Account] = {}
        self.assets_by_id: dict[int, Asset] = {}
        self._account_of_venue: dict[int, list[Account]] = {}

    def load(self, channel: Channel) -> None:
        """Asks the engine for everything anew."""
        instruments = [_instrument(words) for words in channel.rows(RecordKind.INSTRUMENT_STATUS, ALL_INSTRUMENTS)]
        self.instruments = {instrument.name: instrument for instrument in instruments}
        self.instruments_by_id = {instrument.instrument_id: instrument for instrument in instruments}
        accounts = [_account(words) for words in channel.rows(RecordKind.ACCOUNT_STATUS, ALL_INSTRUMENTS)]
        self.accounts = {account.name: account for account in accounts}
        self.accounts_by_id = {account.account_id: account for account in accounts}
        self._account_of_venue = {}
        for account in accounts:
            self._account_of_venue.setdefault(account.venue_id, []).append(account)
        assets = [_asset(words) for words in channel.rows(RecordKind.ASSET_STATUS, ALL_INSTRUMENTS)]
        self.assets_by_id = {asset.asset_id: asset for asset in assets}

    def instrument(self, instrument: str | Instrument) -> Instrument:
        """The instrument of a name."""
        if isinstance(instrument, Instrument):
            return instrument
        known = self.instruments.get(instrument)
        if known is None:
            raise UnknownNameError(
                f"the engine has no instrument {instrument!r}; allowed are {_some(self.instruments)}"
            )
        return known

    def account_id(self, account: str | None, instrument: Instrument) -> int:
        """The id of a named account, or of the only one that this strategy has at the instrument's venue."""
        if account is None:
            candidates = self._account_of_venue.get(instrument.venue_id, [])
            if len(candidates) == 1:
                return candidates[0].account_id
            raise UnknownNameError(
                f"{instrument.name} trades at venue {instrument.venue_id}, where this strategy may use "
                f"{_some({known.name: known for known in candidates})}; allowed is exactly one, or name it: account=…"
            )
        return self.account(account).account_id

    def account(self, name: str) -> Account:
        """The account of a name."""
        known = self.accounts.get(name)
        if known is None:
            raise UnknownNameError(f"this strategy has no account {name!r}; allowed are {_some(self.accounts)}")
        return known


def _some(names: dict[str, Instrument] | dict[str, Account]) -> str:
    shown = ", ".join(sorted(names)[:_NAMES_SHOWN]) or "none"
    return f"{shown} and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else shown


def _instrument(words: tuple[int, ...]) -> Instrument:
    row = _named(INSTRUMENT_STATUS.names, words)
    return Instrument(
        instrument_id=row["instrument_id"],
        name=words_name([row[f"name_{index}"] for index in range(4)]),
        venue_id=row["venue_id"],
        status=InstrumentStatus(row["status"]),
        base_asset_id=row["base_asset_id"],
        quote_asset_id=row["quote_asset_id"],
        price_decimals=row["price_decimals"],
        tick_units=row["tick_units"],
        lot_decimals=row["lot_decimals"],
        lot_units=row["lot_units"],
    )


def _account(words: tuple[int, ...]) -> Account:
    row = _named(ACCOUNT_STATUS.names, words)
    return Account(
        account_id=row["account_id"],
        name=words_name([row["name_0"], row["name_1"]]),
        venue_id=row["venue_id"],
        connection_state=ConnectionState(row["connection_state"]),
    )


def _asset(words: tuple[int, ...]) -> Asset:
    row = _named(ASSET_STATUS.names, words)
    return Asset(asset_id=row["asset_id"], name=words_name([row["name_0"], row["name_1"]]), decimals=row["decimals"])
