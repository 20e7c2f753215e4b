"""Owns reading a WebSocket client's frames back, for those who stand in for a socket (RFC 6455, 5.2)."""

_SHORT_LENGTH = 0x7F
_LENGTH_FOLLOWS = 126
_WHOLE_TEXT = 0x81
_IS_MASKED = 0x80
_MASK_BYTES = 4


def texts_of(frames: bytes) -> list[bytes]:
    """The texts of whole masked frames that lie one behind the other, each shorter than 64 KiB."""
    texts, start = [], 0
    while start < len(frames):
        assert frames[start] == _WHOLE_TEXT, "each frame is a whole text"
        assert frames[start + 1] & _IS_MASKED, "a client masks what it sends"
        size, mask_start = frames[start + 1] & _SHORT_LENGTH, start + 2
        if size == _LENGTH_FOLLOWS:
            size, mask_start = int.from_bytes(frames[start + 2 : start + 4], "big"), start + 4
        text_start = mask_start + _MASK_BYTES
        mask, masked = frames[mask_start:text_start], frames[text_start : text_start + size]
        assert len(masked) == size, "the last frame is whole"
        texts.append(bytes(byte ^ mask[place % _MASK_BYTES] for place, byte in enumerate(masked)))
        start = text_start + size
    return texts
