"""Owns what the engine keeps of one connected ZeroMQ client: what it still has to be sent."""

from collections import deque

from engine.zeromq_pace import Pace
from ipc.clock import NS_PER_MS
from ipc.enums import RecordKind
from ipc.errors import StateBusyError
from ipc.frame import LIFE_SIGN, LIFE_SIGN_NS, encode, encode_slots
from ipc.report_drain import ReportDrain
from ipc.state_reader import Listing

LISTINGS_MAX = 8
# How long a client that takes nothing is left alone.
BLOCKED_NS = NS_PER_MS


class ZeromqClient:
    """A client that was welcomed. Reports go first; listings share what is left, a page at a time."""

    def __init__(self, peer: bytes, user: str, strategy_id: int, drain: ReportDrain, now_ns: int) -> None:
        self.peer = peer
        self.user = user
        self.pace = Pace(now_ns)
        self.strategy_id = strategy_id
        self.listings: deque[Listing] = deque()
        self._drain = drain
        self._unsent: bytes | None = None
        self._sent_ns = now_ns
        self._blocked_until_ns = 0

    def next_frame(self, now_ns: int) -> bytes | None:
        """What to send next, None when there is nothing or the client takes nothing at present."""
        if now_ns < self._blocked_until_ns:
            return None
        if self._unsent is not None:
            return self._unsent
        reports = self._drain.take()
        if reports:
            self._unsent = encode_slots(reports)
        elif self.listings:
            self._unsent = self._next_rows(now_ns)
        elif now_ns - self._sent_ns >= LIFE_SIGN_NS:
            self._unsent = LIFE_SIGN
        return self._unsent

    def _next_rows(self, now_ns: int) -> bytes:
        listing = self.listings[0]
        if not listing.is_complete:
            try:
                rows = listing.next_page(now_ns)
            except StateBusyError:
                # Orders end faster than they can be listed: the client's own time-out tells it.
                self.listings.popleft()
                return LIFE_SIGN
            # Where a stretch of a sparse table has nothing to tell, an empty frame goes out.
            return encode_slots(rows)
        self.listings.popleft()
        return encode(RecordKind.SNAPSHOT_END, listing.request_sequence, now_ns, listing.what, listing.rows_count)

    def was_sent(self, now_ns: int) -> None:
        """Notes that the last frame is on its way."""
        self._unsent = None
        self._sent_ns = now_ns

    def is_blocked(self, now_ns: int) -> None:
        """Notes that the client's queue is full; the frame is kept."""
        self._blocked_until_ns = now_ns + BLOCKED_NS

    def has_more(self, now_ns: int) -> bool:
        """Whether next_frame() would have something at once."""
        if now_ns < self._blocked_until_ns:
            return False
        return self._unsent is not None or bool(self.listings) or self._drain.has_more()
