"""Owns replaying recorded inputs: `python -m tests.engine.core.replay FILE` prints the digest that they give."""

import sys
from pathlib import Path

import numpy as np

from ipc.records import SLOT_WORDS
from tests.engine.core.random_trading import trading_world
from tests.engine.core.world import World

_COLUMNS = 2 + SLOT_WORDS


def write_inputs(world: World, path: Path) -> None:
    """Writes what a world was fed with: time, source and record, one row for each input."""
    rows = [[now_ns, source, *np.frombuffer(record, np.int64)] for now_ns, source, record in world.inputs]
    np.save(path, np.array(rows, np.int64))


def digest_of(path: Path, world: World) -> str:
    """The digest of a new world after the same inputs."""
    for row in np.load(path):
        world.now_ns = int(row[0])
        world.feed_words(row[2:], source=int(row[1]))
    return world.state.digest()


if __name__ == "__main__":
    sys.stdout.write(digest_of(Path(sys.argv[1]), trading_world()))
