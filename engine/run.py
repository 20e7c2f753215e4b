"""Starts the engine process alone, which the control process otherwise does: `python -m engine.run CONFIG.toml`."""

import os
import sys

# numpy's linear algebra would start a thread on every other core as soon as it is loaded, and the engine does none.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from engine.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
