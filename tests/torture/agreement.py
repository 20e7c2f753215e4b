"""Owns the comparison: the venue's log, the engine's state and the strategies' logs must say the same."""

from collections.abc import Mapping
from typing import Any

from ipc.enums import ConnectionState, JournalState
from ipc.order_id import unpack
from tests.torture.engine_view import EngineView
from tests.torture.strategy_log import StrategyLog
from tests.torture.venue_truth import VenueTruth, order_of

_SHOWN = 5


def differences(truth: VenueTruth, engine: EngineView, logs: Mapping[int, StrategyLog]) -> list[str]:
    """Every way in which the three disagree, in words; none when all is well. The logs are by strategy id."""
    found = [*_of_engine(truth, engine)]
    found += _differing("open orders", truth.open_orders(), engine.open_orders)
    positions = {strategy_id: lots for strategy_id, lots in truth.positions.items() if lots}
    found += _differing("positions", positions, engine.positions)
    if sum(positions.values()) != engine.account_lots:
        found.append(f"the account holds {engine.account_lots} lots, by the venue {sum(positions.values())}")
    for strategy_id, log in logs.items():
        found += _of_strategy(truth, strategy_id, log)
    return found


def doubled(truth: VenueTruth) -> list[int]:
    """The legs that reached the venue more than once."""
    return [leg_id for leg_id, times in truth.accepted.items() if times > 1]


def _of_engine(truth: VenueTruth, engine: EngineView) -> list[str]:
    found = []
    if engine.journal_state is not JournalState.KEEPING:
        found.append(f"the journal is {engine.journal_state.name}")
    if engine.connection_state != ConnectionState.LIVE:
        found.append(f"the connection is {ConnectionState(engine.connection_state).name}")
    if engine.unknown:
        shown = "; ".join(f"{order_id}: {doubt}" for order_id, doubt in list(engine.unknown.items())[:_SHOWN])
        found.append(f"{len(engine.unknown)} orders of unknown outcome: {shown}")
    if engine.overfills:
        found.append(f"{engine.overfills} overfills")
    if truth.foreign:
        found.append(f"{len(truth.foreign)} orders that are not ours: {truth.foreign[:_SHOWN]}")
    if doubled(truth):
        found.append(f"legs that reached the venue more than once: {doubled(truth)[:_SHOWN]}")
    return found


def _of_strategy(truth: VenueTruth, strategy_id: int, log: StrategyLog) -> list[str]:
    name = f"strategy {strategy_id}"
    found = _differing(f"{name}'s fills", truth.fills.get(strategy_id, {}), log.fills)
    if log.repeated_trades:
        found.append(f"{name} was told of trades again: {log.repeated_trades[:_SHOWN]}")
    if len(set(log.sequences)) != len(log.sequences):
        found.append(f"{name} was given reports again")
    gaps = sorted(set(range(1, log.last_sequence + 1)) - set(log.sequences))
    if gaps:
        found.append(f"{name} was never given {len(gaps)} of its reports: {gaps[:_SHOWN]}")
    if len(set(log.sent)) != len(log.sent):
        found.append(f"{name} was given an order id twice")
    at_venue = {order_of(leg_id) for leg_id in truth.accepted if unpack(leg_id).strategy_id == strategy_id}
    unknown = sorted(at_venue - set(log.sent) - log.told)
    if unknown:
        found.append(f"{name} does not know of {len(unknown)} orders at the venue: {unknown[:_SHOWN]}")
    return found


def _differing(what: str, at_venue: Mapping[int, Any], with_us: Mapping[int, Any]) -> list[str]:
    keys = [key for key in {**at_venue, **with_us} if at_venue.get(key) != with_us.get(key)]
    if not keys:
        return []
    shown = ", ".join(f"{key}: {at_venue.get(key)} / {with_us.get(key)}" for key in keys[:_SHOWN])
    return [f"{len(keys)} {what} differ (venue / us): {shown}"]
