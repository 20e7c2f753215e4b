"""`oms journal`: looks into the journal of an engine, verifies it, lives it again, keeps it small."""

from typing import Annotated

import typer

from tools.commands.options import Json

app = typer.Typer(name="journal", help="Look into the journal of an engine.", no_args_is_help=True)

Place = Annotated[str, typer.Argument(metavar="ENGINE", help="An engine's name, or the folder of a journal.")]


@app.callback()
def journal() -> None:
    """Look into the journal of an engine."""


@app.command()
def verify(place: Place, json: Json = False) -> None:
    """Check every entry, snapshot and event; tell each damage with its file and offset."""
    from tools.journal_verification import verify_journal  # noqa: PLC0415

    raise typer.Exit(0 if verify_journal(place, as_json=json) else 1)


@app.command()
def show(  # noqa: PLR0913, PLR0917  what can be asked for
    place: Place,
    first: Annotated[int | None, typer.Option("--from", metavar="SEQUENCE", min=0, help="The first entry.")] = None,
    last: Annotated[int | None, typer.Option("--to", metavar="SEQUENCE", min=0, help="The last entry.")] = None,
    order: Annotated[str | None, typer.Option(metavar="ID", help="Only what names this order.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only this kind, such as NEW_ORDER.")] = None,
    json: Json = False,
) -> None:
    """Print entries: what the engine was told, by whom and when."""
    from tools.journal_entries import Selection, show_entries  # noqa: PLC0415

    show_entries(place, Selection(first, last, order, kind), as_json=json)


@app.command()
def replay(
    place: Place,
    epoch: Annotated[int | None, typer.Option("--run", metavar="EPOCH", min=1, help="One run instead of all.")] = None,
    json: Json = False,
) -> None:
    """Live through the journal again, compare every trace and every snapshot's digest."""
    from tools.journal_replay import replay_journal  # noqa: PLC0415

    raise typer.Exit(0 if replay_journal(place, epoch=epoch, as_json=json) else 1)


@app.command()
def prune(
    place: Place,
    budget_mb: Annotated[int, typer.Option("--budget-mb", metavar="MB", min=0, help="How much may be left.")] = 4_096,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    json: Json = False,
) -> None:
    """Remove the oldest files down to a budget; never what a start needs."""
    from tools.journal_pruning import prune_journal  # noqa: PLC0415

    prune_journal(place, budget_mb, dry_run=dry_run, as_json=json)
