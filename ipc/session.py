"""Owns the session: the block of words through which compiled code drives one strategy.

A strategy's kernels take one integer, the session's address. The words lead to the strategy's rings
and to the engine's state, and count the commands. After `close` they lead to an empty, retired segment,
so a kernel that still runs is told so and touches no memory that is gone.
"""

import mmap
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ipc import order_id
from ipc.segment import HEADER_BYTES, Segment, SegmentWord


class SessionWord(IntEnum):
    """Index of each word."""

    COMMANDS = 0
    REPORTS = 1
    STATE = 2
    STRATEGY_ID = 3
    ORDER_ID_BASE = 4
    LAST_SEQUENCE = 5
    LAST_ORDER_SEQUENCE = 6
    TIME_TO_LIVE_NS = 7
    LOST_SEEN = 8
    LOST_BOUNDARY = 9


SESSION_WORDS = 16
NO_BOUNDARY = -1


class Unsent(IntEnum):
    """What a publishing kernel returns instead of a positive number when nothing was sent."""

    RING_FULL = 0
    ENGINE_RESTARTED = -1
    ORDER_IDS_EXHAUSTED = -2
    SUPERSEDED = -3


# Sessions and the retired segment are never freed: compiled code may hold their addresses for ever.
_KEPT: list[NDArray[np.int64]] = []
_RETIRED_MAP = mmap.mmap(-1, 2 * HEADER_BYTES)
_RETIRED = np.frombuffer(_RETIRED_MAP, dtype=np.int64)
_RETIRED[SegmentWord.CAPACITY] = 1


def retired_ring() -> int:
    """The address of an empty ring whose engine is gone."""
    return int(_RETIRED.ctypes.data)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a client is to its engine, and where it goes on counting."""

    instance: int
    epoch: int
    strategy_id: int
    last_sequence: int
    last_order_sequence: int
    last_report_sequence: int

    @property
    def order_id_base(self) -> int:
        """The order id of this run and strategy with sequence zero."""
        return order_id.pack(instance=self.instance, epoch=self.epoch, strategy_id=self.strategy_id, sequence=0)


class Session:
    """One strategy's block."""

    def __init__(self) -> None:
        self.words = np.zeros(SESSION_WORDS, np.int64)
        self.address = int(self.words.ctypes.data)
        _KEPT.append(self.words)
        self.close()

    def open(
        self, identity: Identity, commands: Segment, reports: Segment, state: Segment, time_to_live_ns: int
    ) -> None:
        """Leads to an engine's segments, which stay mapped until `close`."""
        words = self.words
        words[SessionWord.STRATEGY_ID] = identity.strategy_id
        words[SessionWord.ORDER_ID_BASE] = identity.order_id_base
        words[SessionWord.LAST_SEQUENCE] = identity.last_sequence
        words[SessionWord.LAST_ORDER_SEQUENCE] = identity.last_order_sequence
        words[SessionWord.TIME_TO_LIVE_NS] = time_to_live_ns
        words[SessionWord.LOST_SEEN] = reports.words[SegmentWord.LAGGED_COUNT]
        words[SessionWord.LOST_BOUNDARY] = NO_BOUNDARY
        words[SessionWord.COMMANDS] = commands.address
        words[SessionWord.REPORTS] = reports.address
        words[SessionWord.STATE] = state.content_address

    def close(self) -> None:
        """Leads to nothing: publishing says ENGINE_RESTARTED, reading finds nothing."""
        retired = retired_ring()
        self.words[SessionWord.COMMANDS] = retired
        self.words[SessionWord.REPORTS] = retired
        self.words[SessionWord.STATE] = retired + HEADER_BYTES
        self.words[SessionWord.LOST_SEEN] = 0
        self.words[SessionWord.LOST_BOUNDARY] = NO_BOUNDARY
