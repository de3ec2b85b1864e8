"""A run's reliability diagram and its risk–coverage curve, drawn like the other charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.web.charts import Mark
from app.web.units import said

SIZE = 240
"""Height of a plot in pixels; its width is that of the page."""
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """A point: percent from the left, pixels from the top; ``low``, ``high`` of its whisker."""

    x: float
    y: float
    words: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A square of shares. ``path`` in a box 1000 wide and `SIZE` high; ``ideal``: the diagonal."""

    title: str
    about: str
    across_title: str
    path: str
    dots: tuple[Dot, ...]
    up: tuple[Mark, ...]
    across: tuple[Mark, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ideal: bool = False
    height: int = SIZE


def reliability_chart(diagram: Mapping[str, Any]) -> Curve | None:
    """How often a question was answerable, by the probability that was said.

    None where the report has it in another form.
    """
    try:
        bins = [
            (
                *(float(one[name]) for name in ("predicted", "observed", "low", "high")),
                int(one["count"]),
            )
            for one in diagram["bins"]
        ]
        ece = float(diagram["ece"])
        interval = f"{float(diagram['ece_low']):.3f} to {float(diagram['ece_high']):.3f}"
    except (KeyError, TypeError, ValueError):
        return None
    if not bins:
        return None
    dots = tuple(
        Dot(
            _x(said_),
            _y(so, 1.0),
            f"said {said(said_, 'ratio')}, so {said(so, 'ratio')} of {count}",
            _y(low, 1.0),
            _y(high, 1.0),
        )
        for said_, so, low, high, count in bins
    )
    title = "Reliability: what was said against what was so"
    return Curve(
        title=title,
        about=f"{title}. Calibration error {ece:.3f}, 95 % interval {interval}. "
        "On the diagonal, probabilities keep their word.",
        across_title="Probability said",
        path="",
        dots=dots,
        up=_marks_up(1.0),
        across=_marks_across(),
        columns=("Said", "So", "95 % interval", "Cases"),
        rows=tuple(
            (
                said(said_, "ratio"),
                said(so, "ratio"),
                f"{said(low, 'ratio')} to {said(high, 'ratio')}",
                str(count),
            )
            for said_, so, low, high, count in bins
        ),
        ideal=True,
    )


def risk_chart(curve: Mapping[str, Any]) -> Curve | None:
    """Share wrong among the answers given, by the share of questions answered, surest first.

    None where the report has it in another form.
    """
    try:
        points = [(float(x), float(y)) for x, y in curve["points"]]
        shipped = curve.get("shipped")
        stop = (float(shipped[0]), float(shipped[1])) if shipped else None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    if not points:
        return None
    top = _top(max(y for _, y in points))
    path = "".join(
        f"{'L' if number else 'M'}{10 * _x(x):.1f} {_y(y, top):g}"
        for number, (x, y) in enumerate(points)
    )
    title = "Risk under coverage: wrong among the answers given"
    here = (
        f"As set, {said(stop[0], 'ratio')} of questions are answered and {said(stop[1], 'ratio')} "
        "of those answers are wrong."
        if stop
        else ""
    )
    dots = (Dot(_x(stop[0]), _y(stop[1], top), here),) if stop else ()
    return Curve(
        title=title,
        about=f"{title}. {here}".strip(),
        across_title="Share of questions answered, the surest first",
        path=path,
        dots=dots,
        up=_marks_up(top),
        across=_marks_across(),
        columns=("Answered", "Wrong"),
        rows=tuple((said(x, "ratio"), said(y, "ratio")) for x, y in _tenths(points, stop)),
    )


def _tenths(
    points: Sequence[tuple[float, float]], stop: tuple[float, float] | None
) -> list[tuple[float, float]]:
    """Each tenth of coverage that the curve reaches, and where it ends."""
    found = []
    for tenth in range(1, 11):
        near = min(points, key=lambda point: abs(point[0] - tenth / 10))
        if abs(near[0] - tenth / 10) <= 0.02:
            found.append(near)
    return [*found, *([stop] if stop and stop not in found else [])]


def _top(greatest: float) -> float:
    """A round number above it, so that a small risk is not a line along the bottom."""
    return next((one for one in (0.1, 0.2, 0.4, 0.6, 0.8) if one >= greatest), 1.0)


def _x(share: float) -> float:
    return round(100 * min(max(share, 0.0), 1.0), 2)


def _y(share: float, top: float) -> float:
    return round(SIZE * (1 - min(max(share / top, 0.0), 1.0)), 1)


def _marks_up(top: float) -> tuple[Mark, ...]:
    return tuple(Mark(_y(part * top, top), said(part * top, "ratio")) for part in _TICKS)


def _marks_across() -> tuple[Mark, ...]:
    return tuple(
        Mark(
            _x(part),
            said(part, "ratio"),
            "start" if part == 0 else "end" if part == 1 else "middle",
        )
        for part in _TICKS
    )
