"""Starts an engine and whatever keeps it going: `python -m engine CONFIG.toml`."""

import sys

from engine.control.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
