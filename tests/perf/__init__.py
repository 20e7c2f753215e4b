"""Tests of the benchmark laboratory."""
