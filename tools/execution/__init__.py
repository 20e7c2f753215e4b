"""Owns algorithms against a simulated market: two venues, the real core, virtual time."""
