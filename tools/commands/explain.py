"""`oms help`: what a reason or an alarm means, and what to do."""

from typing import Annotated

import typer


def explain_code(code: Annotated[str, typer.Argument(help="Such as PRICES_STALE or TRADING_STATE.")]) -> None:
    """Say what a refusal's reason or an alarm's code means, and what to do about it."""
    from tools.runbook import explain  # noqa: PLC0415

    typer.echo(explain(code))
