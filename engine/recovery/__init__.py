"""Taking up what an earlier run left: its state, and what lives of it in the next one."""
