"""The shared language: records, clock, rings, shared memory, channels and the client library."""
