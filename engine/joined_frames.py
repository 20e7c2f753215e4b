"""Owns the memory in which cancels of one account become the bytes of one write."""

import os

import numpy as np
from numpy.typing import NDArray

from engine.spin.joining import MASK_BYTES, join_frames
from engine.wire import FRAME_BYTES, FRAME_COUNT
from ipc.memory import address_of


class JoinedFrames:
    """Room for as many frames as the loop finishes before they must leave."""

    def __init__(self) -> None:
        self._bytes = bytearray(FRAME_COUNT * FRAME_BYTES)
        self._masks = bytearray(FRAME_COUNT * MASK_BYTES)
        self._address = _address_of(self._bytes)
        self._masks_address = _address_of(self._masks)

    def join(self, ports: int, first: int, count: int) -> bytes:
        """So many finished texts from place `first` on as the bytes of one write.

        They are a copy, because a socket that takes only a part of them keeps the rest.
        """
        # Nobody may foresee a mask (RFC 6455, 10.3), so none is used twice.
        mask_bytes = count * MASK_BYTES
        self._masks[:mask_bytes] = os.urandom(mask_bytes)
        size_bytes = join_frames(ports, first, count, self._address, self._masks_address)
        return bytes(memoryview(self._bytes)[:size_bytes])


def _address_of(memory: bytearray) -> int:
    words: NDArray[np.uint8] = np.frombuffer(memory, np.uint8)
    return address_of(words)
