"""Owns the documented payloads and the tables that they are decoded with."""

import json
from pathlib import Path
from typing import Any

from gateways.binance_spot.codec import Codec
from gateways.instrument import AssetBinding, InstrumentBinding, InstrumentRules
from gateways.record_writer import new_rows
from ipc import order_id as order_ids
from ipc.enums import InstrumentStatus, VenueAbility
from tests.gateways.recording_core import as_dict

FOLDER = Path(__file__).parent / "golden"
INDEX: dict[str, Any] = json.loads((FOLDER / "INDEX.json").read_text())
NAMES = sorted(INDEX["files"])

ACCOUNT_ID = 3
RECEIVED_NS = 77
ORDER = order_ids.pack(instance=1, epoch=2, strategy_id=3, sequence=4)
REPLACEMENT = ORDER + 1

RULES = InstrumentRules(
    symbol="BTCUSDT",
    name="BTC/USDT.BINANCE",
    base="BTC",
    quote="USDT",
    price_decimals=2,
    tick_units=1,
    lot_decimals=5,
    lot_units=1,
    min_price_ticks=1,
    max_price_ticks=100_000_000,
    min_order_lots=1,
    max_order_lots=900_000_000,
    market_max_order_lots=10_000_000,
    min_notional=50_000_000,
    max_notional=90_000_000_000_000,
    status=InstrumentStatus.TRADING,
    abilities=VenueAbility.AMEND_KEEP_PRIORITY | VenueAbility.CANCEL_REPLACE,
)
INSTRUMENTS = {"BTCUSDT": InstrumentBinding(7, RULES)}
ASSETS = {"BTC": AssetBinding(0, 8), "USDT": AssetBinding(1, 8), "BNB": AssetBinding(2, 8)}


def document(name: str) -> dict[str, Any]:
    """One documented payload as a document, to be changed at will."""
    loaded = json.loads((FOLDER / f"{name}.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def compact(value: Any) -> bytes:
    """A document as the venue writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def payload(name: str) -> bytes:
    """One documented payload as it comes over the wire."""
    return compact(document(name))


def new_codec() -> Codec:
    """A codec that knows one symbol and three assets."""
    return Codec(account_id=ACCOUNT_ID, instruments=INSTRUMENTS, assets=ASSETS)


def decode(frame: bytes, codec: Codec | None = None) -> list[dict[str, int]]:
    """The records of one frame by field names."""
    rows = new_rows()
    count = (codec or new_codec()).decode(frame, RECEIVED_NS, rows)
    return [as_dict(row) for row in rows[:count]]
