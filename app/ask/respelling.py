"""A question with a word that no document holds: read again in likelier spellings.

Which of a misspelled word's neighbors was meant, the documents tell: the spelling whose passages
answer best is taken. It is shown beside what was typed, with a way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.ask.reading import Reading

SURER = 0.1
"""How much likelier an answer must be with another spelling; set by hand, so that chance
differences between two neighbors change nothing."""


def respelled(
    reading: Reading, guesses: Iterable[str], read: Callable[[str], Reading]
) -> Reading | None:
    """The reading of the best guess; None where none is clearly likelier to have an answer."""
    best = reading
    for guess in guesses:
        other = read(guess)
        if _probability(other) > max(_probability(best), _probability(reading) + SURER):
            best = other
    return None if best is reading else best


def _probability(reading: Reading) -> float:
    return reading.judgment.confidence.probability
