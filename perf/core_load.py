"""Owns what the benchmarks of the core do to a world: one side of a comparison each, counted and verified."""

from ipc.clock import NS_PER_S
from ipc.memory import address_of
from perf import core_kernels
from perf.core_kernels import ORDER_LOTS
from perf.core_world import Size, World
from perf.latency import new_histogram, quantile

EDGE_FILLS = 400


def small_case(burst: int) -> "Counted":
    """The world that the large one is held against, with room for a burst of orders."""
    return Counted(Size(instruments=10, strategies=1, live_orders=100, burst=burst))


class Counted:
    """A world and how much was done to it, so that it can be verified after every repetition."""

    def __init__(self, size: Size) -> None:
        self.world = World(size)
        self._orders, self._fills, self._lots = size.live_orders, 0, 0
        self.done(orders=0, fills=0, lots=0)

    def done(self, *, orders: int, fills: int, lots: int) -> None:
        """Counts what a loop did and compares the state with it."""
        self._orders += orders
        self._fills += fills
        self._lots += lots
        self.world.verify(orders=self._orders, fills=self._fills, filled_lots=self._lots)


def churn(counted: Counted, count: int) -> dict[str, float]:
    """New orders and fills of random standing orders, each timed."""
    new_orders, fills = new_histogram(), new_histogram()
    core_kernels.churn(
        core_kernels.compiled_core(), counted.world.address, count, address_of(new_orders), address_of(fills)
    )
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"new_order": quantile(new_orders, 0.5), "fill": quantile(fills, 0.5)}


def burst(counted: Counted, count: int) -> dict[str, float]:
    """New orders as fast as they go."""
    elapsed = core_kernels.burst(core_kernels.compiled_core(), counted.world.address, count)
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"rate": count * NS_PER_S / elapsed}


def life_cycle(counted: Counted, count: int) -> dict[str, float]:
    """Whole lives of orders."""
    elapsed = core_kernels.live_and_die(core_kernels.compiled_core(), counted.world.address, count)
    counted.done(orders=count, fills=count, lots=count * ORDER_LOTS)
    return {"life_cycle": elapsed / count}


def filled_in_parts(counted: Counted, fills: int, *, first: bool) -> dict[str, float]:
    """The cost of a fill among the first ones of an order, or after many."""
    early, late = new_histogram(), new_histogram()
    edge = min(EDGE_FILLS, fills // 4)
    core_kernels.fill_in_parts(
        core_kernels.compiled_core(), counted.world.address, fills, edge, address_of(early), address_of(late)
    )
    counted.done(orders=1, fills=fills, lots=fills)
    return {"fill": quantile(early if first else late, 0.5)}
