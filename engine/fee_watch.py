"""Owns noticing that what an account traded has reached another tier of its venue's fees."""

from collections import deque
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.config import Config
from engine.core.state import State
from engine.directory import Directory
from engine.fee_tiers import Rates, rates_of
from engine.host_clock import Core
from gateways.record_writer import new_rows
from ipc.clock import NS_PER_S, Clock
from ipc.enums import RecordKind
from ipc.records import ALL_INSTRUMENTS, FEE_RATES
from ipc.tables import RATE_ONE

_LOOK_EVERY_NS = 60 * NS_PER_S
_DAY_NS = 86_400 * NS_PER_S
_DAYS = 30
_UNITS_PER_ONE = 10**8


class FeeWatch:
    """Counts what this run has traded over the last 30 days, beside what the configuration says was before."""

    def __init__(self, config: Config, directory: Directory, state: State, *, clock: Clock, core: Core) -> None:
        self._state = state
        self._clock = clock
        self._core = core
        self._rows = new_rows(capacity=1)
        venues = {venue.name: venue.fees for venue in config.venues}
        self._fees = {
            account_id: venues[account.venue]
            for account_id, account in enumerate(config.accounts)
            if venues[account.venue].tiers
        }
        self._told = {account_id: rates_of(fees, Decimal(fees.volume)) for account_id, fees in self._fees.items()}
        self._instruments = len(directory.instruments)
        # What had been traded when each of the last days began.
        self._marks: deque[tuple[int, NDArray[np.int64]]] = deque()
        self._start_day = self._day()
        self._look_ns = clock.monotonic_ns()

    def look(self) -> None:
        """Tells the core of rates that have changed; does nothing when it did so less than a minute ago."""
        now_ns = self._clock.monotonic_ns()
        if not self._fees or now_ns < self._look_ns:
            return
        self._look_ns = now_ns + _LOOK_EVERY_NS
        self._mark()
        for account_id, fees in self._fees.items():
            earlier = Decimal(fees.volume) if self._day() < self._start_day + _DAYS else Decimal(0)
            rates = rates_of(fees, earlier + self._volume(account_id))
            if rates != self._told[account_id]:
                self._told[account_id] = rates
                self._tell(account_id, rates)

    def _day(self) -> int:
        return self._clock.utc_ns() // _DAY_NS

    def _traded(self) -> NDArray[np.int64]:
        notional: NDArray[np.int64] = self._state.table("holdings")["traded_notional"].copy()
        return notional

    def _mark(self) -> None:
        day = self._day()
        if not self._marks or self._marks[-1][0] < day:
            self._marks.append((day, self._traded()))
        while self._marks[0][0] <= day - _DAYS:
            self._marks.popleft()

    def _volume(self, account_id: int) -> Decimal:
        """What an account traded since the oldest mark, in the risk currency at the rates of now."""
        traded = self._traded() - self._marks[0][1]
        instruments, assets = self._state.table("instruments"), self._state.table("assets")
        units = 0
        for instrument_id in range(self._instruments):
            instrument = instruments[instrument_id]
            notional = int(traded[account_id * self._instruments + instrument_id])
            rate = int(assets[instrument["quote_asset_id"]]["rate"])
            units += notional * int(instrument["units_per_notional"]) * rate // RATE_ONE
        return Decimal(units) / _UNITS_PER_ONE

    def _tell(self, account_id: int, rates: Rates) -> None:
        record = self._rows[0][: FEE_RATES.itemsize // 8].view(FEE_RATES)[0]
        record["kind"] = RecordKind.FEE_RATES
        record["published_ns"] = self._clock.monotonic_ns()
        record["account_id"], record["instrument_id"] = account_id, ALL_INSTRUMENTS
        record["maker_ppm"], record["taker_ppm"] = rates
        self._core.apply(self._rows, 1)
