"""Owns a sound configuration file for tests, and the way to spoil it."""

import json
from pathlib import Path
from typing import Any


def sound_table(folder: Path) -> dict[str, Any]:
    """The smallest configuration that loads, with its key file made in the folder."""
    path = folder / "key.toml"
    path.touch(mode=0o600)
    path.write_text("k")
    return {
        "venue": [
            {
                "name": "BINANCE",
                "kind": "binance_spot",
                "environment": "custom",
                "order_url": "ws://127.0.0.1:9000/ws-api/v3",
                "market_url": "ws://127.0.0.1:9000",
                "instruments": ["BTC/USDT"],
            }
        ],
        "account": [{"name": "main", "venue": "BINANCE", "key_file": "key.toml"}],
        "strategy": [
            {
                "name": "alpha",
                "id": 1,
                "accounts": ["main"],
                "limit": [{"instrument": "BTC/USDT.BINANCE", "max_order_quantity": "1"}],
                "limits": {"max_open_orders": 10},
            }
        ],
    }


def set_key(table: dict[str, Any], key: str, value: Any) -> None:
    """Sets the value behind a dotted key; a number in it is a place in a list."""
    *parents, last = key.split(".")
    at: Any = table
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    at[last] = value


def drop_key(table: dict[str, Any], key: str) -> None:
    """Removes what lies behind a dotted key."""
    *parents, last = key.split(".")
    at: Any = table
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at[part]
    del at[last]


def write_table(table: dict[str, Any], path: Path) -> Path:
    """The table as a TOML file; inline tables throughout, which needs no care for order."""
    path.write_text("".join(f"{_text(key)} = {_toml(value)}\n" for key, value in table.items()), encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
