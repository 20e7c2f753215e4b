"""Owns the tests of the control process, whose children here are small scripts."""
