"""Owns listing positions and balances."""

from tools.answer import print_json
from tools.manual_client import Access, table


def list_positions(access: Access, *, as_json: bool) -> None:
    """Tells what the strategy holds and what its accounts hold."""
    with access.client() as client:
        positions = [
            {
                "instrument": position.instrument.name,
                "position": f"{position.quantity:f}",
                "cost": f"{position.cost:f}",
                "realised": f"{position.realised:f}",
            }
            for position in client.positions()
        ]
        balances = [
            {
                "account": balance.account.name,
                "asset": balance.asset.name,
                "free": f"{balance.free:f}",
                "locked": f"{balance.locked:f}",
            }
            for balance in client.balances()
        ]
    if as_json:
        print_json({"strategy": access.strategy, "positions": positions, "balances": balances})
        return
    if positions:
        print(table(positions, ("instrument", "position", "cost", "realised")), end="\n\n")
    else:
        print(f"no positions of {access.strategy}", end="\n\n")
    print(table(balances, ("account", "asset", "free", "locked")))
