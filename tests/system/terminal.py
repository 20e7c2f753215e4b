"""Owns a terminal: `oms` commands as a program runs them, with their answers."""

import json
import subprocess
import sys
from typing import Any

ANSWER_TIMEOUT_S = 60


class Terminal:
    """Where somebody types commands; the folders of the installation are those of this process."""

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """How a command ended, and what it said."""
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "tools", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_TIMEOUT_S,
        )

    def oms(self, *words: str, status: int = 0) -> Any:
        """What a command answers to a program; it must end with the status."""
        done = self.run(*words, "--json")
        assert done.returncode == status, done.stderr + done.stdout
        return json.loads(done.stdout.splitlines()[-1])
