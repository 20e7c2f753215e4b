"""`oms alarms`: what a person should know of."""

from typing import Annotated

import typer

from tools.commands.group import CommandGroup
from tools.commands.options import Engine, Json

app = typer.Typer(name="alarms", cls=CommandGroup, help="List alarms, and say that somebody has seen them.")


@app.callback(invoke_without_command=True)
def alarms(context: typer.Context, engine: Engine = None, json: Json = False) -> None:
    """List what a person should know of; exits 1 when nobody has acknowledged some of it."""
    if context.invoked_subcommand is not None:
        return
    from tools.alarm_list import list_alarms  # noqa: PLC0415
    from tools.engines import find_engine  # noqa: PLC0415

    raise typer.Exit(0 if list_alarms(find_engine(engine), as_json=json) else 1)


@app.command()
def ack(
    alarm: Annotated[list[int], typer.Argument(help="The alarms' numbers.")], engine: Engine = None, json: Json = False
) -> None:
    """Say that you have seen alarms; one that is over is gone then."""
    from tools.alarm_list import acknowledge  # noqa: PLC0415
    from tools.engines import find_engine  # noqa: PLC0415

    acknowledge(find_engine(engine), alarm, as_json=json)
