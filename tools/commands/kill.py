"""`oms kill` and `oms arm`: stop trading at once, and let it go on."""

from enum import StrEnum
from typing import Annotated

import typer

from tools.commands.options import Engine, Json

Scope = Annotated[
    str, typer.Option(metavar="SCOPE", help="engine, or venue:, account:, strategy: or instrument: with its name.")
]


class Restriction(StrEnum):
    """How far."""

    HALT = "halt"
    CANCEL_ONLY = "cancel_only"
    REDUCE_ONLY = "reduce_only"


class Freedom(StrEnum):
    """How far back."""

    ACTIVE = "active"
    REDUCE_ONLY = "reduce_only"
    CANCEL_ONLY = "cancel_only"


def kill(
    scope: Scope = "engine",
    state: Annotated[Restriction, typer.Option(help="halt also cancels all that is open.")] = Restriction.HALT,
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to watch what comes of it.")] = 10.0,
    engine: Engine = None,
    json: Json = False,
) -> None:
    """Refuse new orders in a scope at once and cancel what is open there, also of an engine that hangs.

    Exits 1 unless the engine does so, and every order in the scope has ended by the venue's word.
    """
    from ipc.enums import TradingState  # noqa: PLC0415
    from tools.control_desk import find_controlled  # noqa: PLC0415
    from tools.kill import kill as carry_out  # noqa: PLC0415

    wanted = TradingState[state.upper()]
    is_done = carry_out(find_controlled(engine), scope, wanted, wait_s=wait, as_json=json)
    raise typer.Exit(0 if is_done else 1)


def arm(
    scope: Scope = "engine",
    state: Annotated[Freedom, typer.Option(help="What is to be allowed again.")] = Freedom.ACTIVE,
    engine: Engine = None,
    json: Json = False,
) -> None:
    """Let a scope trade again: nothing else lowers a trading state."""
    from ipc.enums import TradingState  # noqa: PLC0415
    from tools.control_desk import find_controlled  # noqa: PLC0415
    from tools.kill import arm as carry_out  # noqa: PLC0415

    carry_out(find_controlled(engine), scope, TradingState[state.upper()], as_json=json)
