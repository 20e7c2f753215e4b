"""Recovery: what one run hands on to the next."""
