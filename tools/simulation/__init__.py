"""Owns deterministic simulation: the real core and gateway in a world of seeded faults and virtual time."""
