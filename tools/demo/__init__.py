"""The demonstration: a simulated venue, an engine and a strategy, each in a process, and the proof that all agree."""
