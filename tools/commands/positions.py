"""`oms positions`: what is held."""

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def positions(engine: Engine = None, url: Url = None, strategy: Strategy = MANUAL, json: Json = False) -> None:
    """List the positions of a strategy and the balances of its accounts."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_positions import list_positions  # noqa: PLC0415

    list_positions(Access(engine, url, strategy), as_json=json)
