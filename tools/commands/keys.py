"""`oms keys`: makes the keys with which a client on another host and the engine know each other."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="keys", help="Make keys for clients on other hosts.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Make keys for clients on other hosts."""


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the pair is kept; it must not exist yet.")],
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object.")] = False,
) -> None:
    """Make a key pair in a file that only you can read; tell the public key, which the other end needs."""
    from ipc.curve import new_keys, write_keys  # noqa: PLC0415
    from tools.answer import print_json  # noqa: PLC0415

    pair = new_keys()
    write_keys(file, pair)
    if json:
        print_json({"file": str(file), "public_key": pair.public_key})
    else:
        print(f"{file}: made, for nobody else to read\npublic_key = '{pair.public_key}'")
