"""Starts a guardian: `python -m engine.guardian CONFIG.toml`."""

import os
import sys

# numpy's linear algebra would start a thread on every other core as soon as it is loaded, and nothing here does any.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from engine.guardian.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
