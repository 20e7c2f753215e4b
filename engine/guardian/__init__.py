"""Owns the guardian: it fences an engine that hangs or dies, and cancels over its own connection what that left."""
