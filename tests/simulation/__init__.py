"""Owns the tests of the deterministic simulation."""
