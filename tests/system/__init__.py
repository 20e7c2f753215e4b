"""Whole-system tests: venue, engine and clients as processes, and nothing of them replaced."""
