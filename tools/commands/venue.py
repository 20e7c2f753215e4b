"""`oms venue`: the simulated venue in a process of its own."""

import typer

CONTEXT_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}


def venue(context: typer.Context) -> None:
    """Run the simulated venue; `oms venue --help` lists its options."""
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    os.execv(sys.executable, [sys.executable, "-m", "gateways.simulator", *context.args])  # noqa: S606
