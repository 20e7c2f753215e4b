"""Owns the way into the configuration: a TOML file in, a checked `Config` or every problem out."""

from pathlib import Path

from engine.configuration.checks import check_together
from engine.configuration.host import check_host, with_absolute_paths
from engine.configuration.problems import ConfigurationError, Problem, Problems
from engine.configuration.reader import read_section, read_table
from engine.configuration.shape import (
    AccountConfig,
    AlarmsConfig,
    Config,
    CurveConfig,
    EngineConfig,
    ExecutionConfig,
    GuardianConfig,
    IpcConfig,
    JournalConfig,
    LimitConfig,
    MonitoringConfig,
    OrdersConfig,
    RateLimitConfig,
    RiskConfig,
    StrategyConfig,
    VenueConfig,
)
from engine.configuration.terms import Terms, resolve_terms

__all__ = [
    "AccountConfig",
    "AlarmsConfig",
    "Config",
    "ConfigurationError",
    "CurveConfig",
    "EngineConfig",
    "ExecutionConfig",
    "GuardianConfig",
    "IpcConfig",
    "JournalConfig",
    "LimitConfig",
    "MonitoringConfig",
    "OrdersConfig",
    "Problem",
    "RateLimitConfig",
    "RiskConfig",
    "StrategyConfig",
    "Terms",
    "VenueConfig",
    "load_config",
    "resolve_terms",
]


def load_config(path: Path) -> Config:
    """The configuration in the file, with absolute paths; ConfigurationError lists every problem at once."""
    problems = Problems()
    table = read_table(path, problems)
    if table is not None:
        config = with_absolute_paths(read_section(Config, table, "", problems), path.absolute().parent)
        check_together(config, problems)
        check_host(config, problems)
        if not any(True for _ in problems):
            return config
    raise ConfigurationError(path, tuple(problems))
