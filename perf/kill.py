"""Owns the kill benchmark (R6): a healthy engine with a thousand resting orders, from the command to the sockets.

    the operator, peer's core   --- word in shared memory --->   engine, our core
    the venue, the same process <--- cancel-all, then cancels ---

The venue answers nothing after the halt, so every order has to be cancelled by a request of its own as well. Each
repetition has an engine of its own.
"""

from dataclasses import dataclass
from functools import partial

from engine.hot_loop import FrameSender
from gateways.template import REQUEST_LETTERS
from ipc.clock import NS_PER_US, SystemClock
from ipc.enums import RequestKind
from ipc.order_id import TEXT_BYTES
from perf.harness import Run, interleave
from perf.kill_driver import BLOCKED_NS, FIRST_FRAMES, READ_NS, KillDriver, warm_up
from perf.reference.bare_write import write_ns
from perf.rows import Goal, Row, make_row, reference_row
from perf.running_engine import RunningEngine, running_engine
from perf.venue_driver import ACKNOWLEDGED, OUTCOME, START_NS
from tools.client_frames import texts_of

BARE_WRITE = "one bare write"
_WRITES = 5
# {"id":"c...
_LETTER_PLACE = 7
_CANCEL, _CANCEL_ALL = (REQUEST_LETTERS[kind][0] for kind in (RequestKind.CANCEL, RequestKind.CANCEL_ALL))


@dataclass(frozen=True)
class _Write:
    """What was handed to the socket at once, and when."""

    texts: list[bytes]
    started_ns: int
    ended_ns: int


class _NotingSender:
    """A sender that keeps all that it passes on; what that says is read when the time has been taken."""

    def __init__(self, sender: FrameSender) -> None:
        self._sender = sender
        self._joined: list[tuple[bytes, int, int]] = []
        self._single: list[tuple[bytes, int, int]] = []
        self.sign = sender.sign

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        """One text."""
        text = bytes(memoryview(buffer)[offset:])
        started_ns = SystemClock.monotonic_ns()
        is_sent = self._sender.send_frame(buffer, offset)
        self._single.append((text, started_ns, SystemClock.monotonic_ns()))
        return is_sent

    def send_joined(self, frames: bytes, count: int) -> bool:
        """Several frames."""
        started_ns = SystemClock.monotonic_ns()
        is_sent = self._sender.send_joined(frames, count)
        self._joined.append((frames, started_ns, SystemClock.monotonic_ns()))
        return is_sent

    def writes_after(self, moment_ns: int) -> list[_Write]:
        """All of them in their order."""
        found = [_Write([text], *times) for text, *times in self._single]
        found += [_Write(texts_of(frames), *times) for frames, *times in self._joined]
        return sorted((write for write in found if write.started_ns > moment_ns), key=lambda write: write.started_ns)


class StoppedEngine(RunningEngine):
    """An engine that notes of each frame what it was and how large."""

    def _timed(self, sender: FrameSender) -> FrameSender:
        self._sender = _NotingSender(sender)
        return self._sender

    def stop_with(self, count: int) -> dict[str, float]:
        """So many resting orders, then the halt; what happened when, in microseconds."""
        self._repeat(count=count)
        words = self._peer.words
        assert words[OUTCOME] == 0, f"the driver ended with {words[OUTCOME]} after {words[ACKNOWLEDGED]} of {count}"
        asked_ns = int(words[START_NS])
        writes = self._sender.writes_after(asked_ns)
        texts = [text for write in writes for text in write.texts]
        kinds = [text[_LETTER_PLACE] for text in texts]
        assert kinds == [_CANCEL_ALL] + [_CANCEL] * count, f"after the halt {len(texts)} frames left, not as expected"
        orders = {text[_LETTER_PLACE + 1 :][:TEXT_BYTES] for text in texts[1:]}
        assert len(orders) == count, f"{count} cancels are of {len(orders)} orders"
        assert words[FIRST_FRAMES] == 1, "the venue has seen one cancel-all before the cancels"
        self.cancel_bytes = sum(map(len, texts[1:]))
        self.write_count = len(writes)
        cancels = [write for write in writes if write.texts[-1][_LETTER_PLACE] == _CANCEL]
        return {
            "blocked": (int(words[BLOCKED_NS]) - int(words[READ_NS])) / NS_PER_US,
            "asked": (int(words[BLOCKED_NS]) - asked_ns) / NS_PER_US,
            "cancel_all": (writes[0].ended_ns - asked_ns) / NS_PER_US,
            "cancels": (cancels[-1].ended_ns - cancels[0].started_ns) / NS_PER_US,
        }


class Killing:
    """Ours, and the bytes that the reference writes."""

    def __init__(self, run: Run, count: int) -> None:
        self._run = run
        self._count = count
        self.cancel_bytes = 0
        self.write_count = 0

    def stop(self) -> dict[str, float]:
        """One repetition."""
        run = self._run
        with running_engine(core=run.core, peer_core=run.peer_core, kind=StoppedEngine, driver=KillDriver) as engine:
            figures = engine.stop_with(self._count)
            self.cancel_bytes = engine.cancel_bytes
            self.write_count = engine.write_count
            return figures

    def write(self) -> dict[str, float]:
        """As many bytes at once."""
        assert self.cancel_bytes > 0, "ours comes first and says how many"
        return {"cancels": write_ns(self.cancel_bytes, _WRITES, peer_core=self._run.peer_core) / NS_PER_US}


def measure(run: Run) -> list[Row]:
    """The rows of R6."""
    count = run.parameter(smoke=40, full=1_000)
    warm_up()
    killing = Killing(run, count)
    figures = interleave(run, killing.stop, {BARE_WRITE: killing.write}, tries_again=False)
    run.say(f"verified: {count} orders rested; one more was refused for the trading state; the cancel-all left first")
    run.say(
        f"verified: then one cancel of each order and nothing else, {killing.cancel_bytes:,} bytes, read by the venue; "
        f"all in {killing.write_count} writes"
    )
    run.say(
        "read is when the engine's loop saw the word; asked is before the operator's call, lock and writes included"
    )
    run.say("risk controls and rate limits are on, each with a finite limit, and a journal process keeps every input")
    row = partial(make_row, run, figures, row="R6", unit="us", samples=figures.turns)
    return [
        row(key="kill_blocked_us", what="read, until new orders are blocked", figure="blocked", goals=(Goal(100),)),
        row(key="kill_asked_us", what="asked for, until new orders are blocked", figure="asked"),
        row(key="kill_cancel_all_us", what="asked for, until the venue's cancel-all was sent", figure="cancel_all"),
        row(
            key="kill_cancels_us",
            what=f"{count:,} cancels, first to last",
            figure="cancels",
            reference_name=BARE_WRITE,
            goals=(Goal(1.2, "ratio"),),
        ),
        reference_row(
            figures,
            BARE_WRITE,
            row="R6",
            key="bare_write_us",
            what="the same bytes",
            figure="cancels",
            unit="us",
            samples=_WRITES,
        ),
    ]
