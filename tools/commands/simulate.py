"""`oms simulate`: deterministic simulation of the engine among faults."""

from pathlib import Path
from typing import Annotated

import typer


def simulate(  # noqa: PLR0913, PLR0917 - one parameter for each option
    seeds: Annotated[str, typer.Option(metavar="A..B", help="Play the seeds from A to before B.")] = "0..1000",
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Play a weakened policy instead of the real one; `list` names them.")
    ] = "",
    algorithms: Annotated[
        bool,
        typer.Option("--algorithms", help="Let the strategies also send parents, of every algorithm, to two venues."),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the seeds that an earlier call left.")] = False,
    controls: Annotated[
        bool, typer.Option("--controls", help="Then see to it that every weakened policy is noticed.")
    ] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Tell what happens in the first seed, line by line.")] = False,
    jobs: Annotated[int, typer.Option(metavar="N", min=0, help="Processes to use, 0 for one for each core.")] = 0,
    state_file: Annotated[Path, typer.Option(metavar="FILE", help="Where --resume finds what was done.")] = Path(
        "simulation-state.json"
    ),
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object.")] = False,
) -> None:
    """Play seeded sessions of the real engine among the faults of venue, network, disk and processes."""
    from tools.simulation.report import Request, run_simulation  # noqa: PLC0415

    request = Request(
        seeds=seeds,
        policy=policy,
        has_parents=algorithms,
        resumes=resume,
        with_controls=controls,
        tells_trace=trace,
        jobs=jobs,
        state_file=state_file,
        as_json=json,
    )
    if run_simulation(request):
        raise typer.Exit(1)
