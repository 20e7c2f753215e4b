"""`oms calibrate`: what trading has cost, as the configuration of what it will."""

from typing import Annotated

import typer

from tools.commands.options import Json


def calibrate(
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="NAME", help="The engine, or the folder of its journal.")
    ] = None,
    json: Json = False,
) -> None:
    """Fit each instrument's cost model to the parents that have ended, and print its lines. Exits 1 without a fit."""
    from tools.calibration import calibrate as carry_out  # noqa: PLC0415

    raise typer.Exit(0 if carry_out(engine, as_json=json) else 1)
