"""Every scenario of FIX appendix D and every race has its test, under its own number."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def _numbers(letter: str) -> set[int]:
    texts = [path.read_text() for path in HERE.glob("test_*.py")]
    return {int(number) for text in texts for number in re.findall(rf"^def test_{letter}(\d\d)_", text, re.MULTILINE)}


def test_every_scenario_of_appendix_d_has_its_test() -> None:
    assert _numbers("d") == set(range(1, 37))


def test_every_race_has_its_test() -> None:
    assert _numbers("r") == set(range(1, 35))
