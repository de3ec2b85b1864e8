"""Where an axis has its numbers: few, round, and around all that is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_SIXTIES = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
"""Steps for seconds beyond a minute: what a clock would have."""


INSET = 3.0
"""Percent kept free left and right of a plot, so that its first and last dots are whole."""
INNER = 100 - 2 * INSET


@dataclass(frozen=True, slots=True)
class Mark:
    """A label at a place: percent from the left, or pixels from the top."""

    at: float
    label: str
    anchor: str = "middle"


def ticks(
    values: Sequence[float], unit: str, *, most: int = 5, from_zero: bool = True
) -> list[float]:
    """Two to ``most`` round numbers in equal steps, from below the least to above the greatest.

    ``from_zero``: the axis begins at zero, as lengths and areas need it; ratings are 1 to 5.
    """
    if unit == "rating" and from_zero:
        return [1.0, 2.0, 3.0, 4.0, 5.0]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if from_zero:
        low = 0.0
    if high <= low:
        high = low + _default_span(unit, high)
    step = _step((high - low) / (most - 1), unit)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    while last - first > most - 1:  # rounding outward may have added one
        step = _step(step * 1.01, unit)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def _step(least: float, unit: str) -> float:
    """The smallest round step of at least ``least``."""
    if unit in ("count", "per_100"):
        least = max(least, 1.0) if unit == "count" else least
    if unit == "s" and least > 10:
        fitting = [step for step in _SIXTIES if step >= least]
        if fitting:
            return fitting[0]
    size = 10.0 ** math.floor(math.log10(least))
    step = next(size * one for one in _ROUND if size * one >= least * (1 - 1e-9))
    return max(1.0, math.ceil(step)) if unit == "count" else step


def _default_span(unit: str, value: float) -> float:
    """How far an axis reaches where all values are the same."""
    if value:
        return abs(value)
    return 0.1 if unit == "ratio" else 1.0
