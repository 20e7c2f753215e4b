"""Owns the options that several subcommands share."""

from typing import Annotated

import typer

Engine = Annotated[str | None, typer.Option("--engine", metavar="NAME", help="The engine, if there are several.")]
Url = Annotated[str | None, typer.Option("--url", help="Its address instead, such as tcp://127.0.0.1:5555.")]
Strategy = Annotated[str, typer.Option("--strategy", metavar="NAME", help="On whose behalf.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with a JSON object.")]

MANUAL = "manual"
