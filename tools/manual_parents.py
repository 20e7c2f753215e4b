"""Owns sending a parent order by hand, and telling what becomes of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ipc.client import Client
from ipc.order_terms import Moment
from ipc.parent_enums import ParentEnd, ParentEvent
from ipc.parent_events import ParentReport
from ipc.schedules import volume_curve_schedule
from tools.command_error import CommandError
from tools.manual_client import Access, parse_order_id
from tools.manual_orders import parse_moment
from tools.parent_answers import await_answer, has_ended, tell_answer

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3_600), "d": Decimal(86_400)}


@dataclass(frozen=True)
class Intent:
    """A parent order as it was typed; its terms are those of Client.execute."""

    instrument: str
    side: str
    quantity: str | None
    curve: str | None
    terms: dict[str, Any]


def parse_duration(text: str | None) -> timedelta | None:
    """How long something lasts, as it was typed."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        raise CommandError(f"duration {text[:40]!r} is none; allowed are a number and ms, s, m, h or d, such as 90s")
    return timedelta(microseconds=int(Decimal(match[1]) * _SECONDS[match[2]] * 1_000_000))


def parse_when(text: str | None) -> Moment | timedelta | None:
    """A moment, or how long it is from now, as it was typed."""
    return parse_duration(text) if text is not None and _DURATION.fullmatch(text) else parse_moment(text)


def parse_numbers(text: str | None, what: str) -> list[str] | None:
    """Numbers between commas, as they were typed."""
    if text is None:
        return None
    numbers = text.split(",")
    if not all(number.strip() for number in numbers):
        raise CommandError(f"{what} {text[:40]!r} has an empty place; allowed are numbers with commas between")
    return [number.strip() for number in numbers]


def execute_intent(intent: Intent, access: Access, *, wait_s: float, follows: bool, as_json: bool) -> bool:
    """Sends the parent and tells whether the engine took it, or with `follows` all until its end; whether it was so."""
    with access.client() as client:
        try:
            terms = {**intent.terms, **_schedule(client, intent)}
            order_id = client.execute(intent.instrument, intent.side, intent.quantity, **terms)
        except (ValueError, TypeError) as error:
            raise CommandError(str(error)) from error
        if follows:
            note = _say_nothing if as_json else _say
            answer = await_answer(client, order_id, wait_s, is_enough=has_ended, note=note)
        else:
            # Whoever left at once might take a part of the schedule along that has not left yet.
            has_schedule = terms["schedule"] is not None
            answer = await_answer(
                client, order_id, wait_s, is_enough=lambda report: not has_schedule or _is_scheduled(report)
            )
    tell_answer(order_id, answer, wait_s, as_json=as_json)
    return isinstance(answer, ParentReport) and answer.end_reason != ParentEnd.REFUSED


def control_parent(
    order: str, control: Callable[[Client, int], None], access: Access, *, wait_s: float, as_json: bool
) -> bool:
    """Pauses a parent or lets it go on, and tells what the engine says to that; whether it was done."""
    order_id = parse_order_id(order)
    with access.client() as client:
        control(client, order_id)
        answer = await_answer(client, order_id, wait_s)
    tell_answer(order_id, answer, wait_s, as_json=as_json)
    return isinstance(answer, ParentReport)


def _is_scheduled(report: ParentReport) -> bool:
    return report.parent_event != ParentEvent.ACCEPTED


def _say(report: ParentReport) -> None:
    if not has_ended(report):
        print(report, flush=True)


def _say_nothing(report: ParentReport) -> None:
    """A program is told the end alone."""


def _schedule(client: Client, intent: Intent) -> dict[str, Any]:
    """The schedule that a volume curve makes, where one was given."""
    volumes = parse_numbers(intent.curve, "curve")
    if volumes is None:
        return {}
    if intent.quantity is None or intent.terms.get("schedule") is not None:
        raise ValueError("a curve needs a quantity to make a schedule of, and no other schedule beside it")
    instruments = client.instruments()
    known = instruments.get(intent.instrument)
    if known is None:
        raise ValueError(f"no instrument {intent.instrument!r}; allowed are {', '.join(sorted(instruments))}")
    lots = volume_curve_schedule(known.lots(intent.quantity), [float(volume) for volume in volumes])
    return {"schedule": [known.quantity(part) for part in lots]}
