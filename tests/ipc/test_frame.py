"""A frame is records laid end to end, or it is refused for one reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipc.enums import RecordKind, RefusalReason
from ipc.frame import (
    FRAME_BYTES_MAX,
    RECORDS_MAX,
    FrameError,
    decode,
    decode_slots,
    encode,
    encode_slots,
    outline,
)
from ipc.records import LAYOUTS, SLOT_BYTES, SLOT_WORDS

KINDS = st.sampled_from(sorted(RecordKind))
WORD = st.integers(-(1 << 63), (1 << 63) - 1)


def records_of(kinds: list[RecordKind], seed: int) -> list[tuple[int, ...]]:
    """Records of these kinds with arbitrary words."""
    random = np.random.default_rng(seed)
    records = []
    for kind in kinds:
        words = random.integers(-(1 << 62), 1 << 62, LAYOUTS[kind].itemsize // 8 - 2)
        records.append((0, int(kind), *map(int, words)))
    return records


@given(st.lists(KINDS, max_size=20), st.integers(0, 1000))
def test_encoding_and_decoding_are_inverse(kinds: list[RecordKind], seed: int) -> None:
    records = records_of(kinds, seed)
    frame = b"".join(encode(RecordKind(words[1]), *words[2:]) for words in records)
    assert decode(frame) == records
    assert [(kind, length) for kind, _, length in outline(frame)] == [(kind, LAYOUTS[kind].itemsize) for kind in kinds]


@given(st.lists(KINDS, max_size=20), st.integers(0, 1000))
def test_slots_and_frames_carry_the_same_records(kinds: list[RecordKind], seed: int) -> None:
    records = records_of(kinds, seed)
    slots = np.zeros((len(records), SLOT_WORDS), np.int64)
    for slot, words in zip(slots, records, strict=True):
        slot[: len(words)] = words
    memory = memoryview(slots.tobytes())
    assert decode_slots(memory) == records
    assert decode(encode_slots(memory)) == records


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused_for_one_reason(frame: bytes) -> None:
    try:
        records = decode(frame)
    except FrameError as error:
        assert error.reason in (RefusalReason.MALFORMED_RECORD, RefusalReason.UNKNOWN_RECORD_KIND)
    else:
        assert sum(8 * len(words) for words in records) == len(frame)


CANCEL = encode(RecordKind.CANCEL_ORDER, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("frame", "reason", "limit", "requested"),
    [
        (CANCEL[:-8], RefusalReason.MALFORMED_RECORD, len(CANCEL), len(CANCEL) - 8),
        (CANCEL + b"x", RefusalReason.MALFORMED_RECORD, 32, 1),
        (CANCEL + CANCEL[:31], RefusalReason.MALFORMED_RECORD, 32, 31),
        (bytes(8) + (99).to_bytes(8, "little") + bytes(16), RefusalReason.UNKNOWN_RECORD_KIND, 0, 99),
        (bytes(FRAME_BYTES_MAX + 1), RefusalReason.FRAME_TOO_LARGE, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1),
        (CANCEL * (RECORDS_MAX + 1), RefusalReason.FRAME_TOO_LARGE, RECORDS_MAX, RECORDS_MAX + 1),
    ],
)
def test_a_bad_frame_is_refused_with_its_numbers(
    frame: bytes, reason: RefusalReason, limit: int, requested: int
) -> None:
    with pytest.raises(FrameError, match=reason.name) as refusal:
        outline(frame)
    assert (refusal.value.reason, refusal.value.limit, refusal.value.requested) == (reason, limit, requested)


def test_an_empty_frame_holds_nothing_and_the_largest_one_is_taken() -> None:
    assert decode(b"") == []
    report = encode(RecordKind.EXECUTION_REPORT, *range(30))
    assert len(report) == SLOT_BYTES
    assert len(decode(report * RECORDS_MAX)) == RECORDS_MAX
