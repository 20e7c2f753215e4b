"""Owns the loops of the risk benchmark: the chain of controls and the rate check, for one new order after another."""

from engine.core.rate_checks import check_rate
from engine.core.risk import Leaving, check_leaving
from ipc.compiler import kernel, kernel_without_gil
from ipc.enums import RequestKind, Side
from ipc.histogram import record_value
from ipc.memory import monotonic_ns
from perf.core_kernels import ORDER_LOTS, price_of, some_place, world_at

CHAIN = 64


@kernel
def _leaving(strategy_id: int, instrument_id: int, side: int, price_ticks: int) -> Leaving:
    """A plain limit order."""
    lots, kind = ORDER_LOTS + 0, RequestKind.NEW + 0
    return Leaving(
        strategy_id,
        0,
        instrument_id,
        side,
        price_ticks,
        price_ticks,
        lots,
        lots,
        0,
        0,
        0,
        kind,
        0,
        0,
        0,
        False,
        True,
        False,
        False,
        True,
        False,
    )


@kernel
def check_order(state: int, strategies: int, instruments: int, number: int) -> int:
    """Why an order of some strategy in some instrument may not leave, 0 when it may."""
    strategy_id = 1 + some_place(number, strategies)
    instrument_id = some_place(number + strategy_id, instruments)
    side = Side.BUY + 0 if number & 1 == 0 else Side.SELL + 0
    verdict = check_leaving(state, _leaving(strategy_id, instrument_id, side, price_of(number)))
    if verdict.reason != 0:
        return verdict.reason
    return check_rate(state, strategy_id, 0, instrument_id, RequestKind.NEW, 0).reason


@kernel_without_gil
def check_in_a_row(address: int, count: int, chains: int) -> int:
    """Times CHAIN orders for each sample; returns how many were refused."""
    world = world_at(address)
    state, strategies, instruments = world["state"], world["strategies"], world["instruments"]
    refused = 0
    for sample in range(count):
        started = monotonic_ns()
        for index in range(CHAIN):
            refused += 1 if check_order(state, strategies, instruments, sample * CHAIN + index) != 0 else 0
        record_value(chains, monotonic_ns() - started)
    return refused


@kernel_without_gil
def check_singly(address: int, count: int, chains: int) -> int:
    """Times each order by itself; returns how many were refused."""
    world = world_at(address)
    state, strategies, instruments = world["state"], world["strategies"], world["instruments"]
    refused = 0
    for number in range(count):
        started = monotonic_ns()
        reason = check_order(state, strategies, instruments, number)
        record_value(chains, monotonic_ns() - started)
        refused += 1 if reason != 0 else 0
    return refused
