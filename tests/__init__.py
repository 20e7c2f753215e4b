"""Correctness: the specification of every package, folder by folder."""
