"""The engine process: configuration, the loop, and around the deterministic core its lifetime."""
