"""Owns a core of benchmarks in which every order passes: its rules and permissions, and the compiled loop around it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.core.state import State
from engine.hot_loop import HotLoop
from gateways.credentials import Credentials, KeyKind
from gateways.registry import VENUES
from gateways.signing import Ed25519Signer
from ipc.clock import NS_PER_S, SystemClock
from ipc.enums import ConnectionState, InstrumentStatus, JournalState, OrderType, TimeInForce, VenueAbility
from ipc.rate_tables import BUDGETS_PER_ACCOUNT
from ipc.ring import create_ring
from ipc.secret import Secret
from ipc.segment import Segment, SegmentKind
from ipc.tables import name_words
from perf.controls import DAY_NS, limit_everything
from perf.core_kernels import FIRST_PRICE_TICKS, PRICES, START_NS

RATE_LIMIT = 1_024
SYMBOL = "BTCUSDT"
BID_TICKS, ASK_TICKS = FIRST_PRICE_TICKS + PRICES - 1, FIRST_PRICE_TICKS + PRICES + 1
_MANY = 1 << 40
_ABILITY = int(VenueAbility.AMEND_KEEP_PRIORITY | VenueAbility.CANCEL_REPLACE)


def report_ring(capacity: int) -> Segment:
    """One ring for everybody's reports."""
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        return create_ring(Path(folder) / "reports", SegmentKind.TEST_RING, capacity)


def connected(state: State, reports: Segment) -> HotLoop:
    """The engine's side of the compiled loop: Binance's templates for every account, one ring for all strategies."""
    strategies, accounts = int(state.header["strategies_count"]), int(state.header["accounts_count"])
    hot_loop = HotLoop(state, strategy_rows=strategies, idle="spin", clock=SystemClock())
    credentials = Credentials(Secret(b"k"), KeyKind.ED25519, Ed25519Signer(Ed25519PrivateKey.generate()))
    templates = VENUES["binance_spot"].templates(credentials, receive_window_ms=5_000)
    hot_loop.use_templates([templates] * accounts)
    for strategy_id in range(1, strategies):
        hot_loop.open_lane(strategy_id, reports, reports)
    return hot_loop


def let_orders_pass(state: State) -> None:
    """Every instrument trades, every account is connected, every strategy may, and no finite limit is ever met."""
    header = state.header
    header["instance"] = 1
    header["epoch"] = 1
    header["journal_state"] = JournalState.KEEPING
    header["order_retention_ns"] = 60 * NS_PER_S
    header["request_expiry_ns"] = 5 * NS_PER_S
    header["duplicate_window_ns"] = NS_PER_S // 2
    header["duplicate_orders_max"] = 5
    instruments = state.table("instruments")
    instruments["instrument_id"] = np.arange(len(instruments))
    instruments["status"] = InstrumentStatus.TRADING
    instruments["quote_asset_id"] = 1
    instruments["price_decimals"] = 2
    instruments["tick_units"] = 1
    instruments["lot_decimals"] = 5
    instruments["lot_units"] = 1
    instruments["symbol_bytes"] = len(SYMBOL)
    for index, word in enumerate(name_words(SYMBOL, 4)):
        instruments[f"symbol_{index}"] = word
    instruments["min_price_ticks"] = 1
    instruments["min_order_lots"] = 1
    for field in ("max_price_ticks", "max_order_lots", "market_max_order_lots"):
        instruments[field] = 1 << 30
    instruments["min_notional"] = 1
    instruments["max_notional"] = 1 << 60
    instruments["ability"] = _ABILITY
    accounts = state.table("accounts")
    accounts["account_id"] = np.arange(len(accounts))
    accounts["connection_state"] = ConnectionState.LIVE
    limit_everything(state, now_ns=START_NS, bid_ticks=BID_TICKS, ask_ticks=ASK_TICKS)
    _permit(state)


def _permit(state: State) -> None:
    strategies = state.table("strategies")
    strategies["strategy_id"] = np.arange(len(strategies))
    terms = state.table("terms")
    terms["permitted"] = 1
    terms["default_order_type"] = OrderType.LIMIT
    terms["default_time_in_force"] = TimeInForce.GTC
    terms["execution_timeout_ns"] = DAY_NS
    terms["rate_limit_orders"] = RATE_LIMIT
    terms["rate_limit_window_ns"] = NS_PER_S
    terms["limiter_start"] = np.arange(len(terms)) * RATE_LIMIT
    state.table("books")["permitted"] = 1
    # Binance has two windows for orders and one for weights; all three are counted, none refuses.
    accounts = int(state.header["accounts_count"])
    budgets = state.table("budgets")[: accounts * BUDGETS_PER_ACCOUNT].reshape(accounts, -1)[
        :, : BUDGETS_PER_ACCOUNT - 1
    ]
    budgets["limit_type"] = np.arange(1, BUDGETS_PER_ACCOUNT)
    budgets["window_ns"] = (10 * NS_PER_S, DAY_NS, 60 * NS_PER_S)
    budgets["limit"] = _MANY
    for field in ("new_cost", "cancel_cost", "amend_cost", "cancel_replace_cost"):
        budgets[field] = 1
