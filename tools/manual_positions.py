"""Owns listing positions and balances."""

from typing import Any

from ipc.client import Client
from tools.answer import print_json
from tools.engine_books import InstrumentBooks, read_books
from tools.manual_client import Access, table


def list_positions(access: Access, *, as_json: bool) -> bool:
    """Tells what the strategy and its accounts hold, and of an engine here what all do; whether that adds up."""
    with access.client() as client:
        positions, balances = _positions(client), _balances(client)
    engine = access.local_engine
    books = read_books(engine) if engine is not None else []
    if as_json:
        answer: dict[str, Any] = {"strategy": access.strategy, "positions": positions, "balances": balances}
        if engine is not None:
            answer["books"] = [_as_row(book) for book in books]
        print_json(answer)
    else:
        if positions:
            print(table(positions, ("instrument", "position", "cost", "realised")), end="\n\n")
        else:
            print(f"no positions of {access.strategy}", end="\n\n")
        print(table(balances, ("account", "asset", "free", "locked")))
        if books:
            print("\n" + _as_text(books))
    return all(book.adds_up for book in books)


def _positions(client: Client) -> list[dict[str, Any]]:
    return [
        {
            "instrument": position.instrument.name,
            "position": f"{position.quantity:f}",
            "cost": f"{position.cost:f}",
            "realised": f"{position.realised:f}",
        }
        for position in client.positions()
    ]


def _balances(client: Client) -> list[dict[str, Any]]:
    return [
        {
            "account": balance.account.name,
            "asset": balance.asset.name,
            "free": f"{balance.free:f}",
            "locked": f"{balance.locked:f}",
        }
        for balance in client.balances()
    ]


def _as_row(book: InstrumentBooks) -> dict[str, Any]:
    return {
        "instrument": book.instrument,
        "strategies": {holder.name: f"{holder.quantity:f}" for holder in book.strategies},
        "accounts": {holder.name: f"{holder.quantity:f}" for holder in book.accounts},
        "adds_up": book.adds_up,
    }


def _as_text(books: list[InstrumentBooks]) -> str:
    rows = [
        {
            "instrument": book.instrument,
            "held by": holder.name if holder.kind == "external" else f"{holder.kind} {holder.name}",
            "position": f"{holder.quantity:f}",
        }
        for book in books
        for holder in (*book.strategies, *book.accounts)
    ]
    wrong = [book.instrument for book in books if not book.adds_up]
    verdict = f"they do not in {', '.join(wrong)}" if wrong else "they do"
    listing = table(rows, ("instrument", "held by", "position"))
    return f"{listing}\n\nstrategies and what is external must hold what accounts do: {verdict}"
