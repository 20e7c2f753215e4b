"""The order core: its life cycles, its refusals, and models to compare it with."""
