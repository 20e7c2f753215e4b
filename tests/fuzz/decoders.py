"""Owns the list of fuzzed decoders; each is loaded only when it runs."""

from importlib import import_module

from tests.fuzz.fuzzed import Fuzzed

DECODERS = {
    "venue": "venue_frames.VenueFrames",
    "zeromq": "zeromq_frames.ZeromqFrames",
    "ring": "ring_records.RingRecords",
    "journal": "journal_files.JournalFiles",
    "configuration": "configuration.Configuration",
    "keys": "key_files.KeyFiles",
    "face": "venue_face.VenueFace",
}


def new_fuzzed(name: str) -> Fuzzed:
    """The decoder of that name."""
    module, _, kind = DECODERS[name].partition(".")
    made: Fuzzed = getattr(import_module(f"tests.fuzz.{module}"), kind)()
    return made
