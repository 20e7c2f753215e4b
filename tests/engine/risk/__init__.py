"""Owns the proof of the pre-trade controls: an oracle in plain decimals, and sums that are counted again."""
