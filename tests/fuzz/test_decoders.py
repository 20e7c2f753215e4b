"""Every decoder takes what makes no sense: a short run of each fuzzer, the same inputs each time."""

import random
from contextlib import closing

import pytest

from tests.fuzz.decoders import DECODERS, new_fuzzed
from tests.fuzz.run import FuzzError, fuzz

INPUTS = {"ring": 150, "configuration": 600}
SEED = 7


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_survives(name: str) -> None:
    inputs = INPUTS.get(name, 3_000)
    with closing(new_fuzzed(name)) as fuzzed:
        assert fuzz(fuzzed, inputs, SEED).inputs >= inputs


@pytest.mark.parametrize("name", DECODERS)
def test_its_seeds_make_sense_and_are_spoilt(name: str) -> None:
    generator = random.Random(SEED)
    with closing(new_fuzzed(name)) as fuzzed:
        spoilt = {fuzzed.spoil(seed, generator) for seed in fuzzed.seeds for _ in range(20)}
        assert len(spoilt) > len(fuzzed.seeds)


class Careless:
    """A decoder that forgot something."""

    seeds = (b"12",)

    def __init__(self, fault: str) -> None:
        self._fault = fault

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Now and then what it does not expect."""
        return b"x" if generator.random() < 0.1 else data

    def close(self) -> None:
        """It holds nothing."""

    def take(self, data: bytes) -> None:
        """Knows numbers only."""
        if self._fault == "crash":
            int(data)
        elif data == b"x":
            sum(range(3_000_000))


@pytest.mark.parametrize(("fault", "words"), [("crash", "crashes on b'x'"), ("hang", "hangs for")])
def test_a_careless_decoder_is_found(fault: str, words: str) -> None:
    with pytest.raises(FuzzError, match=words):
        fuzz(Careless(fault), 1_000, SEED)
