"""Compiles the kernels that it is told, a name a line, and says of each how long that took: one JSON line."""

import json
import sys

from engine.warmup import compilations, verify_declared_types
from ipc.clock import NS_PER_S, SystemClock


def main() -> None:
    """Compiles until nobody asks for more."""
    clock = SystemClock()
    known = {each.name: each for each in compilations()}
    for line in sys.stdin:
        kernel = known[line.strip()]
        for need in kernel.needs:
            # Another worker may have compiled it; to load it is not this kernel's time.
            known[need].compile()
        started_ns = clock.monotonic_ns()
        kernel.compile()
        seconds = round((clock.monotonic_ns() - started_ns) / NS_PER_S, 4)
        verify_declared_types()
        print(json.dumps({"kernel": kernel.name, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
