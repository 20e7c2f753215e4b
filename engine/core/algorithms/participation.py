"""Owns how much a parent may send now: no more than is left, and no more than its part of what the market trades."""

import numpy as np

from engine.core.children import unassigned_lots, working_lots
from engine.core.state import markets_of
from ipc.compiler import kernel
from ipc.tables import NO_LIMIT

PPM = 1_000_000


@kernel
def market_lots(state: int, parent: np.void) -> int:
    """What everybody traded since a parent started, in the pair's finest lots; its own trades are part of it."""
    market = markets_of(state)[parent["instrument_id"]]
    lots = market["bought_lots"] + market["sold_lots"] - parent["start_market_lots"]
    # What a venue says that others traded may be any number.
    return min(lots, NO_LIMIT // market["pair_lot_scale"]) * market["pair_lot_scale"]


@kernel
def allowed_lots(state: int, parent: np.void) -> int:
    """How much may have traded by now so that the part of the market's trades is no larger than it may be."""
    if parent["participation_ppm"] == 0:
        return parent["order_lots"]
    lots = market_lots(state, parent)
    share = lots // PPM * parent["participation_ppm"] + lots % PPM * parent["participation_ppm"] // PPM
    return min(share, parent["order_lots"])


@kernel
def sendable_lots(state: int, parent: np.void) -> int:
    """What may be sent now, in the pair's finest lots."""
    if parent["participation_ppm"] == 0:
        return unassigned_lots(state, parent)
    return max(allowed_lots(state, parent) - parent["cumulative_lots"] - working_lots(state, parent), 0)
