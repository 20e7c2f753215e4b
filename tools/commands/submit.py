"""`oms submit`: one order, by hand."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url

_MOMENT = "A time with its zone such as 2027-01-31T12:00:00Z, or nanoseconds since the Unix epoch."


def submit(  # noqa: PLR0913, PLR0917  what an order says
    instrument: Annotated[str, typer.Argument(help="Such as BTC/USDT.BINANCE.")],
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    quantity: Annotated[str | None, typer.Argument(help="A decimal number; left out with --quote-quantity.")] = None,
    price: Annotated[str | None, typer.Option(help="The limit; without it the order is of the default type.")] = None,
    stop_price: Annotated[str | None, typer.Option(help="Live once this price has traded: a stop order.")] = None,
    order_type: Annotated[str | None, typer.Option("--type", help="market, limit, stop or stop_limit.")] = None,
    time_in_force: Annotated[str | None, typer.Option(help="GTC, IOC, FOK, DAY or GTD.")] = None,
    expire: Annotated[str | None, typer.Option(metavar="TIME", help=f"Until when it lives (GTD). {_MOMENT}")] = None,
    display_quantity: Annotated[str | None, typer.Option(help="How much of it the book shows.")] = None,
    quote_quantity: Annotated[
        str | None, typer.Option(help="How much of the quote asset a market order trades.")
    ] = None,
    post_only: Annotated[bool, typer.Option("--post-only", help="Rather no order than one that takes.")] = False,
    reduce_only: Annotated[
        bool, typer.Option("--reduce-only", help="Only as far as it makes the position smaller.")
    ] = False,
    fill_first: Annotated[
        bool | None,
        typer.Option(
            "--fill-first/--price-protected",
            help="A market order as the venue's own, if the book holds it, or as a limit; instead of the configured.",
        ),
    ] = None,
    self_trade_prevention: Annotated[
        str | None, typer.Option(metavar="MODE", help="none, expire_taker, expire_maker, expire_both or decrement.")
    ] = None,
    release: Annotated[str | None, typer.Option(metavar="TIME", help=f"When to send it. {_MOMENT}")] = None,
    max_slippage_bps: Annotated[int | None, typer.Option(help="Of a market order, instead of the configured.")] = None,
    execution_timeout_ms: Annotated[
        int | None, typer.Option(help="When to cancel its rest, instead of the configured; 0 for never.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="The account, if it is not the strategy's own there.")] = None,
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the venue's answer.")] = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Send one order and tell what became of it; exits 1 when it was refused, rejected or not answered."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_orders import Order, parse_moment, submit_order  # noqa: PLC0415

    order = Order(
        instrument,
        side,
        quantity,
        price=price,
        stop_price=stop_price,
        order_type=order_type,
        time_in_force=time_in_force,
        expire=parse_moment(expire),
        display_quantity=display_quantity,
        quote_quantity=quote_quantity,
        post_only=post_only,
        reduce_only=reduce_only,
        fill_first=fill_first,
        self_trade_prevention=self_trade_prevention,
        release=parse_moment(release),
        account=account,
        max_slippage_bps=max_slippage_bps,
        execution_timeout_ms=execution_timeout_ms,
    )
    was_taken = submit_order(order, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if was_taken else 1)
