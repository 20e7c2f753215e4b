"""What our figures stand beside: the same work done by others, or in C."""
