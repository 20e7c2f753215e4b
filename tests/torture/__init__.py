"""Kill -9 and broken disks for real processes; the truth is the venue's log and the clients' logs."""
