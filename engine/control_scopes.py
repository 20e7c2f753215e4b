"""Owns the scopes of a configured engine by name, in the order of its state's SCOPE rows."""

from engine.config import Config
from ipc.control_segment import ENGINE_SCOPE, ScopeName
from ipc.enums import ScopeKind


def scopes_of_config(config: Config) -> list[ScopeName]:
    """One for each row; a strategy's row is its id, so there are rows that nobody uses."""
    strategies = {strategy.id: strategy.name for strategy in config.strategies}
    return [
        ENGINE_SCOPE,
        *(ScopeName(ScopeKind.VENUE, venue.name) for venue in config.venues),
        *(ScopeName(ScopeKind.ACCOUNT, account.name) for account in config.accounts),
        *(ScopeName(ScopeKind.STRATEGY, strategies.get(row, "")) for row in range(max(strategies) + 1)),
        *(
            ScopeName(ScopeKind.INSTRUMENT, f"{pair}.{venue.name}")
            for venue in config.venues
            for pair in venue.instruments
        ),
    ]
