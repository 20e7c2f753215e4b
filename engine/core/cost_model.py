"""Owns what a trade is expected to cost."""

from ipc.compiler import kernel


@kernel
def expected_cost_ppm(state: int, account_id: int, instrument_id: int, side: int, lots: int, limit_ticks: int) -> int:
    """To come."""
    return 0


@kernel
def note_cost(state: int, instrument_id: int, expected_ppm: int, realised_ppm: int, notional: int) -> None:
    """To come."""
