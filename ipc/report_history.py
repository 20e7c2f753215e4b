"""Owns fetching reports of the past: the journal's process keeps what the engine told each strategy.

It answers a HELLO and a SNAPSHOT_REQUEST in one frame, whose `instrument_id` is the sequence to begin with, by one
frame: reports in their order, then a SNAPSHOT_END that repeats the request's number. It knows of a report a moment
after the engine told it.
"""

from collections.abc import Iterator

import zmq

from ipc.clock import NS_PER_MS, NS_PER_S, WaitingClock
from ipc.enums import RecordKind
from ipc.errors import HistoryUnavailableError, ReportsGoneError
from ipc.frame import FRAME_BYTES_MAX, decode, encode
from ipc.records import HEADER_FIELDS
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words

_KIND = HEADER_FIELDS.index("kind")
_SEQUENCE = HEADER_FIELDS.index("sequence")
_LOOK_AGAIN_NS = 2 * NS_PER_MS
# A question to a process that died and came back gets no answer.
_ASK_AGAIN_NS = NS_PER_S

Words = tuple[int, ...]


class ReportHistory:
    """One strategy's way to its reports of the past."""

    def __init__(self, url: str, strategy: str, timeout_ns: int, clock: WaitingClock) -> None:
        self._url = url
        self._strategy = strategy
        self._timeout_ns = timeout_ns
        self._clock = clock
        self._asked = 0
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IMMEDIATE, 1)
        self._socket.setsockopt(zmq.MAXMSGSIZE, FRAME_BYTES_MAX)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self._socket.connect(url)

    def close(self) -> None:
        """Lets go of the connection."""
        self._context.destroy(linger=0)

    def pages(self, first: int, last: int) -> Iterator[list[Words]]:
        """The reports of these sequences, none left out; waits while they have not all been kept yet."""
        following = first
        deadline_ns = self._clock.monotonic_ns() + self._timeout_ns
        has_answered = False
        while following <= last:
            answer = self._ask(following, deadline_ns)
            page = [words for words in answer or () if words[_SEQUENCE] <= last]
            has_answered |= answer is not None
            if page:
                self._check(page, following)
                following = page[-1][_SEQUENCE] + 1
                deadline_ns = self._clock.monotonic_ns() + self._timeout_ns
                yield page
            elif self._clock.monotonic_ns() >= deadline_ns:
                raise self._behind(following, last) if has_answered else self._silent()
            else:
                self._clock.sleep_ns(_LOOK_AGAIN_NS)

    def _behind(self, following: int, last: int) -> HistoryUnavailableError:
        return HistoryUnavailableError(
            f"the journal at {self._url} has reports of strategy {self._strategy} up to {following - 1} so far "
            f"and not up to {last}, which were asked for: it is behind; call replay() again later"
        )

    def _silent(self) -> HistoryUnavailableError:
        return HistoryUnavailableError(
            f"no journal answers at {self._url}, allowed are {self._timeout_ns // NS_PER_MS} ms; what it kept is safe: "
            "check that its process runs, then call replay() again, or go on with resync()"
        )

    def _check(self, page: list[Words], wanted: int) -> None:
        sequences = [words[_SEQUENCE] for words in page]
        if sequences != list(range(wanted, wanted + len(page))):
            raise ReportsGoneError(
                f"reports of strategy {self._strategy} from {wanted} on are not kept any more, the first one is "
                f"{sequences[0]}; call replay(from_sequence={sequences[0]}) for what there is, and resync()"
            )

    def _ask(self, from_sequence: int, deadline_ns: int) -> list[Words] | None:
        """The next reports that are kept; None when nobody answers in time."""
        while (now_ns := self._clock.monotonic_ns()) < deadline_ns:
            self._asked += 1
            ask_again_ns = min(now_ns + _ASK_AGAIN_NS, deadline_ns)
            if not self._wait(zmq.POLLOUT, ask_again_ns):
                continue
            self._socket.send(self._question(from_sequence), zmq.NOBLOCK)
            while self._wait(zmq.POLLIN, ask_again_ns):
                *reports, end = decode(self._socket.recv(zmq.NOBLOCK))
                if end[_KIND] != RecordKind.SNAPSHOT_END:
                    raise HistoryUnavailableError(
                        f"the journal at {self._url} refused to list the reports of strategy {self._strategy}; "
                        "allowed is the same version of the platform on both sides, and a strategy that it knows"
                    )
                if end[_SEQUENCE] == self._asked:
                    return reports
        return None

    def _question(self, from_sequence: int) -> bytes:
        now_ns = self._clock.monotonic_ns()
        hello = encode(RecordKind.HELLO, 0, now_ns, SCHEMA_DIGEST, *name_words(self._strategy, 2))
        kind = RecordKind.SNAPSHOT_REQUEST
        return hello + encode(kind, self._asked, now_ns, RecordKind.EXECUTION_REPORT, from_sequence)

    def _wait(self, event: int, until_ns: int) -> bool:
        left_ns = until_ns - self._clock.monotonic_ns()
        return bool(self._socket.poll(max(0, left_ns // NS_PER_MS), event))
