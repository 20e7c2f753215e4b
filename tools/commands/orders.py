"""`oms orders`: what is open."""

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url


def orders(engine: Engine = None, url: Url = None, strategy: Strategy = MANUAL, json: Json = False) -> None:
    """List the open orders of a strategy."""
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_orders import list_orders  # noqa: PLC0415

    list_orders(Access(engine, url, strategy), as_json=json)
