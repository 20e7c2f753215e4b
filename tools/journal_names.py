"""Owns what a journal's newest snapshot calls the numbers in its events, and the events as a client is told them."""

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from engine.journal.disk import Disk
from engine.journal.event_file import KIND_WORD
from engine.journal.snapshot import newest_whole
from ipc.enums import InstrumentStatus, RecordKind
from ipc.events import FIRST_FIELD, Alarm, ExecutionReport
from ipc.instrument import Asset, Instrument
from ipc.parent_events import ParentReport, RouteDecision
from ipc.records import LAYOUTS
from tools.command_error import CommandError
from tools.engines import row_name

Told = ExecutionReport | ParentReport | RouteDecision | Alarm


class JournalNames:
    """Instruments and assets by their numbers; CommandError when the journal has no snapshot."""

    def __init__(self, disk: Disk) -> None:
        snapshot = newest_whole(disk, lambda said: None)
        if snapshot is None:
            raise CommandError(f"{disk.folder} holds no snapshot, which would say what its instruments are called")
        state = State(np.frombuffer(bytearray(snapshot.block), np.uint8))
        # Without its venue's rules nothing is known of what its ticks and lots mean.
        known = [row for row in state.table("instruments") if row["tick_units"] > 0 and row["lot_units"] > 0]
        self._instruments = {int(row["instrument_id"]): _instrument(row) for row in known}
        self._assets = {
            int(row["asset_id"]): Asset(int(row["asset_id"]), row_name(row, 2), int(row["decimals"]))
            for row in state.table("assets")
        }
        self._day_lots = state.table("markets")["day_lots"].tolist()

    def day_volume(self, instrument: Instrument) -> Decimal | None:
        """What the engine knew to trade in a day of an instrument's base asset; None when nobody had said."""
        lots = self._day_lots[instrument.instrument_id]
        return instrument.quantity(lots) if lots else None

    def event(self, slot: NDArray[np.int64]) -> Told:
        """A kept record as what a client is told."""
        kind = RecordKind(int(slot[KIND_WORD]))
        names = LAYOUTS[kind].names or ()
        words = slot[: len(names)].tolist()
        instrument = self._instruments.get(words[names.index("instrument_id")])
        fields = words[FIRST_FIELD:]
        if kind is RecordKind.EXECUTION_REPORT:
            return ExecutionReport(instrument, self._assets.get(words[names.index("fee_asset_id")]), False, *fields)
        if kind is RecordKind.PARENT_REPORT:
            quote_asset = self._assets.get(instrument.quote_asset_id) if instrument else None
            return ParentReport(instrument, quote_asset, False, *fields)
        if kind is RecordKind.ROUTE_DECISION:
            return RouteDecision(instrument, False, *fields)
        return Alarm(instrument, False, *fields)


def _instrument(row: np.void) -> Instrument:
    return Instrument(
        instrument_id=int(row["instrument_id"]),
        name=row_name(row, 4),
        venue_id=int(row["venue_id"]),
        status=InstrumentStatus(int(row["status"])),
        base_asset_id=int(row["base_asset_id"]),
        quote_asset_id=int(row["quote_asset_id"]),
        price_decimals=int(row["price_decimals"]),
        tick_units=int(row["tick_units"]),
        lot_decimals=int(row["lot_decimals"]),
        lot_units=int(row["lot_units"]),
    )
