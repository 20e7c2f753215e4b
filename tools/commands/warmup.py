"""`oms warmup`: compiles every kernel now, so that nothing is compiled later."""

from typing import Annotated

import typer


def warmup(
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object.")] = False,
) -> None:
    """Compile every kernel, or load it when it is compiled, and tell the seconds of each."""
    from ipc.clock import NS_PER_S, SystemClock  # noqa: PLC0415
    from tools.answer import print_json  # noqa: PLC0415
    from tools.interruption import Interruption  # noqa: PLC0415
    from tools.warmup import compile_kernels  # noqa: PLC0415

    clock = SystemClock()
    started_ns = clock.monotonic_ns()
    with Interruption() as interruption:
        compiled = compile_kernels(interruption, print, all_of_them=True)
    seconds = (clock.monotonic_ns() - started_ns) / NS_PER_S
    slowest = max(compiled, key=lambda kernel: kernel.seconds, default=None)
    if json:
        kernels = {kernel.name: kernel.seconds for kernel in compiled}
        print_json({"kernels": kernels, "count": len(compiled), "seconds": round(seconds, 3)})
    elif slowest is not None:
        print(
            f"{len(compiled)} kernels ready in {seconds:.1f} s, the slowest {slowest.name} in {slowest.seconds:.1f} s"
        )
