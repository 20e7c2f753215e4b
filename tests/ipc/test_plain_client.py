"""A client written from the schema alone, with nothing of this project but its JSON, trades."""

import json
import struct
from collections.abc import Iterator

import pytest
import zmq

from engine.zeromq_server import ZeromqServer
from ipc.clock import SystemClock
from ipc.enums import ExecutionType, OrderStatus
from ipc.schema import as_json
from tests.ipc.conftest import ServingThread, until
from tests.ipc.fake_engine import STRATEGIES, FakeEngine


class PlainClient:
    """What one writes in any language: a DEALER socket, words, and the schema as read from a file."""

    def __init__(self, schema: dict, endpoint: str) -> None:
        self.schema = schema
        self.kinds = schema["enums"]["RecordKind"]
        self.names = {record["kind"]: record["words"] for record in schema["records"].values()}
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.connect(endpoint)

    def close(self) -> None:
        """Leaves."""
        self.context.destroy(linger=0)

    def send(self, name: str, **fields: int) -> None:
        """One record in one frame."""
        record = self.schema["records"][name]
        words = {**fields, "kind": record["kind"]}
        self.socket.send(struct.pack(f"<{len(record['words'])}q", *(words.get(word, 0) for word in record["words"])))

    def receive(self) -> list[dict[str, int]]:
        """The records of the next frame that has any."""
        assert self.socket.poll(10_000), "the engine is silent"
        frame = self.socket.recv()
        records, offset = [], 0
        while offset < len(frame):
            kind = struct.unpack_from("<q", frame, offset + 8)[0]
            names = self.names[kind]
            records.append(dict(zip(names, struct.unpack_from(f"<{len(names)}q", frame, offset), strict=True)))
            offset += 8 * len(names)
        return records or self.receive()


@pytest.fixture
def client(engine: FakeEngine) -> Iterator[PlainClient]:
    """A connected socket."""
    server = ZeromqServer(["tcp://127.0.0.1:*"], STRATEGIES, engine)
    endpoint = server.endpoints[0]
    serving = ServingThread(server)
    client = PlainClient(json.loads(json.dumps(as_json())), endpoint)
    yield client
    client.close()
    serving.stop()


def test_a_client_written_from_the_schema_alone_trades(engine: FakeEngine, client: PlainClient) -> None:
    name = [int.from_bytes(part, "little") for part in (b"maker\0\0\0", bytes(8))]
    client.send("HELLO", schema_digest=client.schema["digest"], strategy_name_0=name[0], strategy_name_1=name[1])
    [welcome] = client.receive()
    assert welcome["kind"] == client.kinds["WELCOME"]

    shifts, shift = {}, 0
    for part, bits in client.schema["order_id_bits_from_the_lowest"].items():
        shifts[part] = shift
        shift += bits
    order_id = (
        welcome["instance"] << shifts["instance"]
        | welcome["epoch"] << shifts["epoch"]
        | welcome["strategy_id"] << shifts["strategy_id"]
        | (welcome["last_order_sequence"] + 1) << shifts["sequence"]
    )
    client.send("SNAPSHOT_REQUEST", sequence=1, what=client.kinds["INSTRUMENT_STATUS"], instrument_id=-1)
    rows = client.receive()
    [end] = client.receive()
    assert (end["kind"], end["count"]) == (client.kinds["SNAPSHOT_END"], len(rows))
    row = rows[0]
    text = b"".join(struct.pack("<q", row[f"name_{index}"]) for index in range(4)).rstrip(b"\0")
    assert text == b"BTC/USDT.BINANCE"

    client.send(
        "NEW_ORDER",
        sequence=welcome["last_sequence"] + 1,
        expires_utc_ns=SystemClock.utc_ns() + 1_000_000_000,
        order_id=order_id,
        instrument_id=row["instrument_id"],
        side=client.schema["enums"]["Side"]["BUY"],
        order_type=client.schema["enums"]["OrderType"]["LIMIT"],
        price_ticks=600_001,
        order_lots=5,
        max_slippage_bps=-1,
        execution_timeout_ms=-1,
        retry_attempts=-1,
        retry_delay_ms=-1,
    )
    [(strategy_id, order)] = until(lambda: engine.taken, bool)
    assert (strategy_id, order["order_id"], order["price_ticks"]) == (1, order_id, 600_001)
    engine.report(1, order_id=order_id, execution_type=ExecutionType.TRADE, order_status=OrderStatus.FILLED)
    [report] = client.receive()
    assert report["order_id"] == order_id
    assert report["execution_type"] == client.schema["enums"]["ExecutionType"]["TRADE"]
