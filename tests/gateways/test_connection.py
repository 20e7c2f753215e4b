"""One connection against peers that are right, wrong and hostile."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)

from gateways import connection
from gateways.connection import FRAME_BYTES_MAX, Connection, tls_context
from tests.gateways.certificate_office import DAY, CertificateOffice
from tests.gateways.wire_filler import as_frames

PATIENCE_S = 10.0


class Witness:
    """Writes down what a connection reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self._arrival = asyncio.Event()

    def _note(self, what: str, detail: Any = None) -> None:
        self.seen.append((what, detail))
        self._arrival.set()

    def on_connected(self, link_id: int) -> None:
        self._note("connected", link_id)

    def on_frame(self, link_id: int, payload: bytes) -> None:
        self._note("frame", payload)

    def on_alive(self, link_id: int) -> None:
        self._note("alive")

    def on_nonsense(self, link_id: int) -> None:
        self._note("nonsense")

    def on_disconnected(self, link_id: int) -> None:
        self._note("disconnected", link_id)

    def names(self) -> list[str]:
        return [what for what, _ in self.seen]

    async def until(self, what: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while what not in self.names():
                self._arrival.clear()
                await self._arrival.wait()


class Peer(WSListener):
    """A server's end that does what the test says when a client connects."""

    def __init__(self, greeting: Callable[[WSTransport], None] = lambda transport: None) -> None:
        self._greeting = greeting
        self.frames: list[tuple[WSMsgType, bytes]] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._greeting(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.frames.append((frame.msg_type, frame.get_payload_as_bytes()))
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())


Answer = WSListener | WSUpgradeResponseWithListener | None


@asynccontextmanager
async def server(answer: Callable[[WSUpgradeRequest], Answer], certificate: Path | None = None) -> AsyncIterator[int]:
    """The port of a server on the loopback interface."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    listening = await ws_create_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await listening.wait_closed()


async def resolve_here(host: str, port: int) -> list[tuple[str, int]]:
    """Every name is this host, as a test's resolver has it."""
    return [("127.0.0.1", port)]


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


async def outcome(url: str, context: ssl.SSLContext | None = None) -> list[str]:
    """What a connection reports until its first frame or its end."""
    witness = Witness()
    ours = Connection(1, witness)
    task = asyncio.get_running_loop().create_task(ours.run(url, context, resolve_here))
    waits = [asyncio.ensure_future(witness.until(what)) for what in ("frame", "nonsense", "disconnected")]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    ours.close()
    await asyncio.wait_for(task, PATIENCE_S)
    return witness.names()


def hello(transport: WSTransport) -> None:
    transport.send(WSMsgType.TEXT, b"hello")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CertificateOffice:
    return CertificateOffice(tmp_path_factory.mktemp("office"), "authority")


@pytest.fixture(scope="module")
def other_office(tmp_path_factory: pytest.TempPathFactory) -> CertificateOffice:
    return CertificateOffice(tmp_path_factory.mktemp("other"), "impostor")


@pytest.mark.parametrize(
    ("certified_host", "valid_for", "ca", "is_trusted"),
    [
        ("venue.test", DAY, "authority", True),
        ("venue.test", DAY, "impostor", False),
        ("venue.test", DAY, "system", False),
        ("other.test", DAY, "authority", False),
        ("venue.test", timedelta(days=-1), "authority", False),
    ],
    ids=["right", "wrong authority", "own roots only", "wrong host", "expired"],
)
def test_tls_verifies_authority_host_and_date(
    office: CertificateOffice,
    other_office: CertificateOffice,
    certified_host: str,
    valid_for: timedelta,
    ca: str,
    is_trusted: bool,
) -> None:
    ca_file = {"authority": office.ca_file, "impostor": other_office.ca_file, "system": None}[ca]

    async def scenario() -> None:
        certificate = office.certify(certified_host, valid_for=valid_for)
        async with server(lambda request: Peer(hello), certificate) as port:
            seen = await outcome(f"wss://venue.test:{port}/", tls_context(ca_file))
        assert ("connected" in seen) is is_trusted
        assert seen[-1] == "disconnected"

    run(scenario())


def test_verification_cannot_be_left_out() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_plain_text_leaves_this_host_never() -> None:
    async def scenario() -> None:
        with pytest.raises(ValueError, match="TLS"):
            await Connection(1, Witness()).run("ws://venue.test:80/", None, resolve_here)

    run(scenario())


def test_a_redirect_is_not_followed() -> None:
    asked = []

    def answer(request: WSUpgradeRequest) -> Answer:
        asked.append(request.path)
        if len(asked) > 1:
            return Peer(hello)
        response = WSUpgradeResponse.create_redirect_response(HTTPStatus.FOUND, "/elsewhere")
        return WSUpgradeResponseWithListener(response, None)

    async def scenario() -> None:
        async with server(answer) as port:
            assert await outcome(f"ws://127.0.0.1:{port}/") == ["disconnected"]

    run(scenario())
    assert asked == [b"/"]


def test_a_server_that_knows_no_websocket_is_no_venue() -> None:
    async def scenario() -> None:
        async with server(lambda request: None) as port:
            assert await outcome(f"ws://127.0.0.1:{port}/") == ["disconnected"]

    run(scenario())


@pytest.mark.parametrize(
    "reply", [b"", b"\r\n\r\n", b"\xff" * 64 + b"\r\n\r\n", b"HTTP/1.1 101\r\n x\r\n\r\n", b"x" * 20_000]
)
def test_a_reply_that_is_no_http_is_survived(reply: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()
        await writer.wait_closed()

    async def scenario() -> None:
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            assert await outcome(f"ws://127.0.0.1:{port}/") == ["disconnected"]

    run(scenario())


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HANDSHAKE_TIMEOUT_S", 0.05)
    writers = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    async def scenario() -> None:
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            assert await outcome(f"ws://127.0.0.1:{port}/") == ["disconnected"]
            for writer in writers:
                writer.close()

    run(scenario())


def test_a_port_where_nobody_listens() -> None:
    async def scenario() -> None:
        async with server(lambda request: Peer()) as port:
            pass
        assert await outcome(f"ws://127.0.0.1:{port}/") == ["disconnected"]

    run(scenario())


@pytest.mark.parametrize(
    ("size", "is_taken"), [(FRAME_BYTES_MAX, True), (FRAME_BYTES_MAX + 1, False)], ids=["at", "above"]
)
def test_the_size_of_a_frame_is_bounded(size: int, is_taken: bool) -> None:
    async def scenario() -> None:
        def flood(transport: WSTransport) -> None:
            transport.send(WSMsgType.TEXT, bytes(size))

        async with server(lambda request: Peer(flood)) as port:
            assert ("frame" in await outcome(f"ws://127.0.0.1:{port}/")) is is_taken

    run(scenario())


@pytest.mark.parametrize(
    ("kind", "is_final"),
    [(WSMsgType.BINARY, True), (WSMsgType.TEXT, False), (WSMsgType.CONTINUATION, True)],
)
def test_what_is_no_whole_text_message_is_nonsense(kind: WSMsgType, is_final: bool) -> None:
    async def scenario() -> None:
        def odd(transport: WSTransport) -> None:
            transport.send(kind, b"{}", fin=is_final)

        async with server(lambda request: Peer(odd)) as port:
            assert "nonsense" in await outcome(f"ws://127.0.0.1:{port}/")

    run(scenario())


def test_a_ping_is_answered_with_its_own_payload_and_proves_life() -> None:
    async def scenario() -> None:
        peer = Peer(lambda transport: transport.send_ping(b"1770123456789"))
        witness = Witness()
        ours = Connection(1, witness)
        async with server(lambda request: peer) as port:
            task = asyncio.get_running_loop().create_task(ours.run(f"ws://127.0.0.1:{port}/", None, None))
            await witness.until("alive")
            ours.send(b"after")
            await witness.until("frame")
            ours.close()
            await task
        assert (WSMsgType.PONG, b"1770123456789") in peer.frames

    run(scenario())


def test_a_frame_is_sent_from_where_it_lies() -> None:
    async def scenario() -> None:
        peer, witness = Peer(), Witness()
        ours = Connection(1, witness)
        assert not ours.can_send()
        async with server(lambda request: peer) as port:
            task = asyncio.get_running_loop().create_task(ours.run(f"ws://127.0.0.1:{port}/", None, None))
            await witness.until("connected")
            assert ours.can_send()
            ours.send_in_place(bytearray(14) + b"order", 14)
            await witness.until("frame")
            ours.pause_writing()
            assert not ours.can_send()
            ours.resume_writing()
            ours.close()
            assert not ours.can_send()
            await task
        assert witness.seen[1] == ("frame", b"order")
        assert witness.names()[-1] == "disconnected"

    run(scenario())


class SlowPeer(WSListener):
    """A server's end that reads nothing until it is told to, and keeps the first byte of what it reads then."""

    def __init__(self) -> None:
        self.read = ""
        self.has_all = asyncio.Event()
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        transport.underlying_transport.pause_reading()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.read += frame.get_payload_as_bytes()[:1].decode()
        if self.read.endswith("z"):
            self.has_all.set()

    def read_on(self) -> None:
        assert self._transport is not None
        self._transport.underlying_transport.resume_reading()


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain", "tls"])
def test_frames_joined_beforehand_keep_their_place_among_the_others(
    office: CertificateOffice, is_encrypted: bool
) -> None:
    joined = as_frames([b"joined" * 30, b"k", b"l" * 2_000])

    async def scenario() -> None:
        peer, witness = SlowPeer(), Witness()
        ours = Connection(1, witness)
        certificate = office.certify("venue.test", valid_for=DAY) if is_encrypted else None
        async with server(lambda request: peer, certificate) as port, asyncio.timeout(PATIENCE_S):
            url = f"wss://venue.test:{port}/" if is_encrypted else f"ws://127.0.0.1:{port}/"
            context = tls_context(office.ca_file) if is_encrypted else None
            task = asyncio.get_running_loop().create_task(ours.run(url, context, resolve_here))
            await witness.until("connected")
            ours.send(b"a")
            ours.send_framed(joined)
            ours.send(b"b")
            waiting = 0
            while ours.can_send():
                ours.send(bytes(b"w" * 60_000))
                waiting += 1
            ours.send_framed(joined)
            ours.send_in_place(bytearray(14) + b"y", 14)
            ours.send_framed(joined)
            ours.send(b"z")
            peer.read_on()
            await peer.has_all.wait()
            ours.close()
            await task
        assert peer.read == "ajklb" + "w" * waiting + "jkl" + "y" + "jkl" + "z"

    run(scenario())


def test_a_peer_that_closes_ends_the_connection() -> None:
    async def scenario() -> None:
        async with server(lambda request: Peer(lambda transport: transport.send_close())) as port:
            assert await outcome(f"ws://127.0.0.1:{port}/") == ["connected", "disconnected"]

    run(scenario())


def test_an_error_of_our_own_is_not_taken_for_the_venues() -> None:
    class Faulty(Witness):
        def on_frame(self, link_id: int, payload: bytes) -> None:
            raise AssertionError("our own bug")

    async def scenario() -> None:
        async with server(lambda request: Peer(hello)) as port:
            with pytest.raises(AssertionError, match="our own bug"):
                await Connection(1, Faulty()).run(f"ws://127.0.0.1:{port}/", None, None)

    run(scenario())
