"""Owns how the rows of two blocks find each other: by the names in them, and by their place in a table of two ways."""

import numpy as np
from numpy.typing import NDArray

from engine.core.state import State
from ipc.tables import words_name


def numbers_by_name(old: State, new: State, table: str, words: int) -> NDArray[np.int64]:
    """The new number of each old row by its name, -1 when the name is gone."""

    def names(state: State) -> list[str]:
        return [words_name([row[f"name_{word}"] for word in range(words)]) for row in state.table(table)]

    places = {name: place for place, name in enumerate(names(new)) if name}
    return np.array([places.get(name, -1) for name in names(old)], np.int64)


def as_matrix(state: State, table: str, rows: int) -> NDArray[np.void]:
    """A table of rows x columns, by its first dimension; writing to it changes the block."""
    flat = state.table(table)
    return flat.reshape(rows, len(flat) // rows)
