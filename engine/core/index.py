"""Owns the hash index: open addressing, linear probing, removal without tombstones.

An entry is (key, group) -> value, value -1 when free. The table is at most half full and its size a
power of two, so a probe ends soon and always. Only sums of products below 2^63 are formed, so compiled
and interpreted runs agree.
"""

import numpy as np
from numpy.typing import NDArray

from ipc.compiler import kernel

_LOW_MULTIPLIER = 0x9E37_79B1
_HIGH_MULTIPLIER = 0x85EB_CA6B
_LOW_BITS = 31
_LOW_MASK = (1 << _LOW_BITS) - 1


@kernel
def home_of(key: int, group: int, size: int) -> int:
    """The place where the search for a key starts."""
    low = (key & _LOW_MASK) * _LOW_MULTIPLIER
    high = ((key >> _LOW_BITS) & _LOW_MASK) * _HIGH_MULTIPLIER
    mixed = low ^ high ^ (group * _LOW_MULTIPLIER) ^ (key >> 62)
    return ((mixed >> 20) ^ mixed) & (size - 1)


@kernel
def find(index: NDArray[np.void], key: int, group: int) -> int:
    """The value of a key, -1 when it is not there."""
    mask = len(index) - 1
    place = home_of(key, group, len(index))
    while True:
        entry = index[place]
        if entry["value"] < 0:
            return -1
        if entry["key"] == key and entry["group"] == group:
            return entry["value"]
        place = (place + 1) & mask


@kernel
def put(index: NDArray[np.void], key: int, group: int, value: int) -> None:
    """Sets the value of a key, whether it was there or not."""
    mask = len(index) - 1
    place = home_of(key, group, len(index))
    while True:
        entry = index[place]
        if entry["value"] < 0 or (entry["key"] == key and entry["group"] == group):
            entry["key"] = key
            entry["group"] = group
            entry["value"] = value
            return
        place = (place + 1) & mask


@kernel
def remove(index: NDArray[np.void], key: int, group: int) -> None:
    """Takes a key out and closes the gap, so that no search ever has to step over what is gone."""
    mask = len(index) - 1
    place = home_of(key, group, len(index))
    while True:
        entry = index[place]
        if entry["value"] < 0:
            return
        if entry["key"] == key and entry["group"] == group:
            break
        place = (place + 1) & mask
    gap = place
    follower = (gap + 1) & mask
    while index[follower]["value"] >= 0:
        home = home_of(index[follower]["key"], index[follower]["group"], len(index))
        # The follower may fill the gap unless its home lies after the gap on the way to it.
        if ((follower - home) & mask) >= ((follower - gap) & mask):
            index[gap]["key"] = index[follower]["key"]
            index[gap]["group"] = index[follower]["group"]
            index[gap]["value"] = index[follower]["value"]
            gap = follower
        follower = (follower + 1) & mask
    index[gap]["value"] = -1
