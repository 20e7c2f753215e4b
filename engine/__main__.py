"""Starts an engine: `python -m engine CONFIG.toml`."""

import sys

from engine.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
