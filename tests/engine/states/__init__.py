"""Evidence for the trading states, breakers, halts and alarms of the core."""
