"""Owns kernels on a memory whose every access is seen: what two processes do to each other, one access at a time.

A kernel's own source runs, interpreted, with the words of `ipc.memory` replaced.
"""

from bisect import bisect_right
from collections.abc import Callable
from types import FunctionType
from typing import Any

Names = dict[str, Any]


def with_names(kernel: Any, names: Names) -> Callable[..., Any]:
    """The same source, in which some of its global names mean something else."""
    source = getattr(kernel, "py_func", kernel)
    return FunctionType(source.__code__, {**source.__globals__, **names}, argdefs=source.__defaults__)


class Writing:
    """A memory that notes every store, in the order in which others may see them."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}
        self.stores: list[tuple[int, int]] = []

    def load(self, address: int) -> int:
        """One word; memory begins as zeros."""
        return self.words.get(address, 0)

    def store(self, address: int, value: int) -> None:
        """Writes one word."""
        self.words[address] = value
        self.stores.append((address, value))

    def copy_words(self, target: int, source: int, words: int) -> None:
        """Copies upwards."""
        for place in range(words):
            self.store(target + 8 * place, self.load(source + 8 * place))

    def copy_words_down(self, target: int, source: int, words: int) -> None:
        """Copies downwards: nothing says in which order a copy is made."""
        for place in reversed(range(words)):
            self.store(target + 8 * place, self.load(source + 8 * place))

    def names(self) -> Names:
        """What kernels call their memory by."""
        return {
            "load": self.load,
            "load_acquire": self.load,
            "store": self.store,
            "store_release": self.store,
            "fence_release": lambda: None,
            "copy_words": self.copy_words,
        }


class Timeline:
    """What a writer's stores made of its memory: the value of each word at each moment, one store apart."""

    def __init__(self, stores: list[tuple[int, int]]) -> None:
        self.end = len(stores)
        self._moments: dict[int, list[int]] = {}
        self._values: dict[int, list[int]] = {}
        for moment, (address, value) in enumerate(stores, 1):
            self._moments.setdefault(address, [0]).append(moment)
            self._values.setdefault(address, [0]).append(value)

    def looks(self, address: int, now: int) -> list[tuple[int, int]]:
        """Every value that a reader can find from now on, each with the first moment at which it does."""
        moments = self._moments.get(address)
        if moments is None:
            return [(now, 0)]
        first = bisect_right(moments, now)
        values = self._values[address]
        return [(now, values[first - 1]), *zip(moments[first:], values[first:], strict=True)]


class Reading:
    """A reader's kernel at work: it looks at the writer's memory at the moments that are chosen for it.

    Behind the chosen moments it looks as soon as it can, and `choices` says how many there were to choose from.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._chosen: tuple[int, ...] = ()
        self.own: dict[int, int] = {}
        self.now = 0
        self.choices: list[int] = []

    def begin(self, own: dict[int, int], now: int, chosen: tuple[int, ...]) -> None:
        """Before a call: what is in the reader's own block, how far the writer is, and which looks are chosen."""
        self.own, self.now = own, now
        self._chosen, self.choices = chosen, []

    def load(self, address: int) -> int:
        """A word of the reader's own block, or of the memory that the writer writes."""
        if address in self.own:
            return self.own[address]
        looks = self._timeline.looks(address, self.now)
        place = len(self.choices)
        self.choices.append(len(looks))
        self.now, value = looks[self._chosen[place] if place < len(self._chosen) else 0]
        return value

    def store(self, address: int, value: int) -> None:
        """Readers write in their own block alone."""
        assert address in self.own, "a reader wrote into the ring"
        self.own[address] = value

    def copy_words(self, target: int, source: int, words: int) -> None:
        """Copies upwards."""
        for place in range(words):
            self.store(target + 8 * place, self.load(source + 8 * place))

    def names(self) -> Names:
        """What kernels call their memory by."""
        return {
            "load": self.load,
            "load_acquire": self.load,
            "store": self.store,
            "fence_acquire": lambda: None,
            "copy_words": self.copy_words,
        }
