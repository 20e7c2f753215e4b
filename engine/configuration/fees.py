"""Owns what a venue's fees must satisfy together: tiers that rise, a discount that somebody pays."""

from decimal import Decimal

from engine.configuration.problems import Problems, shown
from engine.configuration.shape import Config, FeesConfig


def check_fees(config: Config, problems: Problems) -> None:
    """Notes fees of which it is not clear when they hold."""
    for index, venue in enumerate(config.venues):
        key = f"venue[{index}].fees"
        if problems.is_sound("venue", key):
            _check_tiers(venue.fees, key, problems)
            _check_discount(venue.fees, key, problems)


def _check_tiers(fees: FeesConfig, key: str, problems: Problems) -> None:
    before = Decimal(0)
    for place, tier in enumerate(fees.tiers):
        path = f"{key}.tiers[{place}].volume"
        if not problems.is_sound(path):
            return
        volume = Decimal(tier.volume)
        if volume <= before:
            problems.add(
                path,
                "is no more than that of the tier before it",
                value=shown(tier.volume),
                allowed=f"more than {before}",
                fix="list the tiers from the smallest volume up; below the first one maker_bps and taker_bps hold",
            )
        before = max(before, volume)


def _check_discount(fees: FeesConfig, key: str, problems: Problems) -> None:
    if (fees.discount_bps == 0) == (fees.discount_asset is None):
        return
    problems.add(
        key,
        "has discount_bps without discount_asset" if fees.discount_bps else "has discount_asset without discount_bps",
        allowed="both or neither",
        fix="name the asset that fees are paid in, and the part of them that this saves",
    )
