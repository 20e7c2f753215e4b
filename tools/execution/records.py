"""Owns making records out of named words."""

from ipc.enums import RecordKind
from ipc.records import AS_CONFIGURED, LAYOUTS, NOT_STATED

_NAMES = {kind: layout.names or () for kind, layout in LAYOUTS.items()}
_PLACES = {kind: {name: place for place, name in enumerate(names)} for kind, names in _NAMES.items()}
_UNSAID = {
    RecordKind.VENUE_REPORT: dict.fromkeys(
        ("cumulative_lots", "order_lots", "price_ticks", "instrument_id", "fee_asset_id"), NOT_STATED
    ),
    RecordKind.NEW_ORDER: dict.fromkeys(
        ("max_slippage_bps", "execution_timeout_ms", "retry_attempts", "retry_delay_ms"), AS_CONFIGURED
    ),
}
_BLANKS = {
    kind: [int(kind) if name == "kind" else _UNSAID.get(kind, {}).get(name, 0) for name in names]
    for kind, names in _NAMES.items()
}


def record(kind: RecordKind, **fields: int) -> list[int]:
    """The words of a record; what is not given is 0, or left to others where that can be said."""
    words, places = _BLANKS[kind].copy(), _PLACES[kind]
    for name, value in fields.items():
        words[places[name]] = value
    return words


def places_of(kind: RecordKind) -> dict[str, int]:
    """Where each word of a record lies."""
    return _PLACES[kind]
