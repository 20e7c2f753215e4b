"""Owns pruning a journal by hand: what goes to keep to a budget, and its going."""

from dataclasses import asdict

from engine.journal.budget import plan_removals
from tools.answer import print_json
from tools.command_error import CommandError
from tools.journal_folder import open_disk


def prune_journal(place: str, budget_mb: int, *, dry_run: bool, as_json: bool) -> None:
    """Removes what has to go, or tells what would; CommandError while another process writes the journal."""
    disk = open_disk(place)
    if not dry_run and not disk.try_lock():
        raise CommandError(f"{disk.folder} is being written; the journal process prunes it by itself")
    try:
        removals = plan_removals(disk, budget_mb << 20)
        if not dry_run:
            for removal in removals:
                disk.unlink(removal.name)
    finally:
        disk.unlock()
    freed = sum(removal.bytes for removal in removals)
    left = sum(disk.size_of(name) for name in disk.names()) - (freed if dry_run else 0)
    if as_json:
        print_json({"removed": [asdict(removal) for removal in removals], "left_bytes": left, "dry_run": dry_run})
        return
    for removal in removals:
        print(f"{'would remove' if dry_run else 'removed'} {removal.name} ({removal.bytes} bytes): {removal.why}")
    print(f"{disk.folder}: {left >> 20} MiB {'would be left' if dry_run else 'left'}, the budget is {budget_mb} MiB")
