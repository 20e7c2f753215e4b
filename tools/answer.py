"""Owns a command's answer to a program: one JSON object, the last line on stdout."""

import json
from typing import Any


def print_json(answer: dict[str, Any]) -> None:
    """Prints the object on one line."""
    print(json.dumps(answer, separators=(",", ":")), flush=True)
