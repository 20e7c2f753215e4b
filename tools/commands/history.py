"""`oms explain`: what became of one order, and why."""

from typing import Annotated

import typer

from tools.commands.options import Json


def explain(
    order: Annotated[str, typer.Argument(help="An order id, as oms orders and oms parents show it.")],
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="NAME", help="The engine, or the folder of its journal.")
    ] = None,
    children: Annotated[bool, typer.Option("--children", help="What a parent's children went through, too.")] = False,
    json: Json = False,
) -> None:
    """Tell all that was told of an order: for a parent each venue's score in every decision. Exits 1 without any."""
    from tools.order_history import explain_order  # noqa: PLC0415

    raise typer.Exit(0 if explain_order(order, engine, with_children=children, as_json=json) else 1)
