"""The compiled loop: its texts, its frames, and what it does with rings and timers."""
