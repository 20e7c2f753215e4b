"""`oms schema`: the record layouts for other languages."""

from typing import Annotated

import typer


def schema(
    json: Annotated[bool, typer.Option("--json", help="The whole schema as a JSON object.")] = False,
    c: Annotated[bool, typer.Option("--c", help="The whole schema as a C99 header.")] = False,
) -> None:
    """Print the layout of every record, for clients in other languages."""
    from ipc import schema as layouts  # noqa: PLC0415
    from tools.answer import print_json  # noqa: PLC0415

    if json and c:
        raise typer.BadParameter("choose one of --json and --c")
    if json:
        print_json(layouts.as_json())
    elif c:
        print(layouts.as_c_header(), end="")
    else:
        description = layouts.as_json()
        print(f"schema {description['digest']:x}, slots of {description['slot_bytes']} bytes, {description['word']}s")
        for name, record in description["records"].items():
            print(f"{record['kind']:>3} {name}: {' '.join(record['words'])}")
