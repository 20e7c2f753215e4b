"""`oms parents`: what algorithms are at work."""

from typing import Annotated

import typer

from tools.commands.options import Engine, Json


def parents(
    engine: Engine = None,
    strategy: Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="Only those of one.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too, as far as they are known.")] = False,
    costs: Annotated[
        bool, typer.Option("--costs", help="Instead what those that have ended cost beside what was expected.")
    ] = False,
    json: Json = False,
) -> None:
    """List the parent orders of an engine on this host: how far each is, what it costs, what holds it back."""
    from tools.cost_list import list_costs  # noqa: PLC0415
    from tools.engines import find_engine  # noqa: PLC0415
    from tools.parent_list import list_parents  # noqa: PLC0415

    if costs:
        list_costs(find_engine(engine), as_json=json)
        return
    list_parents(find_engine(engine), strategy=strategy, with_ended=everything, as_json=json)
