"""`oms cancel`: open orders, by hand."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def cancel(  # noqa: PLR0913, PLR0917  the options that every such command has
    order: Annotated[list[str] | None, typer.Argument(help="Order ids, as oms orders shows them.")] = None,
    all_orders: Annotated[bool, typer.Option("--all", help="Every open order of the strategy.")] = False,
    instrument: Annotated[str | None, typer.Option(help="With --all: only those in this instrument.")] = None,
    account: Annotated[str | None, typer.Option(help="With --all: only those on this account.")] = None,
    side: Annotated[str | None, typer.Option(help="With --all: only those that buy, or that sell.")] = None,
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the orders' ends.")] = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Cancel orders and tell which are still open; exits 1 when one is."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_orders import Scope, cancel_orders  # noqa: PLC0415

    if bool(order) == all_orders:
        raise typer.BadParameter("name orders or say --all")
    scope = Scope(instrument, account, side)
    if order and scope != Scope():
        raise typer.BadParameter("--instrument, --account and --side go with --all")
    are_ended = cancel_orders(order or [], scope, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if are_ended else 1)
