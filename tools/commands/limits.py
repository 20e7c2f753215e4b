"""`oms limits`: trading states and limits of every scope."""

from typing import Annotated

import typer

from tools.commands.group import CommandGroup
from tools.commands.options import Engine, Json

app = typer.Typer(name="limits", cls=CommandGroup, help="Show what is allowed in each scope, and change a limit.")


@app.callback(invoke_without_command=True)
def limits(context: typer.Context, engine: Engine = None, json: Json = False) -> None:
    """Show the trading state of each scope and the limits that it sets."""
    if context.invoked_subcommand is not None:
        return
    from tools.engines import find_engine  # noqa: PLC0415
    from tools.limit_list import list_limits  # noqa: PLC0415

    list_limits(find_engine(engine), as_json=json)


@app.command("set")
def set_limit(
    scope: Annotated[str, typer.Argument(help="engine, or KIND:NAME.")],
    limit: Annotated[str, typer.Argument(help="Such as max_open_orders.")],
    value: Annotated[str, typer.Argument(help="As listed: money in 1e-8 of the risk asset; or unlimited.")],
    engine: Engine = None,
    json: Json = False,
) -> None:
    """Change a limit while the engine runs; it is kept, with your name, until the next start."""
    from tools.engines import find_engine  # noqa: PLC0415
    from tools.limit_list import set_limit as carry_out  # noqa: PLC0415

    carry_out(find_engine(engine), scope, limit, value, as_json=json)
