"""Owns the tests of algorithms against a simulated market."""
