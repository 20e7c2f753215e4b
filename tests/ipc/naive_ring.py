"""Owns the ring as it would be without shared memory: what the compiled one must be indistinguishable from."""

from collections import deque


class NaiveRing:
    """A bounded queue."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.records: deque[int] = deque()
        self.published = 0
        self.released = 0

    def publish(self, value: int) -> bool:
        """Whether the value found room."""
        if len(self.records) == self.capacity:
            return False
        self.records.append(value)
        self.published += 1
        return True

    def poll(self) -> int | None:
        """The oldest value, which stays."""
        return self.records[0] if self.records else None

    def release(self) -> None:
        """Drops the oldest value."""
        self.records.popleft()
        self.released += 1
