"""Owns compiling before the start: a child compiles, we tell how far it is."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tools.child_process import ChildProcess
from tools.interruption import Interruption

# A cold compilation on a slow, busy machine; it is a bound, not an expectation.
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class CompiledKernel:
    """One kernel that is ready now."""

    name: str
    seconds: float
    number: int
    count: int

    def __str__(self) -> str:
        return f"kernel {self.number}/{self.count} {self.name} {self.seconds:.2f} s"


def compile_kernels(
    interruption: Interruption, tell: Callable[[CompiledKernel], None], *, all_of_them: bool = False
) -> list[CompiledKernel]:
    """Every kernel that had to be made ready, each told as it comes; none when all were compiled before."""
    arguments = ["-m", "tools.compile_kernels", *(["--all"] if all_of_them else [])]
    compiled: list[CompiledKernel] = []
    count = 0
    with ChildProcess("compiler", arguments) as child:

        def take_lines() -> bool:
            nonlocal count
            is_over = child.status is not None
            for text in child.new_lines():
                if not text.startswith("{"):
                    continue
                line = json.loads(text)
                if "count" in line:
                    count = line["count"]
                else:
                    compiled.append(CompiledKernel(line["kernel"], line["seconds"], len(compiled) + 1, count))
                    tell(compiled[-1])
            return is_over

        interruption.wait_until(take_lines, timeout_s=TIMEOUT_S, what="compiling the kernels")
        if child.status != 0 or len(compiled) != count:
            raise child.failure("did not compile every kernel")
    return compiled
