"""Owns what the compiled loop is connected to in this process: rings, templates, wire buffers, histograms.

Addresses mean nothing outside the process, so none of this lies in the state block. The loop is
entered with one address, of the PORTS row.
"""

import numpy as np

from ipc.compiler import kernel
from ipc.memory import view
from ipc.tables import word_row

PORTS = word_row(
    "state",
    "core_step",  # address of the core's step as a C function
    "lanes",  # address of LANE rows, one for each strategy_id
    "lane_count",
    "template_index",  # address of TEMPLATE rows, 2 x VARIANTS for each account: without options, and with
    "template_pieces",
    "template_text",
    "frames",  # address of FRAME rows
    "frame_count",
    "frames_used",
    "latency_venues",  # address of the venues' histograms, 0 when nothing is measured
    "latency_strategies",
    "wire_sent",  # address of one word for each order slot: when its last frame had left
    "scratch",  # address of one slot
    "journal",  # address of the journal's ring, 0 when nothing is kept
    "journal_epoch",  # what stands above the source in an entry
    "market_ring",  # address of the ring that tells strategies of the markets, 0 when nobody is told
    "control",  # address of the control segment, 0 when there is none
    "control_seen",  # its generation at the last look
    "epoch",
    "looked_ns",  # when the loop last said that it lives
    "stall_max_ns",  # for how long it may not, 0 for ever
    "awaits_disk",  # whether a frame leaves only when what led to it is on disk
    "epoll_descriptor",
    "epoll_events",
    "epoll_events_max",
    "epoll_ready",
    "turn",  # of the duty cycle
    "idle_mode",  # IDLE_SPIN, IDLE_YIELD or IDLE_BACKOFF
    "first_lane",  # whose commands are looked at first, 0 for the first strategy
    "remote_reports",  # a strategy served over ZeroMQ has reports waiting
)
LANE = word_row(
    "commands",
    "reports",
    "is_remote",
    "due_ns",  # when its next command may be taken at the strategy's pace
)
TEMPLATE = word_row("first_piece", "piece_count", "first_signed_piece", "signed_piece_count")
# Of an option the text stands before its slot, and directly behind that text what stands after it.
PIECE = word_row("slot", "text_offset", "text_bytes", "after_bytes", "value")
# One finished frame. The text lies at the end of its buffer, so that a header fits before it.
FRAME = word_row(
    "buffer",
    "buffer_bytes",
    "text_offset",
    "account_id",
    "order_id",
    "order_slot",
    "strategy_id",
    "venue_id",
    "request_kind",
    "published_ns",
    "encoded_ns",
    "signed_text",  # address of the text to sign, 0 when the frame is complete
    "signed_text_bytes",
    "signature_offset",
)


@kernel
def ports_at(ports: int) -> np.void:
    """The row behind the loop's one address."""
    return view(ports, 1, PORTS)[0]


@kernel
def lane_of(ports: np.void, strategy_id: int) -> np.void:
    """A strategy's two rings."""
    return view(ports["lanes"], ports["lane_count"], LANE)[strategy_id]


@kernel
def frame_of(ports: np.void, place: int) -> np.void:
    """One place for a finished frame."""
    return view(ports["frames"], ports["frame_count"], FRAME)[place]
