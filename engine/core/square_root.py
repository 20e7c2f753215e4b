"""Owns the square root of an integer, exact and alike on every machine."""

from ipc.compiler import kernel

_HIGHEST_BIT = 1 << 62


@kernel
def square_root(number: int) -> int:
    """The largest integer whose square is at most the number; 0 for one below 0."""
    root, bit = 0, _HIGHEST_BIT
    rest = max(number, 0)
    while bit > rest:
        bit >>= 2
    while bit != 0:
        if rest >= root + bit:
            rest -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root
