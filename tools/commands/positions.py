"""`oms positions`: what is held."""

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def positions(engine: Engine = None, url: Url = None, strategy: Strategy = MANUAL, json: Json = False) -> None:
    """List the positions of a strategy and the balances of its accounts, and of an engine here what all hold.

    Exits 1 when strategies and accounts do not add up.
    """
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_positions import list_positions  # noqa: PLC0415

    adds_up = list_positions(Access(engine, url, strategy), as_json=json)
    raise typer.Exit(0 if adds_up else 1)
