"""Programs for people: the oms command and what it shows."""
