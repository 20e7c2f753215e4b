"""Rate limits: the mirror against a limiter of the venues' own rules, written from their documentation alone."""
