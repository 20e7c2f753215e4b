"""`oms demo`: a simulated venue, an engine and a strategy on this machine, and the proof that all agree."""

import sys
from typing import Annotated

import typer


def demo(
    seconds: Annotated[float, typer.Option(metavar="N", min=0.1, max=86_400, help="How long to trade.")] = 5.0,
    rate: Annotated[float, typer.Option(metavar="R", min=0.1, max=2_000, help="Commands a second.")] = 50.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the market and of the strategy's choices.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object; progress goes to stderr.")] = False,
) -> None:
    """Trade on a simulated venue, each part in its own process; nothing to configure, nothing left behind."""
    from tools.answer import print_json  # noqa: PLC0415
    from tools.command_error import CommandError  # noqa: PLC0415
    from tools.demo.progress import Progress  # noqa: PLC0415
    from tools.demo.report import report_lines  # noqa: PLC0415
    from tools.demo.session import run_demo  # noqa: PLC0415
    from tools.interruption import StopRequestedError  # noqa: PLC0415

    try:
        progress = Progress(sys.stderr if json else sys.stdout)
        result = run_demo(rate=rate, seconds=seconds, seed=seed, progress=progress)
    except (CommandError, StopRequestedError) as error:
        if json:
            print_json({"ok": False, "error": str(error)})
        raise
    if json:
        print_json(result.as_json())
    else:
        print("\n".join(report_lines(result)), flush=True)
    raise typer.Exit(0 if result.is_proven else 1)
