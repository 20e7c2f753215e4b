"""A run that ends at any moment, among venues that say anything: the next one is sound, and can end every parent."""

import numpy as np
import pytest

from engine.recovery.carry_over import carry_over
from ipc.parent_enums import ParentState
from tests.engine.core.invariants import check_invariants
from tests.engine.core.world import EPOCH, NS_PER_S
from tests.engine.execution.test_lying_venues import LyingVenues
from tests.engine.recovery.test_carry_over import name_rows

SHIFTS_NS = (0, 0, 900 * NS_PER_S)


def next_run(old: LyingVenues, seed: int) -> LyingVenues:
    """The run after, perhaps after a boot, whose clock began anew."""
    new = LyingVenues(seed)
    name_rows(new.state)
    shift_ns = new.draw.choice(SHIFTS_NS)
    new.now_ns = old.now_ns + NS_PER_S - shift_ns
    header = new.state.header
    header["now_ns"], header["epoch"] = new.now_ns, EPOCH + 1
    header["utc_offset_ns"] = old.state.header["utc_offset_ns"] + shift_ns
    header["boot_id"] = 0 if shift_ns == 0 else 9
    new.legs, new.trades, new._trade_id = old.legs, old.trades, old._trade_id
    carry_over(old.state, new.state, may_lack_end=new.draw.random() < 0.5)
    return new


@pytest.mark.parametrize("seed", range(20))
def test_the_run_after_is_sound_and_ends_what_it_was_handed(seed: int) -> None:
    old = LyingVenues(seed)
    name_rows(old.state)
    for _ in range(40 + 9 * seed):
        old.act()
    living = np.sort(
        old.state.table("parents")["order_id"][old.state.table("parents")["parent_state"] < ParentState.ENDED]
    )
    new = next_run(old, seed)
    check_invariants(new)
    handed = new.state.table("parents")
    assert set(living[living != 0].tolist()) <= set(handed["order_id"].tolist())
    for _ in range(30):
        new.act()
    new.finish()
    check_invariants(new)
    parents = new.state.table("parents")
    assert np.all(parents["parent_state"][parents["order_id"] != 0] == ParentState.ENDED)
