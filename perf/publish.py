"""Owns the measurement of a publish from plain Python: the client library's, into a ring that a peer drains.

There is no engine, only its shared memory: what a strategy pays until its call returns does not depend on
who reads.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.config import load_config
from engine.segments import EngineSegments
from engine.state_builder import Directory, StateBuilder
from ipc.client import connect
from ipc.clock import SystemClock
from ipc.enums import Side
from ipc.errors import RingFullError
from perf.latency import median
from perf.peer import Peer
from perf.ring_kernels import collect_tags
from perf.setting import ENGINE, STRATEGY, STRATEGY_ID, Setting

_NO_PORT = 1


def publish_ns(count: int, *, peer_core: int) -> dict[str, float]:
    """The median over single calls, the cost of timing nothing taken off."""
    clock = SystemClock.monotonic_ns
    times, empty = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    with TemporaryDirectory(prefix="oms-perf-", dir="/dev/shm") as folder:
        setting = Setting(Path(folder), engine_core=-1)
        setting.write_keys()
        config = load_config(setting.write_engine(_NO_PORT))
        with setting.entered():
            segments = EngineSegments(config, Directory(config), Path(folder) / ENGINE, epoch=1)
            StateBuilder(config, Directory(config), segments.state, epoch=1)
            segments.open_rings()
            ring = segments.commands[STRATEGY_ID].address

            def drain(shared: NDArray[np.int64]) -> None:
                shared[0] = collect_tags(ring, count)

            with connect(f"shm://{ENGINE}", strategy=STRATEGY) as client, Peer(drain, core=peer_core) as peer:
                submit = client.submit_ticks
                for tag in range(count):
                    while True:
                        try:
                            started = clock()
                            submit(
                                instrument_id=0,
                                account_id=0,
                                side=Side.BUY,
                                price_ticks=1,
                                order_lots=1,
                                client_tag=tag,
                            )
                            times[tag] = clock() - started
                            break
                        except RingFullError:
                            continue
                    started = clock()
                    empty[tag] = clock() - started
                tags = int(peer.join()[0])
            segments.retire()
    assert tags == count * (count - 1) // 2, f"the sum of all tags is {tags} after {count} publishes"
    return {"publish": median(times) - median(empty)}
