"""Owns serving the event stream: a ROUTER socket at ipc://<runtime folder>/events (the name is EVENTS_SOCKET).

A client asks with one frame of two records (`ipc/frame.py`), from a DEALER, and is answered with one frame:

    HELLO               the schema's digest and the name of the strategy
    SNAPSHOT_REQUEST    what = EXECUTION_REPORT, instrument_id = the report sequence to start from,
                        sequence = any number, which the answer repeats
        ->
    up to EVENTS_MAX    EXECUTION_REPORT, PARENT_REPORT, ROUTE_DECISION, VENUE_STATE, ALARM: what the strategy was
                        told from there on, in order, with the sequences that it was told with the first time
    SNAPSHOT_END        what = EXECUTION_REPORT, count = how many came before it, sequence = the request's

Fewer than EVENTS_MAX are all that there is so far; else the client asks again from the one behind the last. If the
first one has a later sequence than was asked for, those before are not kept any more. A bad frame is answered by one
refusal, as the engine does. Each question stands for itself: there is no session.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import zmq

from engine.journal.event_file import STRATEGY_WORD
from engine.journal.events import EventReader
from engine.zeromq_endpoint import bind
from engine.zeromq_refusal import check_digest, refusal
from ipc.address import EVENTS_SOCKET
from ipc.enums import RecordKind, RefusalReason
from ipc.frame import FRAME_BYTES_MAX, RECORDS_MAX, FrameError, decode, encode, encode_slots
from ipc.records import HEADER_FIELDS, HELLO, SNAPSHOT_REQUEST
from ipc.tables import words_name

EVENTS_MAX = RECORDS_MAX - 1
_QUESTIONS_PER_TURN = 4
_QUEUE_FRAMES_MAX = 16
_HELLO_FIELDS = HELLO.names or ()
_REQUEST_FIELDS = SNAPSHOT_REQUEST.names or ()
_NAME_WORDS = slice(_HELLO_FIELDS.index("strategy_name_0"), _HELLO_FIELDS.index("strategy_name_1") + 1)


class EventServer:
    """Answers from the stream, between the journal's own work."""

    def __init__(
        self, folder: Path, reader: EventReader, strategies: Mapping[str, int], monotonic_ns: Callable[[], int]
    ) -> None:
        self._reader = reader
        self._strategies = strategies
        self._monotonic_ns = monotonic_ns
        self._path = folder / EVENTS_SOCKET
        self._context = zmq.Context()
        try:
            self._socket = self._context.socket(zmq.ROUTER)
            for option, value in (
                (zmq.LINGER, 0),
                (zmq.MAXMSGSIZE, FRAME_BYTES_MAX),
                (zmq.RCVHWM, _QUEUE_FRAMES_MAX),
                (zmq.SNDHWM, _QUEUE_FRAMES_MAX),
            ):
                self._socket.setsockopt(option, value)
            bind(self._socket, f"ipc://{self._path}")
        except BaseException:
            self._context.destroy(linger=0)
            raise

    def serve(self, wait_ms: int) -> int:
        """Answers what has been asked, after waiting for it up to that long; returns how many questions."""
        answered = 0
        while answered < _QUESTIONS_PER_TURN and self._socket.poll(wait_ms if answered == 0 else 0):
            parts = self._socket.recv_multipart(zmq.NOBLOCK)
            self._reply(parts[0], parts[-1])
            answered += 1
        return answered

    def _reply(self, client: bytes, frame: bytes) -> None:
        try:
            answer = self._answer(frame)
        except FrameError as error:
            answer = refusal(error, frame, self._monotonic_ns())
        try:
            self._socket.send_multipart([client, answer], zmq.NOBLOCK)
        except zmq.Again:
            # It asks faster than it listens; it will ask again.
            return

    def _answer(self, frame: bytes) -> bytes:
        check_digest(frame)
        records = decode(frame)
        kinds = [record[HEADER_FIELDS.index("kind")] for record in records]
        if kinds != [RecordKind.HELLO, RecordKind.SNAPSHOT_REQUEST]:
            raise FrameError(RefusalReason.MALFORMED_RECORD, limit=2, requested=len(records))
        hello, request = records[0], dict(zip(_REQUEST_FIELDS, records[1], strict=True))
        try:
            strategy_id = self._strategies.get(words_name(list(hello[_NAME_WORDS])))
        except UnicodeDecodeError:
            strategy_id = None
        if strategy_id is None:
            raise FrameError(RefusalReason.UNKNOWN_CLIENT, limit=0, requested=0)
        if request["what"] != RecordKind.EXECUTION_REPORT:
            raise FrameError(
                RefusalReason.UNKNOWN_RECORD_KIND, limit=RecordKind.EXECUTION_REPORT, requested=request["what"]
            )
        events = self._reader.of_strategy(strategy_id, request["instrument_id"], EVENTS_MAX)
        events[:, STRATEGY_WORD] = 0
        frame_of_events = encode_slots(np.ascontiguousarray(events).data.cast("B")) if len(events) else b""
        end = encode(
            RecordKind.SNAPSHOT_END, request["sequence"], self._monotonic_ns(), RecordKind.EXECUTION_REPORT, len(events)
        )
        return frame_of_events + end

    def close(self) -> None:
        """Ends all connections, and takes the socket's name away."""
        self._context.destroy(linger=0)
        self._path.unlink(missing_ok=True)
