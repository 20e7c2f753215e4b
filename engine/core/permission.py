"""Owns whether a strategy may trade here at all: permitted, kept, tradable, reachable."""

from engine.core.state import accounts_of, book_of, header_of, instruments_of, terms_of
from engine.core.state_checks import check_states
from engine.core.verdict import Verdict, refuse
from ipc.compiler import kernel
from ipc.enums import ConnectionState, InstrumentStatus, JournalState, RefusalReason


@kernel
def check_permission(
    state: int, strategy_id: int, account_id: int, instrument_id: int, side: int, added_lots: int
) -> Verdict:
    """Whether what is done is kept, this strategy may trade this instrument here, and nothing stops it.

    What is reserved already is not part of `added_lots`.
    """
    journal_state = header_of(state)["journal_state"]
    if journal_state != JournalState.KEEPING:
        return refuse(RefusalReason.JOURNAL_NOT_KEEPING, JournalState.KEEPING, journal_state, 0)
    if terms_of(state, strategy_id, account_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, account_id, account_id)
    if book_of(state, strategy_id, instrument_id)["permitted"] == 0:
        return refuse(RefusalReason.NOT_PERMITTED, 0, instrument_id, instrument_id)
    instrument, account = instruments_of(state)[instrument_id], accounts_of(state)[account_id]
    if instrument["venue_id"] != account["venue_id"]:
        return refuse(RefusalReason.NOT_PERMITTED, account["venue_id"], instrument["venue_id"], account_id)
    if instrument["status"] != InstrumentStatus.TRADING:
        return refuse(
            RefusalReason.INSTRUMENT_NOT_TRADING, InstrumentStatus.TRADING, instrument["status"], instrument_id
        )
    if account["connection_state"] != ConnectionState.LIVE:
        return refuse(RefusalReason.VENUE_NOT_READY, ConnectionState.LIVE, account["connection_state"], account_id)
    return check_states(state, strategy_id, account_id, instrument_id, side, added_lots)
