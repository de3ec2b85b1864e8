"""Numbers as people read them: a ratio as 62 %, milliseconds as 840 ms, money as $0.0031."""

from __future__ import annotations

import math
from collections.abc import Callable

NOTHING = "–"
"""What is shown where there is no number: nothing was counted, which is not zero."""


def said(value: float | None, unit: str) -> str:
    """``value`` in ``unit`` (ratio, count, per_100, ms, s, usd, rating), rounded for reading."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return _SAID.get(unit, _plain)(value).replace("-", "−")


def change(now: float | None, before: float | None, unit: str) -> str:
    """How ``now`` differs from ``before`` in words: ``up 3 points``, ``down 12 %``, ``unchanged``.

    Ratios differ by percentage points, ratings by points of the scale, everything else relatively;
    less than a tenth of a point, or 1 %, is no change.
    """
    if now is None or before is None:
        return ""
    if said(now, unit) == said(before, unit):
        return "unchanged"
    direction = "up" if now > before else "down"
    if unit == "ratio":
        points = _short(round(100 * abs(now - before), 1))
        if points == "0":
            return "unchanged"
        return f"{direction} {points} {'point' if points == '1' else 'points'}"
    if unit == "rating":
        return f"{direction} {abs(now - before):.1f}"
    if before <= 0 or now < 0:
        return f"{direction} from {said(before, unit)}"
    factor = abs(now) / abs(before)
    if abs(factor - 1) < 0.01:
        return "unchanged"
    if factor >= 3:
        return f"{direction} to {_short(factor)} times as much"
    return f"{direction} {_short(round(100 * abs(factor - 1), 1))} %"


def axis(value: float, unit: str) -> str:
    """As `said`, without what the title of a chart says already."""
    if unit in ("rating", "per_100"):
        return _short(value)
    return "0" if value == 0 and unit in ("ms", "s") else said(value, unit)


def _ratio(value: float) -> str:
    percent = 100 * value
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    if percent < 10 and percent != round(percent):
        return f"{percent:.1f} %"
    if 99 < percent < 100:
        return f"{percent:.1f} %"
    return f"{percent:.0f} %"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _ms(value: float) -> str:
    if value < 10:
        return f"{value:.1f} ms" if value != round(value) else f"{value:.0f} ms"
    return f"{value:.0f} ms" if value < 1000 else _seconds(value / 1000)


def _seconds(value: float) -> str:
    size = abs(value)
    if size < 10:
        return f"{_short(value)} s"
    if size < 120:
        return f"{value:.0f} s"
    return f"{_short(value / 60)} min" if size < 7200 else f"{_short(value / 3600)} h"


def _usd(value: float) -> str:
    if value == 0:
        return "$0"
    if value < 0.0001:
        return "under $0.0001"
    if value < 0.01:
        return f"${value:.4f}"
    return f"${value:.2f}" if value < 1000 else f"${value:,.0f}"


def _plain(value: float) -> str:
    return _short(value)


def _short(value: float) -> str:
    """Two digits that matter: 0.42, 4.2, 42, 420."""
    if value == round(value):
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 10:
        return f"{value:,.0f}"
    text = f"{value:.1f}" if size >= 1 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") or "0"


_SAID: dict[str, Callable[[float], str]] = {
    "ratio": _ratio,
    "count": _count,
    "per_100": lambda value: f"{_short(value)} per 100",
    "ms": _ms,
    "s": _seconds,
    "usd": _usd,
    "rating": lambda value: f"{value:.1f} of 5",
}
