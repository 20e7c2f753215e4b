"""Owns fitting the cost model of each instrument to an engine's own history, as lines for its configuration."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from engine.journal.events import EventReader
from ipc.clock import NS_PER_S
from ipc.instrument import Instrument
from ipc.parent_enums import Algorithm
from tools.answer import print_json
from tools.cost_fit import Fit, ModelError, TooFewParentsError, fit_impact, model_error
from tools.engines import find_engine
from tools.journal_folder import open_disk
from tools.journal_names import JournalNames
from tools.manual_client import table
from tools.parent_costs import ParentCost, read_parent_costs

COLUMNS = (
    "instrument",
    "parents",
    "impact_bps",
    "standard_error_bps",
    "r_squared",
    "day_volume",
    "expected_bps",
    "realised_bps",
    "bias_bps",
    "absolute_error_bps",
)
_DAY_NS = 86_400 * NS_PER_S
# Their price is one that the client chose, so that it says nothing of what trading moves.
_AT_A_CHOSEN_PRICE = (Algorithm.ICEBERG, Algorithm.SNIPER, Algorithm.BRACKET)
_IMPACT_BPS_MAX = Decimal("99999.99")
_BPS_PLACES = Decimal("0.01")


@dataclass(frozen=True)
class Calibration:
    """What the ended parents of one instrument say; without a fit the refusal says why."""

    instrument: Instrument
    error: ModelError
    parents: int
    spreads_known: int
    day_volume: Decimal | None
    is_volume_estimated: bool
    fit: Fit | None
    refusal: str | None

    @property
    def configuration(self) -> dict[str, str] | None:
        """The keys of the instrument's table; None without a fit."""
        if self.fit is None or self.day_volume is None:
            return None
        # Trading that seems to have moved the price in one's favour did not.
        impact_bps = min(max(Decimal(self.fit.impact_bps).quantize(_BPS_PLACES), Decimal(0)), _IMPACT_BPS_MAX)
        return {"name": self.instrument.name, "impact_bps": f"{impact_bps:f}", "day_volume": f"{self.day_volume:f}"}

    @property
    def notes(self) -> Iterator[str]:
        """What to know before using it."""
        if self.refusal is not None:
            yield f"no fit: {self.refusal}"
            return
        if self.fit is not None and self.fit.low_bps <= 0:
            yield "the impact cannot be told from none"
        if self.is_volume_estimated:
            yield "day_volume is estimated from what traded while parents worked"
        if self.spreads_known == 0:
            yield "no spread is known, so what it cost counts as impact"


def calibrate(place: str | None, *, as_json: bool) -> bool:
    """Tells the fit of each instrument that has traded; whether there is any."""
    disk = open_disk(place if place is not None else find_engine(None).name)
    names = JournalNames(disk)
    found = calibrations(read_parent_costs(EventReader(disk), names), names)
    if as_json:
        print_json({"journal": str(disk.folder), "instruments": [_row(calibration) for calibration in found]})
    else:
        print("\n".join(_lines(found)) if found else f"no parent order that ended and traded in {disk.folder}")
    return any(calibration.fit is not None for calibration in found)


def calibrations(costs: Iterator[ParentCost], names: JournalNames) -> list[Calibration]:
    """One for each instrument in which parents that trade at the market's price have ended, by name."""
    by_instrument: dict[Instrument, list[ParentCost]] = {}
    for cost in costs:
        if cost.report.algorithm not in _AT_A_CHOSEN_PRICE:
            by_instrument.setdefault(cost.instrument, []).append(cost)
    return [
        _calibration(instrument, by_instrument[instrument], names.day_volume(instrument))
        for instrument in sorted(by_instrument, key=lambda instrument: instrument.name)
    ]


def _calibration(instrument: Instrument, costs: list[ParentCost], told_volume: Decimal | None) -> Calibration:
    day_volume = told_volume if told_volume is not None else _estimated_volume(instrument, costs)
    spreads = [cost.half_spread_bps for cost in costs if cost.half_spread_bps is not None]
    fit, refusal = None, None
    if day_volume is None:
        refusal = "nothing is known to have traded in its market meanwhile; configure its day_volume"
    else:
        try:
            fit = _fit(costs, spreads, day_volume)
        except TooFewParentsError as error:
            refusal = str(error)
    return Calibration(
        instrument=instrument,
        error=model_error(
            [float(cost.report.expected_cost_bps) for cost in costs],
            [float(cost.report.realised_cost_bps) for cost in costs],
        ),
        parents=len(costs),
        spreads_known=len(spreads),
        day_volume=day_volume,
        is_volume_estimated=told_volume is None,
        fit=fit,
        refusal=refusal,
    )


def _fit(costs: list[ParentCost], spreads: list[float], day_volume: Decimal) -> Fit:
    """A parent that took nothing when it started is taken to have met the usual spread."""
    usual = median(spreads) if spreads else 0.0
    return fit_impact(
        [float(cost.report.cumulative_quantity / day_volume) for cost in costs],
        [cost.impact_bps(usual if cost.half_spread_bps is None else cost.half_spread_bps) for cost in costs],
    )


def _estimated_volume(instrument: Instrument, costs: list[ParentCost]) -> Decimal | None:
    """What would trade in a day if it did as while parents worked, in whole lots; None when nothing did."""
    known = [(cost.report.market_lots, cost.working_ns) for cost in costs if cost.working_ns is not None]
    market_lots = sum(lots for lots, working_ns in known if working_ns > 0)
    working_ns = sum(working_ns for _, working_ns in known if working_ns > 0)
    lots = market_lots * _DAY_NS // working_ns if working_ns else 0
    return instrument.quantity(lots) if lots > 0 else None


def _row(calibration: Calibration) -> dict[str, Any]:
    """One as a program wants it, as far as there is a fit."""
    fit, error = calibration.fit, calibration.error
    return {
        "instrument": calibration.instrument.name,
        "parents": calibration.parents,
        "impact_bps": round(fit.impact_bps, 2) if fit else None,
        "standard_error_bps": round(fit.standard_error_bps, 2) if fit else None,
        "interval_bps": [round(fit.low_bps, 2), round(fit.high_bps, 2)] if fit else None,
        "r_squared": round(fit.r_squared, 3) if fit else None,
        "day_volume": f"{calibration.day_volume:f}" if calibration.day_volume is not None else None,
        "is_volume_estimated": calibration.is_volume_estimated,
        "spreads_known": calibration.spreads_known,
        "expected_bps": round(error.expected_bps, 2),
        "realised_bps": round(error.realised_bps, 2),
        "bias_bps": round(error.bias_bps, 2),
        "absolute_error_bps": round(error.absolute_error_bps, 2),
        "notes": list(calibration.notes),
        "configuration": calibration.configuration,
    }


def _lines(found: list[Calibration]) -> Iterator[str]:
    yield table([_row(calibration) for calibration in found], COLUMNS)
    for calibration in found:
        for note in calibration.notes:
            yield f"{calibration.instrument.name}: {note}"
    if any(calibration.configuration for calibration in found):
        yield "\nfor the configuration; where an instrument has a table already, its two keys go there:"
    for calibration in found:
        keys = calibration.configuration
        if keys is not None:
            yield "\n".join(("", "[[instrument]]", *(f'{key} = "{value}"' for key, value in keys.items())))
