"""Owns how parents are worked: one file for each way, a table that leads to them, and what they share."""
