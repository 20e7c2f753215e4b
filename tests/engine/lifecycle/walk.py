"""Owns the walks over sequences of an alphabet's events, all or random ones, both twins compared after each event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tests.engine.lifecycle.twins import Twins

Event = Callable[[Twins], None]


@dataclass
class Count:
    """What a walk has covered, and where the twins differed."""

    sequences: int = 0
    states: set[tuple[object, ...]] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)
    is_one_enough: bool = False

    def __str__(self) -> str:
        return f"{self.sequences:,} sequences, {len(self.states):,} distinct states, {len(self.pairs):,} pairs"

    def take_in(self, other: "Count") -> None:
        """Adds another walk."""
        self.sequences += other.sequences
        self.states |= other.states
        self.pairs |= other.pairs
        self.differences += other.differences


class _FoundError(Exception):
    """A difference was found, and one is enough."""


def differs(start: Callable[[], Twins], alphabet: Mapping[str, Event], length: int) -> bool:
    """Whether the twins differ after any of these sequences."""
    try:
        walk(start, alphabet, length, is_one_enough=True)
    except _FoundError:
        return True
    return False


def walk(
    start: Callable[[], Twins], alphabet: Mapping[str, Event], length: int, *, is_one_enough: bool = False
) -> Count:
    """Walks all sequences of up to so many events, depth first; a difference ends its branch."""
    count = Count(is_one_enough=is_one_enough)
    twins = start()
    count.states.add(twins.model.facts())
    _descend(twins, alphabet, (), length, count)
    return count


def wander(
    start: Callable[[], Twins], alphabet: Mapping[str, Event], length: int, *, sequences: int, seed: int
) -> Count:
    """Walks so many random sequences of that length, in which events may come again; a difference ends one."""
    count, chance = Count(), Random(seed)
    twins = start()
    saved = twins.save()
    names = list(alphabet)
    for _ in range(sequences):
        twins.restore(saved)
        path: list[str] = []
        while len(path) < length:
            path.append(chance.choice(names))
            count.pairs.add((twins.model.status.name, path[-1]))
            try:
                alphabet[path[-1]](twins)
            except AssertionError as difference:
                count.differences.append(f"{' > '.join(path)}: {difference}")
                break
            count.states.add(twins.model.facts())
        count.sequences += 1
    return count


def _descend(twins: Twins, alphabet: Mapping[str, Event], path: tuple[str, ...], length: int, count: Count) -> None:
    saved = twins.save()
    status = twins.model.status.name
    for name, event in alphabet.items():
        if name in path:
            continue
        count.sequences += 1
        count.pairs.add((status, name))
        try:
            event(twins)
        except AssertionError as difference:
            if count.is_one_enough:
                raise _FoundError from difference
            count.differences.append(f"{' > '.join((*path, name))}: {difference}")
        else:
            count.states.add(twins.model.facts())
            if len(path) + 1 < length:
                _descend(twins, alphabet, (*path, name), length, count)
        twins.restore(saved)
