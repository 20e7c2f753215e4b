"""Owns how inputs are spoilt: bytes, words, documents."""

import json
import random
from typing import Any

WORD_BYTES = 8
INT64_MAX = (1 << 63) - 1
WORDS = (0, 1, -1, 2, 7, 64, 100, 1 << 16, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 62, INT64_MAX, -INT64_MAX - 1)
TEXTS = (
    "", "0", "-1", "1e3", "1.", ".5", "1_0", " 1", "NaN", "null", "\u0661", "\u00b2", "\x00", "\ud83d\ude00", "9" * 23,
    "0." + "0" * 40 + "1", "99999999999999999999", "A" * 300, "BTCUSDT", "../x", "true", "-0", "+1", "1" * 5_000,
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**23, 1.5, 1e308, -0.0, 1e-300)
DEPTH_MAX = 200


def any_value(generator: random.Random, depth: int = 0) -> Any:
    """A value of a document that may be anything."""
    kind = generator.randrange(9 if depth < 3 else 6)
    if kind < 2:
        return generator.choice(TEXTS)
    if kind < 4:
        return generator.choice(NUMBERS)
    if kind < 6:
        return generator.choice((None, True, False, generator.randrange(1 << generator.randrange(1, 70))))
    if kind == 6:
        return [any_value(generator, depth + 1) for _ in range(generator.randrange(4))]
    if kind == 7:
        return {generator.choice(TEXTS): any_value(generator, depth + 1) for _ in range(generator.randrange(4))}
    value: Any = []
    for _ in range(generator.randrange(DEPTH_MAX)):
        value = [value]
    return value


def spoil_document(data: bytes, generator: random.Random) -> bytes:
    """JSON with values exchanged, removed, doubled or added; what is no JSON is spoilt as bytes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return spoil_bytes(data, generator)
    for _ in range(generator.randrange(1, 4)):
        value = spoil_value(value, generator)
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=generator.random() < 0.5).encode(
            "utf-8", "replace"
        )
    except (ValueError, RecursionError):
        return data


def spoil_value(value: Any, generator: random.Random) -> Any:
    """A document with one thing changed somewhere in it."""
    holders = _holders(value)
    if not holders:
        return any_value(generator)
    holder = generator.choice(holders)
    places = list(holder) if isinstance(holder, dict) else range(len(holder))
    act = generator.randrange(10)
    if not places or act == 0:
        if isinstance(holder, dict):
            holder[generator.choice(TEXTS)] = any_value(generator)
        else:
            holder.append(any_value(generator))
        return value
    place = generator.choice(places)
    if act == 1:
        del holder[place]
    elif act == 2:
        other = generator.choice(holders)
        holder[place] = json.loads(json.dumps(other)) if other is not value else any_value(generator)
    elif act == 3 and isinstance(holder[place], str):
        holder[place] = spoil_text(holder[place], generator)
    elif act == 4 and isinstance(holder[place], int):
        holder[place] += generator.choice((-1, 1, 1 << 31, -(1 << 40)))
    else:
        holder[place] = any_value(generator)
    return value


def _holders(value: Any) -> list[Any]:
    found: list[Any] = []
    waiting = [value]
    while waiting and len(found) < 1_000:
        one = waiting.pop()
        if isinstance(one, dict | list):
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def spoil_text(text: str, generator: random.Random) -> str:
    """A text with one character more, less or other."""
    place = generator.randrange(len(text) + 1)
    return text[:place] + generator.choice((*"0.-eE,\u0661 ", "")) + text[place + generator.randrange(2) :]


def spoil_bytes(data: bytes, generator: random.Random) -> bytes:
    """Bytes flipped, cut, doubled or put in."""
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 5)):
        act = generator.randrange(5)
        place = generator.randrange(len(changed) + 1)
        if act == 0:
            del changed[place : place + generator.randrange(1, 40)]
        elif act == 1:
            changed[place:place] = generator.randbytes(generator.randrange(1, 9))
        elif act == 2:
            changed[place:place] = changed[place : place + generator.randrange(1, 64)]
        elif place < len(changed):
            changed[place] = generator.randrange(256)
    return bytes(changed)


def spoil_words(data: bytes, generator: random.Random) -> bytes:
    """Whole signed words exchanged for others."""
    changed = bytearray(data)
    for _ in range(generator.randrange(1, 4)):
        if len(changed) < WORD_BYTES:
            break
        place = generator.randrange(len(changed) // WORD_BYTES) * WORD_BYTES
        word = int.from_bytes(changed[place : place + WORD_BYTES], "little", signed=True)
        value = generator.choice((generator.choice(WORDS), word + 1, word - 1, word ^ 1 << generator.randrange(63)))
        value = max(-INT64_MAX - 1, min(value, INT64_MAX))
        changed[place : place + WORD_BYTES] = value.to_bytes(WORD_BYTES, "little", signed=True)
    return bytes(changed)
