"""Owns a venue and an engine that is connected to it, both on this machine and both ours."""

import contextlib
from pathlib import Path

from tools.child_process import ChildProcess
from tools.demo.folder import DemoFolder
from tools.demo.processes import await_ready, start_engine, start_venue
from tools.demo.progress import Progress
from tools.demo.setting import Setting
from tools.interruption import Interruption
from tools.warmup import compile_kernels

VENUE_TIMEOUT_S = 30.0
ENGINE_TIMEOUT_S = 300.0


class LocalMarket:
    """Started as a whole; `cleanup` takes it down again."""

    def __init__(self, setting: Setting, folder: DemoFolder, *, runtime: Path) -> None:
        self._setting = setting
        self._folder = folder
        self._runtime = runtime
        self._children: list[ChildProcess] = []
        self.port = 0

    def start(self, cleanup: contextlib.ExitStack, interruption: Interruption, progress: Progress) -> None:
        """Returns when the engine may trade; compiles what is not compiled yet while the venue starts."""
        setting, folder = self._setting, self._folder
        setting.write_venue_files(folder)
        venue = cleanup.enter_context(start_venue(folder))
        self._children.append(venue)
        compiled = compile_kernels(interruption, lambda kernel: progress.show(f"compiling: {kernel}"))
        if compiled:
            progress.tell(f"compiled {len(compiled)} kernels, kept for the next time")
        ready_file = folder.path / "venue.ready"
        self.port = int(await_ready(venue, ready_file, interruption, progress, timeout_s=VENUE_TIMEOUT_S)["port"])
        progress.tell(f"venue    pid {venue.pid}, listening on 127.0.0.1:{self.port}")

        setting.write_engine_files(folder, self.port)
        engine = cleanup.enter_context(start_engine(folder, runtime=self._runtime))
        self._children.append(engine)
        ready_file = folder.path / "engine.ready"
        ready = await_ready(engine, ready_file, interruption, progress, timeout_s=ENGINE_TIMEOUT_S)
        progress.tell(f"engine   pid {ready['pid']}, connected and ready")

    def check_alive(self) -> None:
        """CommandError when one of the two has ended."""
        for child in self._children:
            child.new_lines()
            child.check_alive()
