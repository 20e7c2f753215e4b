"""`oms status`: one order, open or ended."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def status(  # noqa: PLR0913, PLR0917  the options that every such command has
    order: Annotated[str, typer.Argument(help="An order id, as oms orders shows it.")],
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the engine's answer.")] = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Tell how an order stands or how it ended; exits 1 when the engine does not know it."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_orders import tell_status  # noqa: PLC0415

    is_known = tell_status(order, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if is_known else 1)
