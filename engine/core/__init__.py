"""The deterministic order core: compiled state transitions over one block of memory."""
