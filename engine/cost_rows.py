"""Owns what the configuration says that trading an instrument moves its price by, as the core counts it."""

from fractions import Fraction

from engine.configuration.shape import InstrumentConfig
from engine.core.state import State
from gateways.instrument import InstrumentRules

DAY_LOTS_MAX = 1 << 62
_PPM_PER_BPS = 100


class DayVolumeError(Exception):
    """A day's volume is none in the lots of its instrument; the message says which are."""


def set_cost_model(state: State, instrument_id: int, config: InstrumentConfig, rules: InstrumentRules) -> None:
    """Lays a configured cost model into the instrument's row; without one the row stays as it is."""
    if config.day_volume is None:
        return
    lots = int(Fraction(config.day_volume) * 10**rules.lot_decimals / rules.lot_units)
    if not 0 < lots <= DAY_LOTS_MAX:
        raise DayVolumeError(
            f"day_volume of {config.day_volume} is {lots} lots, allowed are 1 to {DAY_LOTS_MAX}; "
            "say it in the base asset"
        )
    row = state.table("markets")[instrument_id]
    row["day_lots"] = lots
    row["impact_ppm"] = int(Fraction(config.impact_bps or 0) * _PPM_PER_BPS)
