"""`oms pause` and `oms resume`: a parent order, by hand."""

from typing import Annotated

import typer

from tools.commands.options import MANUAL, Engine, Json, Strategy, Url

_Parent = Annotated[str, typer.Argument(help="The parent's id, as oms parents shows it.")]
_Wait = Annotated[float, typer.Option(metavar="S", min=0, help="How long to wait for the engine's answer.")]


def pause(  # noqa: PLR0913, PLR0917  the options that every such command has
    order: _Parent,
    wait: _Wait = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Let a parent send nothing more, and cancel what it has in the market; exits 1 when the engine refuses."""
    from ipc.client import Client  # noqa: PLC0415
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_parents import control_parent  # noqa: PLC0415

    is_done = control_parent(order, Client.pause, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if is_done else 1)


def resume(  # noqa: PLR0913, PLR0917  the options that every such command has
    order: _Parent,
    wait: _Wait = 2.0,
    engine: Engine = None,
    url: Url = None,
    strategy: Strategy = MANUAL,
    json: Json = False,
) -> None:
    """Let a parent that is paused go on; exits 1 when the engine refuses."""
    from ipc.client import Client  # noqa: PLC0415
    from tools.manual_client import Access  # noqa: PLC0415
    from tools.manual_parents import control_parent  # noqa: PLC0415

    is_done = control_parent(order, Client.resume, Access(engine, url, strategy), wait_s=wait, as_json=json)
    raise typer.Exit(0 if is_done else 1)
