"""Owns the wire side of the compiled loop: template tables made from venues' templates, and frame buffers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.spin.encode import VARIANTS, variant_of
from engine.spin.ports import FRAME, PIECE, TEMPLATE
from gateways.template import Option, Piece, Template, TemplateKey, without_options

FRAME_COUNT = 128
FRAME_BYTES = 2048


class TemplateTables:
    """Every account's templates as three arrays that a kernel walks."""

    def __init__(self, templates_by_account: list[Mapping[TemplateKey, Template]]) -> None:
        self._pieces: list[tuple[int, int, int, int, int]] = []
        self._text = bytearray()
        self.index: NDArray[np.void] = np.zeros(2 * len(templates_by_account) * VARIANTS, TEMPLATE)
        for account_id, templates in enumerate(templates_by_account):
            for key, template in templates.items():
                place = 2 * (account_id * VARIANTS + _variant(key))
                self._add(place, without_options(template.frame), without_options(template.signed_text))
                self._add(place + 1, template.frame, template.signed_text)
        self.pieces: NDArray[np.void] = np.array(self._pieces or [(0, 0, 0, 0, 0)], PIECE)
        self.text: NDArray[np.uint8] = np.frombuffer(bytes(self._text) or b"\0", np.uint8)

    def _add(self, place: int, frame: tuple[Piece, ...], signed_text: tuple[Piece, ...]) -> None:
        row = self.index[place]
        row["first_piece"] = self._add_pieces(frame)
        row["piece_count"] = len(frame)
        row["first_signed_piece"] = self._add_pieces(signed_text)
        row["signed_piece_count"] = len(signed_text)

    def _add_pieces(self, pieces: tuple[Piece, ...]) -> int:
        first = len(self._pieces)
        for piece in pieces:
            if isinstance(piece, bytes):
                self._pieces.append((0, self._add_text(piece), len(piece), 0, 0))
            elif isinstance(piece, Option):
                offset = self._add_text(piece.before + piece.after)
                self._pieces.append((piece.slot, offset, len(piece.before), len(piece.after), piece.value))
            else:
                self._pieces.append((piece, 0, 0, 0, 0))
        return first

    def _add_text(self, text: bytes) -> int:
        offset = len(self._text)
        self._text += text
        return offset


def _variant(key: TemplateKey) -> int:
    return variant_of(
        int(key.request_kind), int(key.side), int(key.order_type), int(key.time_in_force), int(key.order_flags)
    )


class FrameBuffers:
    """The places for finished frames; each text ends where its buffer ends."""

    def __init__(self) -> None:
        self.buffers = [bytearray(FRAME_BYTES) for _ in range(FRAME_COUNT)]
        self.rows: NDArray[np.void] = np.zeros(FRAME_COUNT, FRAME)
        for row, buffer in zip(self.rows, self.buffers, strict=True):
            row["buffer"] = np.frombuffer(buffer, np.uint8).ctypes.data
            row["buffer_bytes"] = FRAME_BYTES
        words = FRAME.itemsize // 8
        self._words = memoryview(self.rows.view(np.uint8).data).cast("q")
        self._stride = words
        names = FRAME.names or ()
        self._text_offset = names.index("text_offset")
        self._account_id = names.index("account_id")
        self._request_kind = names.index("request_kind")
        self._signed_text = names.index("signed_text")
        self._signed_bytes = names.index("signed_text_bytes")
        self._signature = names.index("signature_offset")

    def where(self, place: int) -> tuple[int, int]:
        """Where the text of a frame starts, and which account it is for."""
        base = place * self._stride
        return self._words[base + self._text_offset], self._words[base + self._account_id]

    def request_kind(self, place: int) -> int:
        """What a frame asks for."""
        return self._words[place * self._stride + self._request_kind]

    def text_to_sign(self, place: int) -> memoryview | None:
        """What must be signed before a frame may go, None when nothing is."""
        base = place * self._stride
        count = self._words[base + self._signed_bytes]
        if count == 0:
            return None
        start = self._words[base + self._signed_text] - int(self.rows[place]["buffer"])
        return memoryview(self.buffers[place])[start : start + count]

    def put_signature(self, place: int, signature: bytes) -> None:
        """Writes the signature into its gap."""
        start = self._words[place * self._stride + self._signature]
        self.buffers[place][start : start + len(signature)] = signature
