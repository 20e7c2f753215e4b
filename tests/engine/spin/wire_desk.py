"""Owns a place where requests become frames: a state with one real instrument, templates and buffers."""

import secrets
from collections.abc import Mapping

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.state import Capacities, State
from engine.spin.encode import encode_request
from engine.spin.ports import PORTS
from engine.wire import FRAME_COUNT, FrameBuffers, TemplateTables
from gateways.binance_spot.templates import templates
from gateways.credentials import Credentials, KeyKind
from gateways.instrument import InstrumentRules
from gateways.signing import Ed25519Signer, HmacSigner
from gateways.template import Template, TemplateKey
from ipc.memory import address_of
from ipc.records import VENUE_REQUEST
from ipc.secret import Secret
from ipc.tables import name_words

_API_KEY = Secret(secrets.token_hex(32).encode())
CREDENTIALS = {
    "hmac": Credentials(_API_KEY, KeyKind.HMAC, HmacSigner(Secret(secrets.token_hex(32).encode()))),
    "ed25519": Credentials(_API_KEY, KeyKind.ED25519, Ed25519Signer(Ed25519PrivateKey.generate())),
}
TEMPLATES: dict[str, Mapping[TemplateKey, Template]] = {name: templates(key) for name, key in CREDENTIALS.items()}
ACCOUNTS = list(CREDENTIALS)


def set_rules(state: State, rules: InstrumentRules) -> None:
    """Writes what a frame needs of an instrument's rules into instrument 0."""
    row = state.table("instruments")[0]
    for field in ("price_decimals", "tick_units", "lot_decimals", "lot_units"):
        row[field] = getattr(rules, field)
    row["symbol_bytes"] = len(rules.symbol)
    for index, word in enumerate(name_words(rules.symbol, 4)):
        row[f"symbol_{index}"] = word


class WireDesk:
    """Account 0 signs each request with HMAC, account 1 has logged on with Ed25519."""

    def __init__(self, rules: InstrumentRules) -> None:
        self.state = State.create(Capacities(instruments=1, accounts=2, strategies=2, assets=2, orders=4))
        self.rules = rules
        set_rules(self.state, rules)
        self._tables = TemplateTables([TEMPLATES[name] for name in ACCOUNTS])
        self._frames = FrameBuffers()
        self.ports: np.ndarray = np.zeros(1, PORTS)
        row = self.ports[0]
        row["state"] = self.state.address
        row["template_index"] = address_of(self._tables.index)
        row["template_pieces"] = address_of(self._tables.pieces)
        row["template_text"] = address_of(self._tables.text)
        row["frames"] = address_of(self._frames.rows)
        row["frame_count"] = FRAME_COUNT

    def encode(self, name: str, key: TemplateKey, **fields: int) -> tuple[bytes, bytes]:
        """The finished frame of one request, and the text that was signed for it."""
        request = np.zeros(1, VENUE_REQUEST)[0]
        values = {
            "account_id": ACCOUNTS.index(name),
            "request_kind": key.request_kind,
            "side": key.side,
            "order_type": key.order_type,
            "time_in_force": key.time_in_force,
            "order_flags": int(key.order_flags),
            **fields,
        }
        for field, value in values.items():
            request[field] = value
        self.ports[0]["frames_used"] = 0
        encode_request(self.ports[0], request)
        offset, account_id = self._frames.where(0)
        assert account_id == values["account_id"]
        to_sign = self._frames.text_to_sign(0)
        signed = bytes(to_sign) if to_sign is not None else b""
        if to_sign is not None:
            self._frames.put_signature(0, CREDENTIALS[name].signer.sign(signed))
        return bytes(self._frames.buffers[0][offset:]), signed
