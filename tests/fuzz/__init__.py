"""Fuzzers: one for each decoder of what others write. `python -m tests.fuzz DECODER --inputs N` runs one for longer."""
