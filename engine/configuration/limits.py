"""Owns what limits must satisfy together: a currency with a price, instruments that exist, cancels that may leave."""

from engine.configuration.problems import Problems, shown
from engine.configuration.shape import Config, LimitsConfig


def check_limits(config: Config, problems: Problems) -> None:
    """Notes limits that could not hold, or that would hold up the wrong thing."""
    if not problems.is_sound("venue"):
        return
    _check_currency(config, problems)
    _check_instruments(config, problems)
    tables: list[tuple[str, LimitsConfig | None]] = [
        ("limits", config.limits),
        *((f"venue[{index}].limits", venue.limits) for index, venue in enumerate(config.venues)),
        *((f"account[{index}].limits", account.limits) for index, account in enumerate(config.accounts)),
        *((f"strategy[{index}].limits", strategy.limits) for index, strategy in enumerate(config.strategies)),
        *((f"instrument[{index}].limits", entry.limits) for index, entry in enumerate(config.instruments)),
    ]
    for key, limits in tables:
        if limits is not None and problems.is_sound(key):
            _check_together(limits, key, problems)


def _check_currency(config: Config, problems: Problems) -> None:
    assets = sorted({asset for venue in config.venues for pair in venue.instruments for asset in pair.split("/")})
    if problems.is_sound("risk.currency") and assets and config.risk.currency not in assets:
        problems.add(
            "risk.currency",
            "is no asset of the instruments",
            value=shown(config.risk.currency),
            allowed=", ".join(assets[:6]) + (" …" if len(assets) > 6 else ""),
            fix="set risk.currency to the asset that you count in",
        )
    if config.risk.valuation_interval_ms >= config.risk.book_age_max_ms:
        problems.add(
            "risk.valuation_interval_ms",
            "is as long as a price is good for, so no rate would ever be fresh",
            value=str(config.risk.valuation_interval_ms),
            allowed=f"less than book_age_max_ms, {config.risk.book_age_max_ms}",
            fix="shorten the interval",
        )


def _check_instruments(config: Config, problems: Problems) -> None:
    names = [f"{pair}.{venue.name}" for venue in config.venues for pair in venue.instruments]
    seen: set[str] = set()
    for index, entry in enumerate(config.instruments):
        key = f"instrument[{index}].name"
        if problems.is_sound(key) and (entry.name not in names or entry.name in seen):
            problems.add(
                key,
                "has a table already" if entry.name in seen else "is traded at no venue of this file",
                value=shown(entry.name),
                allowed=", ".join(names[:6]) + (" …" if len(names) > 6 else ""),
                fix="name an instrument once",
            )
        seen.add(entry.name)


def _check_together(limits: LimitsConfig, key: str, problems: Problems) -> None:
    fewest = max(_number(limits.max_new_per_s), _number(limits.max_amends_per_s))
    if _number(limits.max_cancels_per_s) < fewest:
        problems.add(
            f"{key}.max_cancels_per_s",
            "lets fewer cancels leave than orders",
            value=str(limits.max_cancels_per_s),
            allowed="at least max_new_per_s and max_amends_per_s",
            fix="raise max_cancels_per_s",
        )
    if limits.max_traded not in ("0", "unlimited") and limits.traded_window_ms == 0:
        problems.add(
            f"{key}.traded_window_ms",
            "is 0, so what was traded would count for ever",
            allowed="milliseconds up to a day",
            fix="add the window that max_traded is for",
        )


def _number(value: int | str) -> float:
    return float("inf") if isinstance(value, str) else value
