"""The timers against a sorted list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.deadline_heap import NEVER_NS
from engine.core.state import Capacities, State
from engine.core.timers import earliest_ns, set_timer, take_due

SLOTS = 12
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, SLOTS - 1), st.integers(1, 40)),
        st.tuples(st.just("take"), st.just(0), st.integers(0, 50)),
    ),
    max_size=80,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_slots_come_up_by_their_earliest_deadline(steps: list[tuple[str, int, int]]) -> None:
    state = State.create(Capacities(instruments=1, accounts=1, strategies=1, assets=1, orders=SLOTS))
    model: dict[int, int] = {}
    for what, slot, time_ns in steps:
        if what == "set":
            set_timer(state.address, slot, time_ns)
            model[slot] = min(model.get(slot, NEVER_NS), time_ns)
        else:
            taken = int(take_due(state.address, time_ns))
            due = {waiting for waiting, deadline_ns in model.items() if deadline_ns == min(model.values()) <= time_ns}
            assert taken in (due or {-1})
            model.pop(taken, None)
        assert earliest_ns(state.address) == min(model.values(), default=NEVER_NS)
        assert int(state.header["timer_count"]) == len(model)
