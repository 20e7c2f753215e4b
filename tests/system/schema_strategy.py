"""A strategy that knows nothing but pyzmq, struct and the printed schema; it imports nothing of this project.

python schema_strategy.py SCHEMA.json ADDRESS STRATEGY INSTRUMENT_ID ACCOUNT_ID TURNS LOTS TICKS LOG BEGIN_FILE
"""

import json
import struct
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zmq

PATIENCE_S = 40
REPORT_WORDS = (
    "order_id",
    "execution_type",
    "order_status",
    "trade_id",
    "last_lots",
    "last_price_ticks",
    "fee_units",
    "fee_asset_id",
)


class Engine:
    """The engine as the schema describes it."""

    def __init__(self, schema: dict, address: str) -> None:
        self.schema = schema
        self.enums = schema["enums"]
        self._words = {record["kind"]: record["words"] for record in schema["records"].values()}
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.connect(address)
        self._sequence = 0

    def send(self, name: str, **fields: int) -> None:
        """One record in one frame; words that are not named are 0."""
        record = self.schema["records"][name]
        fields = {"kind": record["kind"], **fields}
        words = [fields.get(word, 0) for word in record["words"]]
        self._socket.send(struct.pack(f"<{len(words)}q", *words))

    def command(self, name: str, order_id: int, **fields: int) -> None:
        """A record that is numbered and that expires within two seconds from now."""
        self._sequence += 1
        expires_ns = int(datetime.now(UTC).timestamp() + 2) * 10**9
        self.send(name, sequence=self._sequence, expires_utc_ns=expires_ns, order_id=order_id, **fields)

    def pause(self) -> None:
        """Gives the processor away for a moment."""
        self._socket.poll(2, zmq.POLLERR)

    def records(self) -> Iterator[dict[str, int]]:
        """The records of the next frame."""
        if not self._socket.poll(PATIENCE_S * 1000):
            sys.exit("the engine is silent")
        frame, offset = self._socket.recv(), 0
        while offset < len(frame):
            (kind,) = struct.unpack_from("<q", frame, offset + 8)
            names = self._words[kind]
            yield dict(zip(names, struct.unpack_from(f"<{len(names)}q", frame, offset), strict=True))
            offset += 8 * len(names)

    def log_on(self, strategy: str) -> int:
        """Says who we are; returns the order id that the first order's sequence is added to."""
        name = strategy.encode().ljust(16, b"\0")
        first, second = struct.unpack("<2q", name)
        self.send("HELLO", schema_digest=self.schema["digest"], strategy_name_0=first, strategy_name_1=second)
        welcome = next(self.records())
        if welcome["kind"] != self.schema["records"]["WELCOME"]["kind"]:
            sys.exit(f"not welcome: {welcome}")
        self._sequence = welcome["last_sequence"]
        bits, shift, order_id = self.schema["order_id_bits_from_the_lowest"], 0, 0
        parts = {**welcome, "leg": 0, "sequence": welcome["last_order_sequence"]}
        for part, width in bits.items():
            order_id |= parts[part] << shift
            shift += width
        return order_id


def main() -> None:
    """Logs on, waits for the sign and takes its turns."""
    schema_file, address, strategy, *numbers, log_file, begin_file = sys.argv[1:]
    instrument_id, account_id, turns, order_lots, resting_ticks = map(int, numbers)
    engine = Engine(json.loads(Path(schema_file).read_text()), address)
    status, kinds = engine.enums["OrderStatus"], engine.enums["RecordKind"]
    ended = [status[name] for name in ("FILLED", "CANCELED", "EXPIRED", "REJECTED", "REFUSED")]
    as_configured = dict.fromkeys(("max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms"), -1)
    order = {"instrument_id": instrument_id, "account_id": account_id, "order_lots": order_lots, **as_configured}
    types, sides = engine.enums["OrderType"], engine.enums["Side"]
    prevention = engine.enums["SelfTradePrevention"]["EXPIRE_TAKER"]
    market = {"order_type": types["MARKET"], "self_trade_prevention": prevention}
    one_order = 1 << engine.schema["order_id_bits_from_the_lowest"]["leg"]
    with Path(log_file).open("w", buffering=1) as log:
        order_id = engine.log_on(strategy)
        log.write('{"ready": true}\n')
        deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE_S)
        while not Path(begin_file).exists() and datetime.now(UTC) < deadline:
            engine.pause()
        for turn in range(turns):
            taking, resting = order_id + one_order, order_id + 2 * one_order
            order_id = resting
            log.write(f'{{"sent": {taking}}}\n{{"sent": {resting}}}\n')
            side = sides["SELL"] if turn % 2 else sides["BUY"]
            engine.command("NEW_ORDER", taking, **market, side=side, **order)
            limit = {"side": sides["BUY"], "order_type": types["LIMIT"], "price_ticks": resting_ticks}
            engine.command("NEW_ORDER", resting, **limit, **order)
            living = {taking, resting}
            while living:
                for report in engine.records():
                    if report["kind"] != kinds["EXECUTION_REPORT"]:
                        continue
                    log.write(json.dumps({word: report[word] for word in REPORT_WORDS}) + "\n")
                    if report["order_status"] in ended:
                        living.discard(report["order_id"])
                    elif report["order_id"] == resting and report["order_status"] == status["NEW"]:
                        engine.command("CANCEL_ORDER", resting)
        log.write('{"ended": true}\n')
    assert not {"ipc", "engine", "numba", "numpy"} & set(sys.modules), "this client has nothing of the project"


if __name__ == "__main__":
    main()
