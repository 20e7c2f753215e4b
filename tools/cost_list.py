"""Owns listing what trading was expected to cost beside what it did, of each instrument of a running engine."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from ipc.instrument import decimal_of
from ipc.market_tables import MARKET
from ipc.tables import ASSET, INSTRUMENT
from tools.answer import print_json
from tools.engines import row_name
from tools.manual_client import table
from tools.state_tables import read_tables

COLUMNS = (
    "instrument",
    "impact_bps",
    "day_volume",
    "expected_cost",
    "realised_cost",
    "bias",
    "absolute_error",
    "asset",
)
_LAYOUTS = {"instruments": INSTRUMENT, "markets": MARKET, "assets": ASSET}
_PPM_PER_BPS = 100


def list_costs(engine: Path, *, as_json: bool) -> None:
    """Tells the cost model of each instrument, and how good it was for the parents that have ended."""
    rows = read_costs(engine)
    if as_json:
        print_json({"engine": engine.name, "costs": rows})
    else:
        print(table(rows, COLUMNS))


def read_costs(engine: Path) -> list[dict[str, Any]]:
    """Models and costs as a program wants them: sums in the quote asset, what is lost being positive."""
    tables = read_tables(engine, _LAYOUTS)
    return [
        _row(instrument, market, tables["assets"][instrument["quote_asset_id"]])
        for instrument, market in zip(tables["instruments"], tables["markets"], strict=True)
    ]


def _row(instrument: np.void, market: np.void, quote_asset: np.void) -> dict[str, Any]:
    unit = decimal_of(
        int(instrument["tick_units"]) * int(instrument["lot_units"]),
        int(instrument["price_decimals"]) + int(instrument["lot_decimals"]),
    )
    lot = decimal_of(int(instrument["lot_units"]), int(instrument["lot_decimals"]))
    expected, realised = int(market["expected_cost"]), int(market["realised_cost"])
    has_model = market["day_lots"] > 0
    return {
        "instrument": row_name(instrument, 4),
        "impact_bps": f"{Decimal(int(market['impact_ppm'])) / _PPM_PER_BPS:f}" if has_model else None,
        "day_volume": f"{int(market['day_lots']) * lot:f}" if has_model else None,
        "expected_cost": f"{expected * unit:f}",
        "realised_cost": f"{realised * unit:f}",
        "bias": f"{(realised - expected) * unit:f}",
        "absolute_error": f"{int(market['absolute_error']) * unit:f}",
        "asset": row_name(quote_asset, 2),
    }
