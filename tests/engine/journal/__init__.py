"""The journal: what is durable is never lost, what is damaged is never believed."""
