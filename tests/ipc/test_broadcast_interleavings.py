"""Every way in which a reader's looks at the broadcast ring can fall between its writer's stores."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ipc.broadcast_ring import ReaderWord, _catch_up, broadcast, poll_broadcast
from ipc.records import SLOT_BYTES
from ipc.ring import slot_address
from ipc.segment import SegmentWord
from tests.ipc.stepped_kernels import Names, Reading, Timeline, Writing, with_names

RING, RECORD, READER = 0, 1 << 20, 1 << 21
NEXT, LOST = READER + 8 * ReaderWord.NEXT, READER + 8 * ReaderWord.LOST
SMALL, MESSAGES, WORDS = 2, 5, 3
HEADER_STORES = 2
OWN = {
    READER + 8 * word: 0
    for word in (ReaderWord.NEXT, ReaderWord.LOST, *range(ReaderWord.RECORD, ReaderWord.RECORD + WORDS))
} | {READER + 8 * ReaderWord.RING: RING}


def timeline_of(writing: Writing, changed: Names) -> Timeline:
    """Some messages through a ring of two slots."""
    writing.words |= {RING + SegmentWord.CAPACITY * 8: SMALL, RING + SegmentWord.SLOT_BYTES * 8: SLOT_BYTES}
    header = list(writing.words.items())
    assert len(header) == HEADER_STORES
    names = {**writing.names(), **changed}
    write = with_names(broadcast, {**names, "slot_address": with_names(slot_address, names)})
    for value in range(1, MESSAGES + 1):
        writing.words |= {RECORD + 8 * word: value for word in range(WORDS)}
        write(RING, RECORD, WORDS)
    return Timeline([*header, *writing.stores])


@dataclass(frozen=True)
class Moment:
    """Between two calls of a reader: how far the writer is, and what the reader has in its block."""

    now: int
    own: tuple[int, ...]


class Checker:
    """Walks through every moment that a reader can come to, and judges everything that it is given on the way."""

    def __init__(self, reading: Reading, timeline: Timeline, changed: Names | None = None) -> None:
        self.torn = self.wrong = self.stuck = self.calls = 0
        self.lost: set[int] = set()
        self._reading = reading
        self._end = timeline.end
        names = {**reading.names(), "SLOT_WORDS": WORDS}
        names["slot_address"] = with_names(slot_address, names)
        names["_catch_up"] = with_names(_catch_up, names)
        self._poll = with_names(poll_broadcast, {**names, **(changed or {})})

    def walk(self) -> None:
        """Visits every moment that can be reached."""
        seen = {Moment(HEADER_STORES, tuple(OWN.values()))}
        waiting = list(seen)
        while waiting:
            for after in self._calls(waiting.pop()):
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)

    def _calls(self, moment: Moment) -> Iterator[Moment]:
        """Every way in which the next call can go."""
        reading, open_choices = self._reading, [()]
        while open_choices:
            chosen: tuple[int, ...] = open_choices.pop()
            reading.begin(dict(zip(OWN, moment.own, strict=True)), moment.now, chosen)
            found = self._poll(READER)
            self.calls += 1
            for place in range(len(chosen), len(reading.choices)):
                before = (*chosen, *(0,) * (place - len(chosen)))
                open_choices += [(*before, other) for other in range(1, reading.choices[place])]
            self._judge(dict(zip(OWN, moment.own, strict=True)), found)
            yield Moment(reading.now, tuple(reading.own.values()))

    def _judge(self, before: dict[int, int], found: int) -> None:
        own = self._reading.own
        lost = own[LOST] - before[LOST]
        self.wrong += lost < 0 or own[NEXT] - before[NEXT] != lost + (found != 0)
        if found:
            self.torn += [own[found + 8 * word] for word in range(WORDS)] != [own[NEXT]] * WORDS
        elif own[NEXT] == MESSAGES:
            self.lost.add(own[LOST])
        else:
            self.stuck += self._reading.now == self._end


def checked(timeline: Timeline) -> Checker:
    """A walk with the kernels as they are."""
    checker = Checker(Reading(timeline), timeline)
    checker.walk()
    return checker


@pytest.mark.parametrize("copy", ["copy_words", "copy_words_down"])
def test_no_interleaving_lets_a_reader_take_a_torn_or_stale_record(copy: str) -> None:
    writing = Writing()
    checker = checked(timeline_of(writing, {"copy_words": getattr(writing, copy)}))
    assert (checker.torn, checker.wrong) == (0, 0)
    assert checker.stuck == 0, "whoever goes on looking comes to the last record"
    assert checker.lost == set(range(MESSAGES))
    assert checker.calls > 1_000


def test_a_writer_that_does_not_mark_its_slot_is_caught() -> None:
    writing = Writing()

    def commit_alone(address: int, value: int) -> None:
        if value >= 0:
            writing.store(address, value)

    assert checked(timeline_of(writing, {"store_release": commit_alone})).torn > 0


def test_a_writer_that_commits_before_it_has_written_is_caught() -> None:
    writing = Writing()
    late: list[tuple[int, int, int]] = []

    def commit_first(address: int, value: int) -> None:
        writing.store(address, value)
        if value > 0 and late:
            writing.copy_words(*late.pop())

    names: Names = {"store_release": commit_first, "copy_words": lambda *copy: late.append(copy)}
    assert checked(timeline_of(writing, names)).torn > 0


class SingleLook(Reading):
    """A reader that takes what it saw first of a commit word for what is there after the copy."""

    def names(self) -> Names:
        """Only the first look of a call is one."""
        seen: dict[int, int] = {}

        def look(address: int) -> int:
            seen[address] = self.load(address)
            return seen[address]

        def look_again(address: int) -> int:
            return seen[address] if address in seen else self.load(address)

        return {**super().names(), "load_acquire": look, "load": look_again}


def test_a_reader_that_does_not_look_again_is_caught() -> None:
    timeline = timeline_of(Writing(), {})
    checker = Checker(SingleLook(timeline), timeline)
    checker.walk()
    assert checker.torn > 0


def test_a_reader_that_skips_without_counting_is_caught() -> None:
    timeline = timeline_of(Writing(), {})
    reading = Reading(timeline)

    def skip(reader: int, ring: int, sequence: int) -> None:
        reading.store(NEXT, sequence + SMALL)

    checker = Checker(reading, timeline, {"_catch_up": skip})
    checker.walk()
    assert checker.wrong > 0
