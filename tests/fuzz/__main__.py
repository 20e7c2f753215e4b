"""Runs one fuzzer for longer: `python -m tests.fuzz DECODER --inputs N [--seed S] [--coverage]`.

With --coverage Atheris leads it, where that is installed: it keeps what reaches a line that nothing reached before.
"""

import argparse
import os
import random
import sys

from ipc.clock import NS_PER_S, SystemClock
from tests.fuzz.decoders import DECODERS, new_fuzzed
from tests.fuzz.run import HANG_NS, Run, check, fuzz

_WATCHED = ["gateways", "engine", "ipc"]


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz one decoder.")
    parser.add_argument("decoder", choices=sorted(DECODERS))
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coverage", action="store_true")
    chosen = parser.parse_args()
    began_ns = SystemClock.monotonic_ns()
    if chosen.coverage:
        run = _led_by_coverage(chosen.decoder, chosen.inputs, chosen.seed)
    else:
        run = fuzz(new_fuzzed(chosen.decoder), chosen.inputs, chosen.seed)
    seconds = (SystemClock.monotonic_ns() - began_ns) / NS_PER_S
    sys.stdout.write(
        f"{chosen.decoder}: {run.inputs} inputs, 0 crashes, 0 hangs over {HANG_NS // 1_000_000} ms "
        f"(slowest {run.slowest_ns / 1e6:.2f} ms), {seconds:.0f} s, {run.inputs / seconds:.0f} a second\n"
    )
    return 0


def _led_by_coverage(name: str, inputs: int, seed: int) -> Run:
    import atheris  # noqa: PLC0415  seldom installed

    # Kernels are watched as the Python that they are: a compiled one has no lines to tell of.
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    with atheris.instrument_imports(include=_WATCHED, enable_loader_override=False):
        fuzzed = new_fuzzed(name)
    run, generator = Run(), random.Random(seed)

    def take(data: bytes) -> None:
        check(fuzzed, data, run)
        if run.inputs % 100_000 == 0:
            sys.stdout.write(f"{name}: {run.inputs} inputs so far\n")
            sys.stdout.flush()

    def spoil(data: bytes, most: int, number: int) -> bytes:
        chosen = data if data and number % 16 else generator.choice(fuzzed.seeds)
        return fuzzed.spoil(chosen, generator)[:most]

    options = [f"-atheris_runs={inputs}", f"-seed={seed}", "-max_len=65536", "-timeout=10"]
    atheris.Setup([sys.argv[0], *options], take, custom_mutator=spoil)
    atheris.Fuzz()
    return run


if __name__ == "__main__":
    sys.exit(main())
