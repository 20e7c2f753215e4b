"""Owns the command line: `python -m perf` lists the benchmarks, `python -m perf NAME` runs one."""

import argparse
import contextlib
import importlib
import os
import sys

# Forked peers want a process of one thread, and nothing here multiplies matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BENCHMARKS = {
    "ring": "the shared-memory ring between two processes, beside a C ring and ZeroMQ (P1)",
    "core": "the order core: a new order, a life cycle, and how costs grow (P2, P7)",
    "execution": "one decision of each algorithm and of the router, market data, 1,000 algorithms at once (P2, P3, P7)",
    "risk": "every control and rate limit for one new order (P2)",
    "journal": "what keeping an input costs, and how fast a journal is lived again (P8, P9)",
    "restart": "a killed engine with many open orders, until its successor is ready (P9)",
    "lifecycle": "whole lives of orders, fills after thousands, the races, beside NautilusTrader (P2, P7, R1)",
    "start": "from the command until orders are taken, cached and cold, and the memory then (P10, P11)",
    "kill": "the kill switch: until new orders are blocked and a thousand cancels are at the socket (R6)",
    "fairness": "one client's orders while another floods its own ring, beside the same without",
    "signal_to_wire": "a signal's way to the wire and back, beside bare echoes and sends (P3-P6)",
}


def run_benchmark(name: str, *, smoke: bool, with_json: bool) -> None:
    """Measures the machine, then the benchmark, and prints both; raises when a result does not verify."""
    from perf.floor import measure_floor, measure_overhead  # noqa: PLC0415  a list should not load the compiler
    from perf.harness import Run  # noqa: PLC0415
    from perf.machine import describe, only_benchmark, pinned, two_cores  # noqa: PLC0415
    from perf.report import as_json, heading, table  # noqa: PLC0415

    measure = importlib.import_module(f"perf.{name}").measure
    core, peer_core = two_cores()
    # A smoke run measures nothing that counts, so it need not wait for its turn.
    with contextlib.nullcontext() if smoke else only_benchmark():
        machine = describe((core, peer_core))
        overhead = measure_overhead(core, smoke=smoke)
        floors = tuple(measure_floor(each, smoke=smoke) for each in (core, peer_core))
        run = Run(smoke=smoke, core=core, peer_core=peer_core, floors=floors)
        print(heading(machine, floors, overhead), end="\n\n", flush=True)
        with pinned(core):
            rows = measure(run)
    if run.disturbed:
        run.say(f"other processes ran on our cores meanwhile: {run.disturbed} repetitions count although disturbed")
    if smoke:
        run.say("smoke run: the figures mean nothing, only the verification counts")
    print(table(rows))
    for note in run.notes:
        print(f"- {note}")
    if with_json:
        print(as_json(name, machine, floors, rows, run.notes))


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m perf", description="Benchmarks; each verifies its own result.")
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="the benchmark to run; without it they are listed")
    parser.add_argument("--smoke", action="store_true", help="tiny parameters: a test of the benchmark, not a figure")
    parser.add_argument("--json", action="store_true", help="print the result as JSON in the last line")
    options = parser.parse_args(arguments)
    if options.name is None:
        for name, what in BENCHMARKS.items():
            print(f"{name:16} {what}")
    else:
        run_benchmark(options.name, smoke=options.smoke, with_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
