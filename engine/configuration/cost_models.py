"""Owns what an instrument's cost model must satisfy together: an impact is that of trading some volume."""

from decimal import Decimal

from engine.configuration.problems import Problems, shown
from engine.configuration.shape import Config


def check_cost_models(config: Config, problems: Problems) -> None:
    """Notes an impact that would have no effect, and a day in which nothing trades."""
    for index, instrument in enumerate(config.instruments):
        key = f"instrument[{index}]"
        if not problems.is_sound(key):
            continue
        if instrument.impact_bps is not None and instrument.day_volume is None:
            problems.add(
                key,
                "has impact_bps without day_volume",
                allowed="both, or day_volume alone",
                fix="add how much of the base asset trades in a day, as `oms calibrate` prints it",
            )
        if instrument.day_volume is not None and Decimal(instrument.day_volume) == 0:
            problems.add(
                f"{key}.day_volume",
                "is no volume of a day",
                value=shown(instrument.day_volume),
                allowed="more than 0",
                fix="say how much of the base asset trades in a day, or leave it out",
            )
