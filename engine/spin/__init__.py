"""The compiled loop: rings, timers and descriptors in, the core's step, wire bytes out."""
