"""`oms execute`: one parent order, worked by an algorithm."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url

_WHEN = "A time with its zone such as 2027-01-31T12:00:00Z, or from now such as 90s or 10m."
_SHARE = "from 0 to 1"


def execute(  # noqa: PLR0913, PLR0917  what an intent says
    instrument: Annotated[str, typer.Argument(help="Such as BTC/USDT.BINANCE.")],
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    quantity: Annotated[str | None, typer.Argument(help="A decimal number; left out with --notional.")] = None,
    algorithm: Annotated[
        str,
        typer.Option(
            help="auto, twap, vwap, pov, implementation_shortfall, iceberg, sweep, sniper, peg, close_out, stop "
            "or bracket."
        ),
    ] = "auto",
    notional: Annotated[str | None, typer.Option(help="How much of the quote asset to trade instead.")] = None,
    limit: Annotated[str | None, typer.Option(help="The worst price.")] = None,
    start: Annotated[str | None, typer.Option(metavar="TIME", help=f"When to begin. {_WHEN}")] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help=f"When to be done. {_WHEN}")] = None,
    urgency: Annotated[str | None, typer.Option(help=f"How fast to take rather than to wait, {_SHARE}.")] = None,
    participation: Annotated[str | None, typer.Option(help=f"Share of the market's trades, {_SHARE}.")] = None,
    display: Annotated[str | None, typer.Option(help="How much of it the book shows.")] = None,
    interval: Annotated[str | None, typer.Option(metavar="DURATION", help="Of one slice, such as 5s.")] = None,
    noise: Annotated[str | None, typer.Option(help=f"How much slices may vary, {_SHARE}.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    trigger: Annotated[str | None, typer.Option(help="The price at which it starts.")] = None,
    trigger_when: Annotated[
        str | None, typer.Option(metavar="above|below", help="Where that price must be; else as a stop order's.")
    ] = None,
    trail: Annotated[str | None, typer.Option(help="How far a trailing stop stays behind the best price.")] = None,
    take_profit: Annotated[str | None, typer.Option(help="The target of a bracket.")] = None,
    after: Annotated[str | None, typer.Option(metavar="ID", help="The order whose fills it follows.")] = None,
    benchmark: Annotated[str, typer.Option(help="arrival or market_vwap.")] = "arrival",
    schedule: Annotated[
        str | None, typer.Option(metavar="Q,Q,…", help="What to trade in each of equally long slices.")
    ] = None,
    curve: Annotated[
        str | None, typer.Option(metavar="V,V,…", help="The market's volume in each slice, which makes the schedule.")
    ] = None,
    routed: Annotated[bool, typer.Option("--routed", help="At every venue of the same pair.")] = False,
    reduce_only: Annotated[
        bool, typer.Option("--reduce-only", help="Only as far as it makes the position smaller.")
    ] = False,
    passive_only: Annotated[bool, typer.Option("--passive-only", help="Never take.")] = False,
    account: Annotated[str | None, typer.Option(help="The account, if it is not the strategy's own there.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Tell everything until it has ended.")] = False,
    wait: Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the engine's answer.")] = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Let an algorithm trade a quantity; exits 1 when it was refused or not answered. It goes on without you."""
    from tools.manual_client import Access, parse_order_id  # noqa: PLC0415
    from tools.manual_parents import Intent, execute_intent, parse_duration, parse_numbers, parse_when  # noqa: PLC0415

    terms = {
        "algorithm": algorithm,
        "notional": notional,
        "limit": limit,
        "start": parse_when(start),
        "end": parse_when(end),
        "urgency": urgency,
        "participation": participation,
        "display": display,
        "interval": parse_duration(interval),
        "noise": noise,
        "seed": seed,
        "trigger": trigger,
        "trigger_when": trigger_when,
        "trail": trail,
        "take_profit": take_profit,
        "after": parse_order_id(after) if after is not None else 0,
        "benchmark": benchmark,
        "routed": routed,
        "reduce_only": reduce_only,
        "passive_only": passive_only,
        "account": account,
        "schedule": parse_numbers(schedule, "schedule"),
    }
    intent = Intent(instrument, side, quantity, curve, terms)
    was_taken = execute_intent(intent, Access(engine, url, strategy), wait_s=wait, follows=follow, as_json=json)
    raise typer.Exit(0 if was_taken else 1)
