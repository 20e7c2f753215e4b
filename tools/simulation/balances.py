"""Owns what a seed makes of balances: a difference that nobody was told of is noticed, and nothing else is."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gateways.sweep import SWEEP_EVERY_NS
from ipc.clock import NS_PER_S
from ipc.enums import AlarmCode
from tools.simulation.setting import ACCOUNT_NAME, BALANCES, POSITION_DIFFERS_NS
from tools.simulation.violation import ViolationError

if TYPE_CHECKING:
    from tools.simulation.site import Site
    from tools.simulation.stage import Stage

TOLD_NS = POSITION_DIFFERS_NS + 2 * SWEEP_EVERY_NS + 2 * NS_PER_S
"""In which a difference is told of: two turns bring the words between which it lasts."""
_UNITS = Decimal(10**8)


class Balances:
    """One account's balances by venue, engine and truth; `unreported` is what the venue changed without a word."""

    def __init__(self, stage: Stage, site: Site) -> None:
        self._stage = stage
        self._site = site
        self._assets = stage.setting.directory.assets
        self.unreported: Counter[str] = Counter()

    def know_opening(self) -> None:
        """Makes the engine one that has compared balances before: what it has booked is certain."""
        for name, row in zip(self._assets, self._rows(), strict=True):
            row["booked_units"] = int(Decimal(BALANCES.get(name, "0")) * _UNITS)
            row["base_utc_ns"] = 1

    def change_without_word(self, asset: str, units: int) -> None:
        """The venue has more or less of an asset for the account, and tells nobody."""
        venue = self._site.venue
        venue.account.free[asset] += units
        venue.account.updated_ns = venue.clock.utc_ns()
        self.unreported[asset] += units

    @property
    def is_open(self) -> bool:
        """Whether more words may show something yet."""
        differing = self._differing()
        return any(
            not row["is_difference_told"]
            and (row["differs_since_ns"] or (self._stage.has_history and name in differing))
            for name, row in zip(self._assets, self._rows(), strict=True)
        )

    def at_rest(self, *, gaps: bool, is_clock_set: bool) -> None:
        """When nothing more is under way; with gaps a trade of others may have stayed out of sight."""
        differing, told = self._differing(), self._told()
        alarms = self._stage.workshop.live.state.table("alarms")
        is_alarm = bool(
            ((alarms["code"] == AlarmCode.POSITION_DIFFERS) & (alarms["account_id"] == self._site.number)).any()
        )
        if (is_alarm or told) and not (self._stage.has_history and differing):
            raise ViolationError("I14", f"told that {sorted(told)} differ, and {differing} do")
        if not self._stage.has_history:
            return
        unexplained = {asset: units - self._unknowable(asset) for asset, units in differing.items()}
        if any(unexplained.values()) and not gaps:
            raise ViolationError("I14", f"beyond what nobody could know {unexplained} units differ")
        # Words of a clock that was set back do not count until it has come as far again.
        if told != differing.keys() and not is_clock_set:
            raise ViolationError("I14", f"{differing} units differ, and it was told of {sorted(told)}")

    def _rows(self) -> Any:
        rows = self._stage.workshop.live.state.table("balances")
        return rows.reshape(-1, len(self._assets))[self._site.number]

    def _told(self) -> set[str]:
        return {name for name, row in zip(self._assets, self._rows(), strict=True) if row["is_difference_told"]}

    def _differing(self) -> dict[str, int]:
        """What the venue has of each asset beyond what was booked."""
        account = self._site.venue.account
        pairs = zip(self._assets, self._rows()["booked_units"].tolist(), strict=True)
        beyond = {name: account.free[name] + account.locked[name] - booked for name, booked in pairs}
        return {name: units for name, units in beyond.items() if units}

    def _unknowable(self, asset: str) -> int:
        """What came or went without the engine being told."""
        deposits = sum(
            int(Decimal(record["quantity"]) * _UNITS)
            for record in self._site.venue.log.records
            if record["event"] == "deposited" and record["account"] == ACCOUNT_NAME and record["asset"] == asset
        )
        heard = int(self._rows()["external_units"][self._assets.index(asset)])
        return self.unreported[asset] + deposits - heard
