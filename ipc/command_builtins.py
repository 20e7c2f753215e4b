"""Owns the builtins through which plain Python publishes commands and takes reports."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ipc.builtin import FASTCALL, NULL, argument, argument_or, bind, block_of, finish, is_called_with, is_refused
from ipc.compiler import JIT_DISABLED, c_function
from ipc.records import ALL_ACCOUNTS, ALL_INSTRUMENTS, AS_CONFIGURED
from ipc.strategy_kernels import (
    DEFAULT_TIME_IN_FORCE,
    LIMIT,
    drain_reports,
    publish_amend,
    publish_cancel,
    publish_cancel_all,
    publish_new_order,
    publish_parent,
    publish_parent_control,
    publish_schedule,
    publish_status_request,
    publish_target,
)


def _new_order_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 5, 19):
        return NULL
    instrument_id, account_id, side = argument(arguments, 0), argument(arguments, 1), argument(arguments, 2)
    price_ticks, order_lots = argument(arguments, 3), argument(arguments, 4)
    order_type = argument_or(arguments, count, 5, LIMIT)
    time_in_force = argument_or(arguments, count, 6, DEFAULT_TIME_IN_FORCE)
    flags, client_tag = argument_or(arguments, count, 7, 0), argument_or(arguments, count, 8, 0)
    slippage = argument_or(arguments, count, 9, AS_CONFIGURED)
    timeout = argument_or(arguments, count, 10, AS_CONFIGURED)
    retry_attempts = argument_or(arguments, count, 11, AS_CONFIGURED)
    retry_delay = argument_or(arguments, count, 12, AS_CONFIGURED)
    stop_price_ticks, expire_utc_ns = argument_or(arguments, count, 13, 0), argument_or(arguments, count, 14, 0)
    display_lots, quote_notional = argument_or(arguments, count, 15, 0), argument_or(arguments, count, 16, 0)
    prevention, release_utc_ns = argument_or(arguments, count, 17, 0), argument_or(arguments, count, 18, 0)
    if is_refused():
        return NULL
    order_id = publish_new_order(
        block_of(self_object),
        instrument_id,
        account_id,
        side,
        price_ticks,
        order_lots,
        order_type,
        time_in_force,
        flags,
        client_tag,
        slippage,
        timeout,
        retry_attempts,
        retry_delay,
        stop_price_ticks,
        expire_utc_ns,
        display_lots,
        quote_notional,
        prevention,
        release_utc_ns,
    )
    return finish(order_id)


def _target_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 4, 12):
        return NULL
    instrument_id, account_id, target_lots = argument(arguments, 0), argument(arguments, 1), argument(arguments, 2)
    price_ticks = argument(arguments, 3)
    order_type = argument_or(arguments, count, 4, LIMIT)
    time_in_force = argument_or(arguments, count, 5, DEFAULT_TIME_IN_FORCE)
    flags, client_tag = argument_or(arguments, count, 6, 0), argument_or(arguments, count, 7, 0)
    slippage = argument_or(arguments, count, 8, AS_CONFIGURED)
    timeout = argument_or(arguments, count, 9, AS_CONFIGURED)
    retry_attempts = argument_or(arguments, count, 10, AS_CONFIGURED)
    retry_delay = argument_or(arguments, count, 11, AS_CONFIGURED)
    if is_refused():
        return NULL
    order_id = publish_target(
        block_of(self_object),
        instrument_id,
        account_id,
        target_lots,
        price_ticks,
        order_type,
        time_in_force,
        flags,
        client_tag,
        slippage,
        timeout,
        retry_attempts,
        retry_delay,
    )
    return finish(order_id)


def _cancel_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 1, 1):
        return NULL
    order_id = argument(arguments, 0)
    if is_refused():
        return NULL
    return finish(publish_cancel(block_of(self_object), order_id))


def _amend_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 3, 6):
        return NULL
    order_id, price_ticks, order_lots = argument(arguments, 0), argument(arguments, 1), argument(arguments, 2)
    stop_price_ticks, version = argument_or(arguments, count, 3, 0), argument_or(arguments, count, 4, 0)
    condition = argument_or(arguments, count, 5, 0)
    if is_refused():
        return NULL
    block = block_of(self_object)
    return finish(publish_amend(block, order_id, price_ticks, order_lots, stop_price_ticks, version, condition))


def _cancel_all_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 1, 3):
        return NULL
    instrument_id = argument(arguments, 0)
    account_id, side = argument_or(arguments, count, 1, ALL_ACCOUNTS), argument_or(arguments, count, 2, 0)
    if is_refused():
        return NULL
    return finish(publish_cancel_all(block_of(self_object), instrument_id, account_id, side))


def _status_request_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 1, 4):
        return NULL
    order_id, instrument_id = argument(arguments, 0), argument_or(arguments, count, 1, ALL_INSTRUMENTS)
    account_id, side = argument_or(arguments, count, 2, ALL_ACCOUNTS), argument_or(arguments, count, 3, 0)
    if is_refused():
        return NULL
    return finish(publish_status_request(block_of(self_object), order_id, instrument_id, account_id, side))


def _parent_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 1, 1):
        return NULL
    parent = argument(arguments, 0)
    if is_refused():
        return NULL
    return finish(publish_parent(block_of(self_object), parent))


def _schedule_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 2, 2):
        return NULL
    order_id, schedule = argument(arguments, 0), argument(arguments, 1)
    if is_refused():
        return NULL
    return finish(publish_schedule(block_of(self_object), order_id, schedule))


def _parent_control_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 2, 2):
        return NULL
    order_id, control = argument(arguments, 0), argument(arguments, 1)
    if is_refused():
        return NULL
    return finish(publish_parent_control(block_of(self_object), order_id, control))


def _drain_entry(self_object: int, arguments: int, count: int) -> int:
    if not is_called_with(count, 2, 2):
        return NULL
    target, records_max = argument(arguments, 0), argument(arguments, 1)
    if is_refused():
        return NULL
    return finish(drain_reports(block_of(self_object), target, records_max))


# What a builtin runs, the kernel that does the same without the JIT, and the builtin's name.
_ENTRIES: tuple[tuple[Callable[[int, int, int], int], Callable[..., int], str], ...] = (
    (_new_order_entry, publish_new_order, "publish_new_order"),
    (_target_entry, publish_target, "publish_target"),
    (_cancel_entry, publish_cancel, "publish_cancel"),
    (_amend_entry, publish_amend, "publish_amend"),
    (_cancel_all_entry, publish_cancel_all, "publish_cancel_all"),
    (_status_request_entry, publish_status_request, "publish_status_request"),
    (_parent_entry, publish_parent, "publish_parent"),
    (_schedule_entry, publish_schedule, "publish_schedule"),
    (_parent_control_entry, publish_parent_control, "publish_parent_control"),
    (_drain_entry, drain_reports, "drain_reports"),
)


@cache
def _compiled(place: int) -> Any:
    return c_function(FASTCALL)(_ENTRIES[place][0])


def entries() -> list[tuple[str, Callable[[int, int, int], int], Callable[[], object]]]:
    """Each builtin's name, its C function, and the call that compiles it or loads it from the cache."""
    return [(name, function, partial(_compiled, place)) for place, (function, _, name) in enumerate(_ENTRIES)]


@dataclass(frozen=True, slots=True)
class CommandBuiltins:
    """The builtins of one session; arguments are those of the kernels behind `session`, by position."""

    publish_new_order: Callable[..., int]
    publish_target: Callable[..., int]
    publish_cancel: Callable[..., int]
    publish_amend: Callable[..., int]
    publish_cancel_all: Callable[..., int]
    publish_status_request: Callable[..., int]
    publish_parent: Callable[..., int]
    publish_schedule: Callable[..., int]
    publish_parent_control: Callable[..., int]
    drain_reports: Callable[..., int]


def bind_session(session_address: int) -> CommandBuiltins:
    """The builtins of a session; the first call in a process compiles them or loads them from the cache."""
    if JIT_DISABLED:
        return CommandBuiltins(*(partial(run, session_address) for _, run, _ in _ENTRIES))
    return CommandBuiltins(
        *(bind(_compiled(place), session_address, name) for place, (_, _, name) in enumerate(_ENTRIES))
    )
