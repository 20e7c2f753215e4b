"""Owns a producer that is there to be killed: `python -m tests.ipc.ring_producer RING commit-last|commit-first`.

Each line on its standard input starts a new producer, whose process id it answers; a line comes back
when that one is dead.
"""

import os
import sys
from pathlib import Path

from ipc.compiler import kernel
from ipc.memory import load, pause, store
from ipc.ring import publish, resume_producing, try_claim
from ipc.segment import Segment, SegmentKind, SegmentWord

WORDS = 32
_NEXT = SegmentWord.NEXT * 8


@kernel
def produce(ring: int, count: int, commits_first: bool) -> int:
    """Publishes records whose words all say their sequence; returns how many."""
    done = 0
    while done < count:
        slot = try_claim(ring)
        if slot == 0:
            pause()
            continue
        value = load(ring + _NEXT) + 1
        if commits_first:
            store(slot, value)
        for word in range(1, WORDS):
            store(slot + word * 8, value)
        publish(ring, slot)
        done += 1
    return done


@kernel
def consume(ring: int, slot: int) -> int:
    """How many words of a record do not say its sequence."""
    wanted = load(slot)
    wrong = 0
    for word in range(1, WORDS):
        if load(slot + word * 8) != wanted:
            wrong += 1
    return wrong


def main(path: str, mode: str) -> None:
    """Starts producers one after the other."""
    segment = Segment.attach(Path(path), SegmentKind.TEST_RING, writable=True)
    commits_first = mode == "commit-first"
    produce(segment.address, 0, commits_first)
    resume_producing(segment.address)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            resume_producing(segment.address)
            produce(segment.address, 1 << 62, commits_first)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("dead\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
