"""Owns the types that each kernel is called with, so that it can be compiled before anybody calls it.

Integers and truth values say their type themselves; a row is what its name says, and the few names that mean
different rows are told apart by their module or their kernel.
"""

from typing import Any

import numpy as np
from numba import int64, types
from numba.np.numpy_support import from_dtype

from engine.spin import ports
from ipc import alarm_tables, market_tables, parent_tables, rate_tables, records, tables

_ROWS: dict[str, np.dtype[np.void]] = {
    "alarm": records.ALARM,
    "balance": records.BALANCE,
    "book": tables.BOOK,
    "breaker": tables.BREAKER,
    "budget": rate_tables.BUDGET,
    "candidate": market_tables.CANDIDATE,
    "change": records.VENUE_STATE,
    "clock": records.CLOCK_OFFSET,
    "feedback": records.RATE_LIMIT,
    "fill": records.VENUE_REPORT,
    "frame": ports.FRAME,
    "header": tables.STATE_HEADER,
    "holding": tables.HOLDING,
    "instrument": tables.INSTRUMENT,
    "lane": ports.LANE,
    "market": market_tables.MARKET,
    "model": records.COST_MODEL,
    "order": tables.ORDER,
    "own": records.EXECUTION_REPORT,
    "parent": parent_tables.PARENT,
    "piece": ports.PIECE,
    "ports": ports.PORTS,
    "rates": records.FEE_RATES,
    "report": records.VENUE_REPORT,
    "request": records.VENUE_REQUEST,
    "route": market_tables.ROUTE,
    "scope": tables.SCOPE,
    "share": rate_tables.RATE_SHARE,
    "stall": records.LOOP_STALL,
    "strategy": tables.STRATEGY,
    "template": ports.TEMPLATE,
    "terms": tables.TERMS,
    "tombstone": tables.TOMBSTONE,
    "top": records.BOOK_TOP,
    "trade": tables.TRADE,
    "trades": records.MARKET_TRADES,
    "venue_report": records.VENUE_REPORT,
    "word": records.VENUE_REPORT,
    "worst": tables.SCOPE,
}
_ROWS_OF_MODULE: dict[tuple[str, str], np.dtype[np.void]] = {
    ("alarms", "row"): alarm_tables.ALARM_ROW,
    ("balance_agreement", "row"): tables.BALANCE_ROW,
    ("busts", "report"): records.EXECUTION_REPORT,
    ("cancel", "command"): records.CANCEL_ORDER,
    ("command_checks", "command"): records.CANCEL_ORDER,
    ("effects", "report"): records.EXECUTION_REPORT,
    ("limit_commands", "command"): records.SET_LIMIT,
    ("mass_pass", "scope"): records.CANCEL_ALL,
    ("new_order", "command"): records.NEW_ORDER,
    ("order_kinds", "command"): records.NEW_ORDER,
    ("parent_amendments", "command"): records.AMEND_ORDER,
    ("parent_checks", "command"): records.NEW_PARENT,
    ("parent_reports", "report"): records.PARENT_REPORT,
    ("parents", "command"): records.NEW_PARENT,
    ("parents", "scope"): records.CANCEL_ALL,
    ("routing", "report"): records.EXECUTION_REPORT,
    ("target_position", "command"): records.TARGET_POSITION,
    ("trades", "report"): records.EXECUTION_REPORT,
    ("trading_states", "report"): records.CONTROL_REPORT,
    ("valuation", "row"): tables.BALANCE_ROW,
    ("versions", "command"): records.AMEND_ORDER,
}
_ROWS_OF_KERNEL: dict[tuple[str, str], np.dtype[np.void]] = {
    ("_check_trading_state", "command"): records.SET_TRADING_STATE,
    ("_on_balance_change", "change"): records.BALANCE_CHANGE,
    ("_on_trades_known", "known"): records.TRADES_KNOWN,
    ("acknowledge_alarm", "command"): records.ACKNOWLEDGE_ALARM,
    ("on_acknowledge_alarm", "command"): records.ACKNOWLEDGE_ALARM,
    ("on_control_parent", "command"): records.CONTROL_PARENT,
    ("on_schedule", "command"): records.SCHEDULE,
    ("on_set_trading_state", "command"): records.SET_TRADING_STATE,
}


def argument_types(dispatcher: Any) -> tuple[types.Type, ...] | None:
    """The types of a kernel's arguments, None when only its callers decide them."""
    found: list[types.Type] = []
    for name, annotation in dispatcher.py_func.__annotations__.items():
        if name == "return":
            continue
        argument = _type_of(dispatcher.py_func, name, annotation)
        if argument is None:
            return None
        found.append(argument)
    return tuple(found)


def _type_of(function: Any, name: str, annotation: Any) -> types.Type | None:
    if annotation is int:
        return int64
    if annotation is bool:
        return types.boolean
    module = function.__module__.rsplit(".", 1)[-1]
    row = _ROWS_OF_KERNEL.get((function.__name__, name)) or _ROWS_OF_MODULE.get((module, name)) or _ROWS.get(name)
    return from_dtype(row) if annotation is np.void and row is not None else None
