"""Owns the order of what a strategy is told: each report once, by its sequence, and a word where some are missing.

The core numbers what it tells a strategy, without a gap and on and on over restarts. Here numbers that were seen are
dropped, and a jump is told by a LAGGED record in the very place of what is missing; what came behind it is held
until asked for again, so that whoever fetches the missing reports can put them into their place.
"""

from collections import deque
from collections.abc import Iterable

from ipc.enums import RecordKind
from ipc.records import HEADER_FIELDS, LAGGED

Words = tuple[int, ...]

_KIND = HEADER_FIELDS.index("kind")
_SEQUENCE = HEADER_FIELDS.index("sequence")
_PUBLISHED_NS = HEADER_FIELDS.index("published_ns")
_LOST_COUNT = (LAGGED.names or ()).index("lost_count")
# What a transport says itself, such as a refusal of a whole frame, is no part of the sequence.
_OUTSIDE = 0


class ReportStream:
    """One strategy's place in its reports; it outlives connections."""

    def __init__(self) -> None:
        self.last_sequence = 0  # of the last report given out, 0 when there was none
        self.known_end = 0  # up to which reports are known of that did not come
        self._told_end = 0
        self._lost_count = 0
        self._held: deque[Words] = deque()

    @property
    def is_holding(self) -> bool:
        """Whether something waits here."""
        return bool(self._held)

    def connect(self, last_report_sequence: int, *, is_new_run: bool) -> None:
        """A connection was made to an engine that has told so much."""
        if last_report_sequence < self.last_sequence:
            # An engine that remembers nothing begins anew.
            self._held.clear()
            self.last_sequence = self.known_end = self._told_end = 0
        elif is_new_run and self.last_sequence:
            # What the old engine told last lay in rings that are gone.
            self.known_end = max(self.known_end, last_report_sequence)

    def hold(self, records: Iterable[Words]) -> None:
        """Takes what a channel received."""
        self._held.extend(records)

    def take(self, records_max: int) -> list[Words]:
        """What comes next, up to the next place where something is missing."""
        taken: list[Words] = []
        while self._held and len(taken) < records_max:
            words = self._held[0]
            sequence = words[_SEQUENCE]
            if words[_KIND] == RecordKind.LAGGED:
                self._held.popleft()
                self._lost_count = words[_LOST_COUNT]
                self.known_end = max(self.known_end, sequence)
                if sequence > max(self._told_end, self.last_sequence):
                    taken.append(self._tell(sequence, words[_PUBLISHED_NS]))
                    break
            elif sequence == _OUTSIDE:
                taken.append(self._held.popleft())
            elif self.last_sequence and sequence > self.last_sequence + 1 and sequence > self._told_end + 1:
                taken.append(self._tell(sequence - 1, words[_PUBLISHED_NS]))
                break
            else:
                self._held.popleft()
                if sequence > self.last_sequence:
                    self.last_sequence = sequence
                    taken.append(words)
        return taken

    def missing_end(self, now_ns: int) -> Words | None:
        """A LAGGED record when reports are known of that nobody sent. Precondition: nothing is held."""
        if self.known_end <= max(self._told_end, self.last_sequence):
            return None
        return self._tell(self.known_end, now_ns)

    def last_missing(self) -> int:
        """Up to which sequence reports are missing before what is held, or before what will come."""
        for words in self._held:
            if words[_KIND] != RecordKind.LAGGED and words[_SEQUENCE] > self.last_sequence:
                return words[_SEQUENCE] - 1
        return self.known_end

    def last_known(self) -> int:
        """The highest sequence that is known to have been given to a report."""
        return max(self.known_end, self.last_sequence, *(words[_SEQUENCE] for words in self._held))

    def give_out(self, sequence: int) -> None:
        """Notes that a report was given out that did not come this way."""
        self.last_sequence = max(self.last_sequence, sequence)

    def _tell(self, last_sequence: int, published_ns: int) -> Words:
        self._told_end = last_sequence
        self.known_end = max(self.known_end, last_sequence)
        return (0, RecordKind.LAGGED, last_sequence, published_ns, self._lost_count)
