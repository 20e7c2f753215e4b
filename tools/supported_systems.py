"""Owns what the platform runs on; everything else is refused by name."""

import platform
import sys

PYTHON_MINIMUM = (3, 11)
MACHINES = ("x86_64", "aarch64")


def refusal() -> str:
    """Why this system cannot run the platform, with the way out; empty when it can."""
    if sys.platform != "linux":
        return f"this system is {platform.system() or sys.platform}, needed is Linux: use a Linux machine or container"
    if platform.machine() not in MACHINES:
        return f"this machine is {platform.machine()}, needed is {' or '.join(MACHINES)}"
    if sys.implementation.name != "cpython":
        return f"this Python is {sys.implementation.name}, needed is CPython, which the compiler needs"
    if sys.version_info < PYTHON_MINIMUM:
        needed = ".".join(map(str, PYTHON_MINIMUM))
        return f"this is Python {platform.python_version()}, needed is {needed} or newer: make PYTHON=python{needed}"
    return ""
