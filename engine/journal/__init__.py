"""Owns the journal: what the engine was told, kept on disk so that it can be lived through again."""
