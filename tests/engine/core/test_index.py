"""The hash index against a dictionary, removals included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.index import find, home_of, put, remove
from ipc.tables import INDEX_ENTRY

SIZE = 16
# Few keys, so that they are met again; some share a home in so small a table.
KEYS = st.one_of(st.integers(0, 12), st.sampled_from([1 << 31, 1 << 62, (1 << 63) - 1, 256, 512, 768]))
CHANGES = st.lists(st.tuples(st.sampled_from(["put", "remove"]), KEYS, st.integers(0, 2)), max_size=60)


def _empty() -> np.ndarray:
    index = np.zeros(SIZE, INDEX_ENTRY)
    index["value"] = -1
    return index


@settings(max_examples=200, deadline=None)
@given(CHANGES)
def test_the_index_holds_what_a_dictionary_holds(changes: list[tuple[str, int, int]]) -> None:
    index, model = _empty(), dict[tuple[int, int], int]()
    for number, (change, key, group) in enumerate(changes):
        if change == "remove":
            remove(index, key, group)
            model.pop((key, group), None)
        elif len(model) < SIZE // 2 or (key, group) in model:
            put(index, key, group, number)
            model[key, group] = number
        entries = index[index["value"] >= 0]
        assert {(int(e["key"]), int(e["group"])): int(e["value"]) for e in entries} == model
        for known, value in model.items():
            assert find(index, *known) == value
        assert find(index, key, 3) == -1


@pytest.mark.parametrize("stride", [1, 256, 1 << 8, 1 << 31], ids=lambda stride: f"keys {stride} apart")
def test_regular_keys_spread_over_the_table(stride: int) -> None:
    size, count = 4_096, 2_000
    homes = {int(home_of(number * stride, 0, size)) for number in range(count)}
    assert len(homes) > count // 3
    assert all(0 <= home < size for home in homes)
