"""`oms config`: looks at a configuration without starting anything."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="config", help="Look at a configuration without starting anything.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """Look at a configuration without starting anything."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The configuration.")],
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object.")] = False,
) -> None:
    """Tell every problem of a configuration at once: key, value, what is allowed, the fix."""
    from engine.config import load_config  # noqa: PLC0415
    from engine.configuration.problems import ConfigurationError  # noqa: PLC0415
    from tools.answer import print_json  # noqa: PLC0415

    problems = []
    try:
        loaded = load_config(file)
    except ConfigurationError as error:
        if not json:
            raise
        problems = [vars(problem) for problem in error.problems]
    if json:
        print_json({"file": str(file), "sound": not problems, "problems": problems})
    else:
        accounts = ", ".join(f"{account.name} at {account.venue}" for account in loaded.accounts)
        strategies = ", ".join(strategy.name for strategy in loaded.strategies)
        print(f"{file}: sound; engine {loaded.engine.name}; accounts: {accounts}; strategies: {strategies}")
    raise typer.Exit(1 if problems else 0)
