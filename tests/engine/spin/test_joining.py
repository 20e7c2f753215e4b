"""Cancels that leave in one write: the frames are what a WebSocket server reads, and nothing else ever waits."""

import asyncio
import os
from pathlib import Path

import numpy as np
import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from engine import joined_frames
from engine.spin.joining import HEADER_BYTES_MAX, MASK_BYTES, put_client_frame
from ipc.clock import NS_PER_MS
from ipc.compiler import JIT_DISABLED
from ipc.enums import ExecutionType, JournalState, RecordKind
from ipc.memory import address_of
from ipc.order_id import pack, to_text
from ipc.records import SLOT_WORDS
from tests.engine.core.world import EPOCH, INSTANCE
from tests.engine.spin.journal_desk import JournalDesk
from tests.engine.spin.outbox import Outbox
from tests.engine.spin.spin_desk import SpinDesk
from tests.engine.spin.test_control import ControlDesk
from tests.engine.spin.wire_desk import TEMPLATES
from tools.client_frames import texts_of

LENGTHS = [0, 1, 2, 3, 4, 5, 125, 126, 127, 128, 255, 256, 257, 1000, 1999, 2000, 65_535]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: venue\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
PATIENCE_S = 10
AFTER_THE_WORLDS = 1_000
needs_loop = pytest.mark.skipif(JIT_DISABLED, reason="the loop exists only compiled")


def framed(texts: list[bytes], masks: bytes) -> bytes:
    """The texts as the kernel writes them, one behind the other."""
    target = np.zeros(sum(map(len, texts)) + HEADER_BYTES_MAX * len(texts), np.uint8)
    keys, filled = np.frombuffer(masks, np.uint8), 0
    for place, text in enumerate(texts):
        source = np.frombuffer(text or b"\0", np.uint8)
        mask = address_of(keys) + MASK_BYTES * place
        filled += int(put_client_frame(address_of(target) + filled, address_of(source), len(text), mask))
    return target[:filled].tobytes()


class Reader(WSListener):
    """A server's end that keeps what it reads until all has come."""

    def __init__(self, count: int) -> None:
        self.frames: list[tuple[WSMsgType, bool, bytes]] = []
        self.has_all = asyncio.Event()
        self._count = count

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.frames.append((frame.msg_type, bool(frame.fin), frame.get_payload_as_bytes()))
        if len(self.frames) == self._count or frame.msg_type != WSMsgType.TEXT:
            self.has_all.set()


async def read_by_a_server(written: bytes, count: int) -> list[tuple[WSMsgType, bool, bytes]]:
    reader = Reader(count)
    server = await ws_create_server(lambda request: reader, "127.0.0.1", 0)
    async with server, asyncio.timeout(PATIENCE_S):
        back, forth = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        forth.write(UPGRADE)
        assert b" 101 " in await back.readuntil(b"\r\n\r\n")
        forth.write(written)
        await reader.has_all.wait()
        forth.close()
    return reader.frames


def test_a_server_reads_the_same_texts() -> None:
    texts = [os.urandom(length) for length in LENGTHS]
    written = framed(texts, os.urandom(MASK_BYTES * len(texts)))
    assert asyncio.run(read_by_a_server(written, len(texts))) == [(WSMsgType.TEXT, True, text) for text in texts]
    assert texts_of(written) == texts


def test_a_text_goes_out_under_its_own_mask() -> None:
    first, second = framed([b"cancel", b"cancel"], b"\1\2\3\4\0\0\0\0")[:12], framed([b"cancel"], bytes(4))
    assert first == b"\x81\x86\1\2\3\4" + bytes(
        letter ^ key for letter, key in zip(b"cancel", b"\1\2\3\4\1\2", strict=True)
    )
    assert second == b"\x81\x86\0\0\0\0cancel"


# ---- the loop ----
class MixedDesk:
    """Orders of two accounts, and commands that reach the loop together, so that their frames leave in one turn."""

    def __init__(self, desk: SpinDesk) -> None:
        self.desk = desk
        self.outboxes = [Outbox(), Outbox()]
        desk.loop.use_senders(self.outboxes)
        self._slots: list[np.ndarray] = []
        self._sequence = AFTER_THE_WORLDS

    def rest(self, *accounts: int) -> list[int]:
        """Orders that rest at the venue, one for each account named."""
        placed = []
        for account_id in accounts:
            self.desk.world.now_ns += NS_PER_MS
            placed.append(self.desk.world.place(account_id=account_id))
        return placed

    def cancel(self, order_id: int) -> str:
        self._ask(RecordKind.CANCEL_ORDER, order_id=order_id)
        return "c" + to_text(order_id)

    def order(self, account_id: int) -> str:
        return "n" + to_text(self._ask(RecordKind.NEW_ORDER, account_id=account_id, retry_attempts=0))

    def cancel_all(self) -> None:
        self._ask(RecordKind.CANCEL_ALL, instrument_id=-1, account_id=-1)

    def _ask(self, kind: RecordKind, **fields: int) -> int:
        self._sequence += 1
        own_id = pack(instance=INSTANCE, epoch=EPOCH, strategy_id=1, sequence=self._sequence)
        order_id, words = self.desk.command(kind, **{"sequence": self._sequence, "order_id": own_id, **fields})
        self._slots.append(words)
        return order_id

    def hand_over(self) -> None:
        """The loop takes the commands and sends what they lead to."""
        slots = np.zeros((len(self._slots), SLOT_WORDS), np.int64)
        for slot, words in zip(slots, self._slots, strict=True):
            slot[: len(words)] = words
        self._slots.clear()
        self.desk.loop.process_commands(1, address_of(slots), len(slots))

    def writes(self, account_id: int) -> list[list[str]]:
        """The ids of the requests in each write."""
        return [[text[7:24].decode() for text in texts] for texts in self.outboxes[account_id].writes]


def letters(writes: list[list[str]]) -> list[str]:
    return ["".join(name[0] for name in write) for write in writes]


@pytest.fixture
def mixed(tmp_path: Path) -> MixedDesk:
    return MixedDesk(ControlDesk(tmp_path))


@needs_loop
def test_cancels_of_one_account_that_follow_each_other_share_a_write_and_a_new_order_never_waits(
    mixed: MixedDesk,
) -> None:
    orders = mixed.rest(0, 0, 0, 0, 1, 1, 1)
    one, two, three, four, *others = orders
    first = [mixed.cancel(one), mixed.cancel(two)]
    new = mixed.order(0)
    second = [mixed.cancel(three)]
    of_others = [mixed.cancel(order_id) for order_id in others]
    third = [mixed.cancel(four)]
    new_of_others = mixed.order(1)
    mixed.hand_over()
    assert mixed.writes(0) == [first, [new], second, third]
    assert mixed.writes(1) == [of_others, [new_of_others]]


@needs_loop
def test_a_pass_over_many_orders_leaves_in_as_few_writes_as_there_are_places(mixed: MixedDesk) -> None:
    orders = mixed.rest(*[0] * 90)
    mixed.cancel_all()
    mixed.hand_over()
    mixed.desk.world.state.header["next_deadline_ns"] = 0
    while len(mixed.outboxes[0].texts) < len(orders):
        mixed.desk.turn()
        mixed.desk.loop.send_frames()
    written = mixed.writes(0)
    assert sorted(name for write in written for name in write) == sorted("c" + to_text(order_id) for order_id in orders)
    assert len(written) == 2, "the command's own step, and then one look at the clock"


@needs_loop
def test_a_request_that_is_signed_leaves_alone(mixed: MixedDesk) -> None:
    mixed.desk.loop.use_templates([TEMPLATES["hmac"], TEMPLATES["ed25519"]])
    for order_id in mixed.rest(0, 0, 1, 1):
        mixed.cancel(order_id)
    mixed.hand_over()
    assert (letters(mixed.writes(0)), letters(mixed.writes(1))) == (["c", "c"], ["cc"])
    assert all(b"=" * 64 in text for text in mixed.outboxes[0].texts)


@needs_loop
def test_the_core_is_told_of_each_cancel_that_a_socket_did_not_take(mixed: MixedDesk) -> None:
    refused, taken = mixed.rest(0, 0, 0), mixed.rest(1, 1)
    mixed.outboxes[0].is_open = False
    for order_id in refused + taken:
        mixed.cancel(order_id)
    mixed.hand_over()
    assert letters(mixed.writes(1)) == ["cc"]
    assert mixed.desk.loop.unsent_count == len(refused)
    told = [report for report in mixed.desk.told() if report["execution_type"] == ExecutionType.CANCEL_REJECTED]
    assert sorted(report["order_id"] for report in told) == sorted(refused)


@needs_loop
@pytest.mark.parametrize(("is_fenced", "expected"), [(False, ["ccc"]), (True, [])], ids=["no lease", "fenced"])
def test_fence_and_lease_hold_for_joined_cancels_as_for_single_ones(
    mixed: MixedDesk, is_fenced: bool, expected: list[str]
) -> None:
    assert isinstance(mixed.desk, ControlDesk)
    for order_id in mixed.rest(0, 0, 0):
        mixed.cancel(order_id)
    mixed.order(0)
    mixed.desk.control.lease_until_ns = 1
    if is_fenced:
        mixed.desk.control.fence(EPOCH)
    mixed.hand_over()
    assert letters(mixed.writes(0)) == expected
    assert mixed.desk.loop.unsent_count == 4 - sum(map(len, expected))


@needs_loop
def test_when_the_disk_fails_joined_cancels_leave_and_the_new_order_between_them_does_not(tmp_path: Path) -> None:
    desk = JournalDesk(tmp_path, awaits_disk=True)
    mixed = MixedDesk(desk)
    orders = mixed.rest(0, 0, 0, 0)
    for order_id in orders[:2]:
        mixed.cancel(order_id)
    mixed.order(0)
    for order_id in orders[2:]:
        mixed.cancel(order_id)
    desk.beat(JournalState.FAILED)
    mixed.hand_over()
    assert letters(mixed.writes(0)) == ["cc", "cc"]
    assert desk.loop.unsent_count == 1


@needs_loop
def test_no_mask_is_used_twice_and_none_can_be_foreseen(mixed: MixedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def draw(count: int) -> bytes:
        drawn.append(bytes(range(len(drawn) + 1, len(drawn) + 1 + count)))
        return drawn[-1]

    monkeypatch.setattr(joined_frames.os, "urandom", draw)
    written: list[bytes] = []
    monkeypatch.setattr(mixed.outboxes[0], "send_joined", lambda frames, count: written.append(frames) or True)
    orders = mixed.rest(0, 0, 0, 0)
    for pair in (orders[:2], orders[2:]):
        for order_id in pair:
            mixed.cancel(order_id)
        mixed.hand_over()
    assert [len(masks) for masks in drawn] == [2 * MASK_BYTES] * 2
    for frames, masks in zip(written, drawn, strict=True):
        assert texts_of(frames)[0].startswith(b'{"id":"c')
        start = frames.index(masks[:MASK_BYTES])
        assert frames.index(masks[MASK_BYTES:]) > start
