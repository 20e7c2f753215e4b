"""`oms sandbox`: a simulated venue and an engine to play with."""

import sys
from typing import Annotated

import typer


def sandbox(
    seconds: Annotated[float, typer.Option(metavar="N", min=0, help="How long to run; 0 is until Ctrl-C.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the market.")] = 1,
) -> None:
    """Run a simulated venue and an engine connected to it, for the other commands and for your own strategies."""
    from tools.demo.progress import Progress  # noqa: PLC0415
    from tools.demo.sandbox import run_sandbox  # noqa: PLC0415

    run_sandbox(seconds=seconds, seed=seed, progress=Progress(sys.stdout))
