"""`oms run`: the engine for a configuration."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    file: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="The configuration.")],
    ready_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write pid and state here once trading is possible.")
    ] = None,
) -> None:
    """Check the configuration, compile what is not compiled yet, then keep the engine running until Ctrl-C."""
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from engine.config import load_config  # noqa: PLC0415
    from tools.interruption import Interruption  # noqa: PLC0415
    from tools.warmup import compile_kernels  # noqa: PLC0415

    load_config(file)
    with Interruption() as interruption:
        compile_kernels(interruption, lambda kernel: print(kernel, file=sys.stderr, flush=True))
    arguments = ["-m", "engine", str(file), *(["--ready-file", str(ready_file)] if ready_file else [])]
    # The control process takes this one over, so that signals and the exit status are its own.
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
