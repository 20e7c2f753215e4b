"""Owns how a subcommand fails: with a sentence on stderr and status 1, never with a traceback."""

from typing import Any

import typer
from typer.core import TyperGroup

from tools.command_error import CommandError
from tools.interruption import StopRequestedError


class CommandGroup(TyperGroup):
    """Turns the errors that are meant for people into their text."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the subcommand; `ctx` is a click.Context, which newer typers bring along under another name."""
        try:
            return super().invoke(ctx)
        except StopRequestedError as error:
            raise typer.Exit(error.status) from error
        except Exception as error:
            if isinstance(error, _told_errors()):
                typer.echo(f"oms: {error}", err=True)
                raise typer.Exit(1) from error
            raise


def _told_errors() -> tuple[type[Exception], ...]:
    """The errors whose text says what to do; loaded only when something failed."""
    from engine.config import ConfigurationError  # noqa: PLC0415
    from engine.journal.errors import JournalError  # noqa: PLC0415
    from ipc.compiler import CacheError  # noqa: PLC0415
    from ipc.curve import CurveKeyError  # noqa: PLC0415
    from ipc.errors import ClientError  # noqa: PLC0415
    from ipc.segment import SegmentError  # noqa: PLC0415

    return (CommandError, ConfigurationError, CacheError, ClientError, CurveKeyError, JournalError, SegmentError)
