"""Live calibration: how often answers of each level helped, against what the level promises."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.insights.metrics import Metrics

LEVELS = ("high", "medium", "low")
_Z = 1.959963984540054
"""The normal distribution's 97.5th percentile: intervals hold 95 times in 100."""


@dataclass(frozen=True, slots=True)
class LevelRow:
    """``answers``: shown at this level; ``marked``: of those, marked helpful or not; ``helpful``.

    ``low`` to ``high``: 95 % Wilson interval of ``share``. ``promised``: what the level says about
    itself (None: nothing), ``words``: in its words. ``kept``: whether the promise lies in the
    interval or below it; None where nothing can be said.
    """

    level: str
    answers: int
    marked: int
    helpful: int
    share: float | None
    low: float | None
    high: float | None
    promised: float | None
    words: str

    @property
    def kept(self) -> bool | None:
        """False: helpful less often than promised, beyond what chance explains."""
        return None if self.high is None or self.promised is None else self.high >= self.promised


def calibration(metrics: Metrics, promises: Mapping[str, str]) -> list[LevelRow]:
    """A row for each level. ``promises``: level → words, from the confidence file."""
    rows = []
    for level in LEVELS:
        value = metrics.value(f"trust_{level}")
        helpful, marked = int(value.numerator), int(value.denominator)
        low, high = wilson(helpful, marked)
        shown = metrics.view.shown & metrics.view.columns.has("level", level)
        words = promises.get(level, "")
        rows.append(
            LevelRow(
                level,
                int(shown.sum()),
                marked,
                helpful,
                value.value,
                low,
                high,
                promised(words),
                words,
            )
        )
    return rows


def wilson(successes: int, trials: int) -> tuple[float | None, float | None]:
    """The 95 % score interval of a share (Wilson 1927); None without trials."""
    if trials == 0:
        return None, None
    share, z2 = successes / trials, _Z**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    half = _Z * spread / (1 + z2 / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def promised(words: str) -> float | None:
    """The share in words like ``right 4 times in 5``; None where there is none."""
    found = re.search(r"(\d+) times? in (\d+)", words)
    return int(found[1]) / int(found[2]) if found and int(found[2]) else None
