"""Owns what a broken invariant is called."""

INVARIANTS = {
    "I1": "the fills of an order never exceed what was ordered",
    "I2": "each order of ours at the venue has one journaled intent",
    "I3": "at most one attempt of an intent lives at a time",
    "I4": "positions equal the fills, and the venue's",
    "I5": "filled quantities only grow and an end is final",
    "I6": "what is reserved covers what may still trade",
    "I7": "nothing is sent that was refused",
    "I8": "what is sent was journaled before",
    "I9": "no id is put on a wire twice, over all runs",
    "I10": "no order ends without the venue's word",
    "I11": "when the faults stop, everything is resolved in time",
    "I12": "replaying the journal gives the same state",
    "I13": "the venue's rate limits are never exceeded by us",
    "I14": "a balance that differs for good is told of, and no other",
    "I15": "what a parent's children traded and may trade never exceeds it",
    "I16": "no child's price is beyond its parent's limit",
    "I17": "no child is sent while its parent is paused, or when that is over",
    "I18": "a parent's part of what the market trades is never exceeded",
    "I19": "every parent ends",
    "checker": "the independent checker's verdict",
}


class ViolationError(Exception):
    """An invariant is broken."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant} ({INVARIANTS[invariant]}): {what}")
        self.invariant = invariant
        self.what = what
