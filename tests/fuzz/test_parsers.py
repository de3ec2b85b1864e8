"""Damaged files: each is read or refused with a sentence, quickly, in little memory."""

from __future__ import annotations

import pytest

from tests.fuzz.inputs import kinds
from tests.fuzz.parsers import Reader, fuzz

EACH = 30
SEED = 6
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", kinds([]))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(kind: str) -> None:
    tally = fuzz(kind, EACH, SEED)
    assert not tally.findings, "\n".join(
        f"{one.words}\n  {one.story}" for one in tally.findings.values()
    )
    # Hypothesis may run out of new ideas, but these must not all end at the door.
    assert tally.inputs >= EACH * 0.9
    assert tally.outcomes["parsed"] >= 3


@pytest.mark.parametrize(
    ("memory_mb", "outcome"), [(1024, "parsed"), (40, "finding")], ids=["enough", "too little"]
)
def test_a_reader_tells_a_file_from_the_lack_of_memory(memory_mb: int, outcome: str) -> None:
    reader = Reader(memory_mb)
    try:
        result = reader.read(b"word " * 300_000, "a.txt")
        assert result.outcome == outcome, result
        # A file that took all there was costs the next one nothing.
        assert Reader().read(b"# Leave\n\nTwenty-five days.\n", "a.md").outcome == "parsed"
    finally:
        reader.close()
