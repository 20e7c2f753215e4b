"""`oms demo`: the platform on this machine, and the proof: a whole session, algorithms, or routing over two venues."""

import sys
from typing import Annotated, Literal

import typer


def demo(  # noqa: PLR0913, PLR0917 - one parameter for each option
    scenario: Annotated[
        Literal["session", "algos", "sor"],
        typer.Option(help="A session of processes; or every algorithm, or routing, in a simulated market."),
    ] = "session",
    seconds: Annotated[float, typer.Option(metavar="N", min=0.1, max=86_400, help="How long to trade.")] = 5.0,
    rate: Annotated[float, typer.Option(metavar="R", min=0.1, max=2_000, help="Commands a second.")] = 50.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the market and of the strategy's choices; the first one.")] = 1,
    seeds: Annotated[int, typer.Option(metavar="N", min=2, max=100_000, help="How many, of algos and sor.")] = 200,
    jobs: Annotated[int, typer.Option(metavar="N", min=0, help="Processes for algos and sor, 0 for each core.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object; progress goes to stderr.")] = False,
) -> None:
    """Trade on simulated venues; nothing to configure, nothing left behind. The exit status tells whether all held."""
    if scenario == "session":
        _session(rate=rate, seconds=seconds, seed=seed, json=json)
    else:
        _execution(scenario, first=seed, seeds=seeds, jobs=jobs, json=json)


def _session(*, rate: float, seconds: float, seed: int, json: bool) -> None:
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


def _execution(scenario: str, *, first: int, seeds: int, jobs: int, json: bool) -> None:
    from os import cpu_count  # noqa: PLC0415

    from tools.answer import print_json  # noqa: PLC0415
    from tools.demo.progress import Progress  # noqa: PLC0415
    from tools.execution.algorithms import run_algorithms  # noqa: PLC0415
    from tools.execution.report import algorithms_lines, routing_lines  # noqa: PLC0415
    from tools.execution.routing import run_routing  # noqa: PLC0415

    progress = Progress(sys.stderr)

    def show(count: int, of: int) -> None:
        progress.show(f"{count} of {of} trials")

    processes = jobs or cpu_count() or 1
    if scenario == "algos":
        algorithms = run_algorithms(first, seeds, jobs=processes, show=show)
        is_proven, answer, lines = algorithms.is_proven, algorithms.as_json(), algorithms_lines(algorithms)
    else:
        routing = run_routing(first, seeds, jobs=processes, show=show)
        is_proven, answer, lines = routing.is_proven, routing.as_json(), routing_lines(routing)
    if json:
        print_json(answer)
    else:
        progress.tell("")
        print("\n".join(lines), flush=True)
    raise typer.Exit(0 if is_proven else 1)
