"""Beyond this host only who proves to have an allowed key is let in, and drives only what its key may drive."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import zmq
import zmq.utils.z85

from engine.zeromq_admission import CONNECTIONS_MAX, LOCAL, OWNER, Admission, AllowedClient, CurveEndpoint
from engine.zeromq_endpoint import EndpointError
from engine.zeromq_server import ZeromqServer
from ipc.client import connect
from ipc.clock import SystemClock
from ipc.curve import CurveKeyError, CurveKeys, new_keys, read_keys, write_keys
from ipc.enums import RecordKind, RefusalReason, TradingState
from ipc.errors import AddressError, ConnectionRefusedByEngineError, EngineNotRunningError
from ipc.frame import decode, encode
from ipc.operator import Operator
from ipc.public_key import raw_key
from ipc.schema import SCHEMA_DIGEST
from ipc.tables import name_words, words_name
from tests.ipc.conftest import ServingThread, engine, runtime, until
from tests.ipc.fake_engine import STRATEGIES, FakeEngine
from tests.readme import blocks

__all__ = ["engine", "runtime"]

SERVER, MAKER, OPERATOR, STRANGER = (new_keys() for _ in range(4))
CLIENTS = (
    AllowedClient("desk", MAKER.public_key, frozenset({"maker"})),
    AllowedClient("person", OPERATOR.public_key, frozenset(), is_operator=True),
)
ENDPOINT = CurveEndpoint("tcp://127.0.0.1:*", SERVER, CLIENTS)
HELLO_WAIT_S = 0.3


@pytest.fixture
def server(engine: FakeEngine, runtime: Path) -> Iterator[ZeromqServer]:
    """One endpoint of each kind, served as the engine's loop does."""
    server = ZeromqServer([f"ipc://{runtime}/clients", "tcp://127.0.0.1:*"], STRATEGIES, engine, curve=[ENDPOINT])
    serving = ServingThread(server)
    yield server
    serving.stop()


@pytest.fixture
def key_file(tmp_path: Path) -> Callable[[CurveKeys], Path]:
    """Puts keys into a file."""

    def write(keys: CurveKeys) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.key"
        write_keys(path, keys)
        return path

    return write


def curve_url(server: ZeromqServer) -> str:
    """The endpoint with CURVE."""
    return server.endpoints[2]


def test_an_allowed_key_drives_its_strategy(
    server: ZeromqServer, engine: FakeEngine, key_file: Callable[[CurveKeys], Path]
) -> None:
    file = key_file(MAKER)
    with connect(curve_url(server), strategy="maker", key_file=file, server_key=SERVER.public_key) as client:
        order_id = client.submit("BTC/USDT.BINANCE", "buy", "0.01", price="60000")
        until(lambda: engine.taken, bool)
    assert [(strategy, command["order_id"]) for strategy, command in engine.taken] == [(1, order_id)]


@pytest.mark.parametrize(("keys", "strategy"), [(MAKER, "taker"), (OPERATOR, "maker")], ids=["another's", "a person"])
def test_an_allowed_key_drives_no_other_strategy(
    server: ZeromqServer, engine: FakeEngine, key_file: Callable[[CurveKeys], Path], keys: CurveKeys, strategy: str
) -> None:
    with pytest.raises(ConnectionRefusedByEngineError, match="our key may not drive strategy"):
        connect(curve_url(server), strategy=strategy, key_file=key_file(keys), server_key=SERVER.public_key)
    assert server.refused == {RefusalReason.KEY_NOT_ALLOWED: 1}
    assert engine.remote == set()


@pytest.mark.parametrize(
    ("keys", "server_key"), [(STRANGER, SERVER.public_key), (MAKER, STRANGER.public_key)], ids=["ours", "the engine's"]
)
def test_with_a_wrong_key_on_either_side_nothing_is_heard(
    server: ZeromqServer, key_file: Callable[[CurveKeys], Path], keys: CurveKeys, server_key: str
) -> None:
    with pytest.raises(EngineNotRunningError, match="let our key in"):
        connect(
            curve_url(server), strategy="maker", key_file=key_file(keys), server_key=server_key, timeout_s=HELLO_WAIT_S
        )


def test_without_a_key_nobody_gets_in_where_keys_are_asked_for(server: ZeromqServer) -> None:
    with pytest.raises(EngineNotRunningError):
        connect(curve_url(server), strategy="maker", timeout_s=HELLO_WAIT_S)


def test_the_readmes_way_from_another_host_drives_a_strategy_and_halts(
    server: ZeromqServer, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = (text for text in blocks("python") if "server_key" in text)
    for name, keys in (("desk.key", MAKER), ("person.key", OPERATOR)):
        write_keys(tmp_path / name, keys)
    monkeypatch.chdir(tmp_path)
    for told, here in (("tcp://10.0.0.5:5556", curve_url(server)), ("…", SERVER.public_key), ('"mine"', '"maker"')):
        assert told in snippet
        snippet = snippet.replace(told, here)
    exec(compile(snippet, "README.md", "exec"), {})
    until(lambda: engine.taken, bool)
    assert [(strategy, command["kind"]) for strategy, command in engine.taken] == [(1, RecordKind.CANCEL_ALL)]
    (halt,) = engine.operated
    assert (halt["kind"], halt["trading_state"]) == (RecordKind.SET_TRADING_STATE, TradingState.HALT)
    assert words_name([halt["operator_name_0"], halt["operator_name_1"]]) == "person"


def test_a_strategys_key_operates_nothing(
    server: ZeromqServer, engine: FakeEngine, key_file: Callable[[CurveKeys], Path]
) -> None:
    with pytest.raises(ConnectionRefusedByEngineError, match="NOT_PERMITTED"):
        Operator(curve_url(server), key_file=key_file(MAKER), server_key=SERVER.public_key)
    with pytest.raises(ConnectionRefusedByEngineError, match="NOT_PERMITTED"):
        Operator(server.endpoints[1])
    assert engine.operated == []
    assert server.refused == {RefusalReason.NOT_PERMITTED: 2}


def test_the_owner_needs_no_key(server: ZeromqServer) -> None:
    for url in server.endpoints[:2]:
        with connect(url, strategy="maker") as client:
            assert client.strategy_id == STRATEGIES["maker"]


def test_an_address_that_was_left_behind_gives_nobody_its_rights(engine: FakeEngine, runtime: Path) -> None:
    """A peer may choose how it is addressed, but not as whom it is known."""
    server = ZeromqServer([f"ipc://{runtime}/clients", "tcp://127.0.0.1:*"], STRATEGIES, engine)
    context = zmq.Context()

    def peer(url: str) -> "zmq.Socket[bytes]":
        socket = context.socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.ROUTING_ID, b"known")
        socket.connect(url)
        return socket

    def answer(url: str, frame: bytes) -> tuple[int, ...]:
        """What comes back, from the first connection on whose address is not taken by the one before it."""
        while True:
            socket = peer(url)
            socket.send(frame)
            for _ in range(100):
                server.poll(SystemClock.monotonic_ns())
                if socket.poll(1):
                    records = decode(socket.recv())
                    socket.close()
                    return records[0]
            socket.close()

    with closing(server):
        hello = encode(RecordKind.HELLO, 0, 0, SCHEMA_DIGEST, *name_words("maker", 2))
        assert answer(server.endpoints[0], hello)[1] == RecordKind.WELCOME
        refusal = answer(server.endpoints[1], encode(RecordKind.CANCEL_ORDER, 1, 2, 3, 4))
        assert RefusalReason.NOT_CONNECTED in refusal
        assert engine.taken == []
    context.destroy(linger=0)


@pytest.mark.parametrize(
    ("user", "strategies", "operates"),
    [
        (OWNER, ("maker", "taker"), True),
        (LOCAL, ("maker", "taker"), False),
        ("key:desk", ("maker",), False),
        ("key:person", (), True),
        ("key:nobody", (), False),
        ("", (), False),
    ],
)
def test_what_each_may_do(user: str, strategies: tuple[str, ...], operates: bool) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    admission = Admission(context, [ENDPOINT])
    context.destroy(linger=0)
    assert tuple(name for name in STRATEGIES if admission.may_drive(user, name)) == strategies
    assert admission.may_operate(user) == operates


def test_a_crowd_is_told_to_come_later_and_the_owner_gets_in(engine: FakeEngine, runtime: Path) -> None:
    server = ZeromqServer([f"ipc://{runtime}/clients", "tcp://127.0.0.1:*"], STRATEGIES, engine)
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 2 * CONNECTIONS_MAX)

    def join(url: str) -> "zmq.Socket[bytes]":
        socket = sockets.enter_context(context.socket(zmq.DEALER))
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, -1)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.connect(url)
        return socket

    def is_in(socket: "zmq.Socket[bytes]") -> bool:
        server.poll(SystemClock.monotonic_ns())
        return bool(socket.poll(0, zmq.POLLOUT))

    with ExitStack() as sockets, closing(server):
        crowd = [join(server.endpoints[1]) for _ in range(CONNECTIONS_MAX)]
        until(lambda: sum(is_in(socket) for socket in crowd), lambda count: count == CONNECTIONS_MAX)
        late = join(server.endpoints[1])
        until(lambda: (is_in(late), server.crowded_count)[1], bool)
        owner = join(server.endpoints[0])
        until(lambda: is_in(owner), bool)
        assert not is_in(late)
    context.term()


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://example.com:1", "tcp://10.0.0.1:0"])
def test_nothing_is_bound_beyond_this_host_without_keys(engine: FakeEngine, endpoint: str) -> None:
    with pytest.raises(EndpointError, match="allowed"):
        ZeromqServer([endpoint], STRATEGIES, engine)


@pytest.mark.parametrize(
    ("url", "file", "server_key", "words"),
    [
        ("tcp://10.0.0.1:5556", None, None, "for everybody to read"),
        ("tcp://engine.example:5556", None, None, "for everybody to read"),
        ("tcp://10.0.0.1:5556", Path("a.key"), None, "server_key is missing"),
        ("tcp://10.0.0.1:5556", None, SERVER.public_key, "key_file is missing"),
        ("shm://engine", Path("a.key"), SERVER.public_key, "allowed with key_file"),
        ("tcp://10.0.0.1:5556", Path("a.key"), "short", "server_key is no key"),
        ("tcp://10.0.0.1:5556", Path("/no/such.key"), SERVER.public_key, "cannot be opened"),
    ],
)
def test_a_client_refuses_an_address_that_it_could_not_trust(
    url: str, file: Path | None, server_key: str | None, words: str
) -> None:
    with pytest.raises(AddressError, match=words):
        connect(url, strategy="maker", key_file=file, server_key=server_key)


def test_keys_come_back_from_their_file_and_show_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_keys(path, MAKER)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_keys(path) == MAKER
    assert MAKER.secret_key.reveal().decode() not in repr(MAKER)
    with pytest.raises(CurveKeyError, match="cannot be made"):
        write_keys(path, STRANGER)
    assert read_keys(path) == MAKER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[" * 9_000,
        f'public_key = "{MAKER.public_key}"',
        f'public_key = "{MAKER.public_key}"\nsecret_key = "{"#" * 40}"',
        f'public_key = "{STRANGER.public_key}"\nsecret_key = "{MAKER.secret_key.reveal().decode()}"',
        f'public_key = 1\nsecret_key = "{MAKER.secret_key.reveal().decode()}"',
        f'public_key = "{MAKER.public_key}"\nsecret_key = "{MAKER.secret_key.reveal().decode()}"\nx = 1',
    ],
)
def test_what_is_no_key_file_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(CurveKeyError) as caught:
        read_keys(path)
    assert MAKER.secret_key.reveal().decode() not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_key_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.key"
    write_keys(path, MAKER)
    path.chmod(mode)
    with pytest.raises(CurveKeyError, match="open to others"):
        read_keys(path)


def test_a_public_key_is_the_same_bytes_as_in_libzmq() -> None:
    for keys in (SERVER, MAKER, OPERATOR, STRANGER):
        assert raw_key(keys.public_key) == zmq.utils.z85.decode(keys.public_key)
    assert raw_key("#" * 40) is None
    assert raw_key(MAKER.public_key[:-1]) is None
