"""Owns an account's socket in tests: it keeps what it is given, write by write, or takes nothing."""

from tools.client_frames import texts_of


class Outbox:
    """A sender for the loop."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.writes: list[list[bytes]] = []
        """The texts of each write."""

    @property
    def texts(self) -> list[bytes]:
        """What was sent, however it was written."""
        return [text for write in self.writes for text in write]

    def send_frame(self, buffer: bytearray, offset: int) -> bool:
        return self._take([bytes(buffer[offset:])])

    def send_joined(self, frames: bytes, count: int) -> bool:
        texts = texts_of(frames)
        assert len(texts) == count, "each frame is one request"
        return self._take(texts)

    @staticmethod
    def sign(text: memoryview) -> bytes:
        return b"=" * 64

    def _take(self, texts: list[bytes]) -> bool:
        if self.is_open:
            self.writes.append(texts)
        return self.is_open
