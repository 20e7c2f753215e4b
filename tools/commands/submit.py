"""`oms submit`: one order, by hand."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def submit(  # noqa: PLR0913, PLR0917  what an order says
    instrument: Annotated[str, typer.Argument(help="Such as BTC/USDT.BINANCE.")],
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    quantity: Annotated[str, typer.Argument(help="A decimal number.")],
    price: Annotated[str | None, typer.Option(help="The limit; without it the order is of the default type.")] = None,
    order_type: Annotated[str | None, typer.Option("--type", help="market or limit.")] = None,
    time_in_force: Annotated[str | None, typer.Option(help="GTC, IOC or FOK.")] = None,
    post_only: Annotated[bool, typer.Option("--post-only", help="Rather no order than one that takes.")] = False,
    max_slippage_bps: Annotated[int | None, typer.Option(help="Of a market order, instead of the configured.")] = None,
    execution_timeout_ms: Annotated[
        int | None, typer.Option(help="When to cancel its rest, instead of the configured; 0 for never.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="The account, if the strategy has several there.")] = None,
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the venue's answer.")] = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Send one order and tell what became of it; exits 1 when it was refused, rejected or not answered."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_orders import Order, submit_order  # noqa: PLC0415

    order = Order(
        instrument,
        side,
        quantity,
        price=price,
        order_type=order_type,
        time_in_force=time_in_force,
        post_only=post_only,
        account=account,
        max_slippage_bps=max_slippage_bps,
        execution_timeout_ms=execution_timeout_ms,
    )
    was_taken = submit_order(order, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if was_taken else 1)
