"""Charts as view models: places and words in Python, SVG in ``templates/_charts.html``.

Heights are pixels, widths are percent, so that words keep their size on a phone and only lines
stretch. There is no inline style (the content policy forbids it): colors are classes of
``static/insights.css``. Bars, funnels and intervals are tables with a graphic in each row, a line
has its table in a ``<details>``: whoever can't see the picture has the same numbers.

    {% import "_charts.html" as charts %}
    {{ charts.line(chart) }} {{ charts.bars(chart) }} {{ charts.intervals(chart) }}
    {{ charts.funnel(chart) }} {{ charts.spark(spark) }}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from app.web.row_charts import (
    Bar,
    Interval,
    Row,
    RowChart,
    Step,
    bar_chart,
    funnel_chart,
    interval_chart,
)
from app.web.scales import INNER, INSET, Mark, ticks
from app.web.units import axis, said

__all__ = [
    "Bar",
    "Interval",
    "LineChart",
    "Mark",
    "Row",
    "RowChart",
    "Series",
    "Spark",
    "Step",
    "bar_chart",
    "funnel_chart",
    "interval_chart",
    "line_chart",
    "short_label",
    "sparkline",
]

HEIGHT = 168
"""Pixels of a line chart's plot, without its labels."""
_LABEL_PX = 6.6
"""Width of a character of a label at 12 px, generously."""
_DOTS = 14
"""Up to so many points, each is a dot; beyond, only those that no line reaches."""
_LABEL_GAP = 15.0
"""Pixels between the baselines of two labels at a line's end."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line. ``points``: (label, value) from left to right; None is a gap.

    A label that is an ISO date or time (``2026-03-01``, ``2026-03-01T13:00``) is said shorter on
    the axis. ``previous``: the same numbers of the period before, dashed, matched by place.
    """

    name: str
    points: Sequence[tuple[str, float | None]]
    previous: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn series: ``path`` in a box 1000 wide and `HEIGHT` high; ``dots``: (percent, px)."""

    name: str
    style: str
    path: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """See `line_chart`."""

    title: str
    about: str
    lines: tuple[Line, ...]
    up: tuple[Mark, ...]
    across: tuple[Mark, ...]
    ends: tuple[tuple[Mark, str], ...]
    target: float | None
    hits: tuple[tuple[float, float, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: float
    right: float
    csv: str = ""
    height: int = HEIGHT

    @property
    def empty(self) -> bool:
        """True when no point has a value."""
        return not self.lines


@dataclass(frozen=True, slots=True)
class Spark:
    """A line without axes, 100 wide and 28 high; ``last``: (percent, px)."""

    path: str
    last: tuple[float, float] | None


def line_chart(
    series: Sequence[Series],
    *,
    unit: str,
    title: str,
    target: float | None = None,
    csv: str = "",
) -> LineChart:
    """Lines over time from zero up (ratings: 1 to 5), with a target line and a table.

    The first series has the accent color; others are muted and told apart by their dashes and by
    the label at their end. ``unit`` as in `app.web.units.said`.
    """
    shown = [one for one in series if any(value is not None for _, value in one.points)]
    values = [value for one in shown for _, value in one.points if value is not None]
    scale = ticks([*values, *([] if target is None else [target])], unit)
    span = scale[-1] - scale[0]

    def up(value: float) -> float:
        return round(HEIGHT * (1 - (value - scale[0]) / span), 1)

    # A period before may be a day longer or shorter: all share the places of the longest.
    count = max((len(one.points) for one in shown), default=0)
    places = [_place(number, count) for number in range(count)]
    main = next((one for one in shown if not one.previous), shown[0] if shown else None)
    labels = [label for label, _ in main.points] if main else []
    lines = tuple(
        Line(one.name, _style(one, number), *_drawn(one, places, up))
        for number, one in enumerate(shown)
    )
    ends = [
        (up(last), f"{one.name} {said(last, unit)}" if len(shown) > 1 else said(last, unit), style)
        for one, style in zip(shown, (line.style for line in lines), strict=True)
        for last in [[value for _, value in one.points if value is not None][-1]]
    ]
    if target is not None:
        ends.append((up(target), f"target {said(target, unit)}", "target-label"))
    placed = _apart(ends)
    words = [axis(value, unit) for value in scale]
    return LineChart(
        title=title,
        about=_about(title, main, unit, target),
        lines=lines,
        up=tuple(Mark(up(value), word) for value, word in zip(scale, words, strict=True)),
        across=_dates(labels, places),
        ends=placed,
        target=None if target is None else up(target),
        hits=_hits(shown, places, unit),
        columns=("When", *(one.name for one in shown)),
        rows=_rows(shown, labels, unit),
        left=_LABEL_PX * max(map(len, words)) + 8,
        right=_LABEL_PX * max((len(mark.label) for mark, _ in placed), default=0) + 6,
        csv=csv,
    )


def sparkline(values: Sequence[float | None]) -> Spark:
    """The course of a number in a word's size; it stands beside the number, so it says nothing."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    span = high - low

    def up(value: float) -> float:
        return round(14.0 if span == 0 else 3 + 22 * (1 - (value - low) / span), 1)

    places = [_place(number, len(values)) for number in range(len(values))]
    path, _ = _drawn(Series("", [("", value) for value in values]), places, up, wide=100)
    ends = [number for number, value in enumerate(values) if value is not None]
    last = (places[ends[-1]], up(values[ends[-1]] or 0.0)) if ends else None
    return Spark(path, last)


# --- places ---------------------------------------------------------------------------------------


def _place(number: int, count: int) -> float:
    """Percent from the left."""
    return 50.0 if count == 1 else round(INSET + INNER * number / (count - 1), 3)


def _style(series: Series, number: int) -> str:
    if series.previous:
        return "previous"
    return "main" if number == 0 else f"other other-{min(number, 3)}"


def _drawn(
    series: Series, places: Sequence[float], up: Callable[[float], float], wide: int = 1000
) -> tuple[str, tuple[tuple[float, float], ...]]:
    """The path, broken at gaps; and the dots."""
    parts: list[str] = []
    dots: list[tuple[float, float]] = []
    values = [value for _, value in series.points]
    known = sum(value is not None for value in values)
    for number, value in enumerate(values):
        if value is None:
            continue
        joined = number > 0 and values[number - 1] is not None
        goes_on = number + 1 < len(values) and values[number + 1] is not None
        x, y = places[number], up(value)
        parts.append(f"{'L' if joined else 'M'}{round(wide * x / 100, 1):g} {y:g}")
        if known <= _DOTS or not (joined or goes_on):
            dots.append((x, y))
    return "".join(parts), tuple(dots)


def _apart(ends: Sequence[tuple[float, str, str]]) -> tuple[tuple[Mark, str], ...]:
    """Labels at the ends of lines (pixels, words, style), moved so that none lies on another."""
    found = sorted(ends)
    tops = [y for y, _, _ in found]
    for number in range(1, len(tops)):
        tops[number] = max(tops[number], tops[number - 1] + _LABEL_GAP)
    limit = HEIGHT + 4.0
    for number in reversed(range(len(tops))):
        tops[number] = min(tops[number], limit)
        limit = tops[number] - _LABEL_GAP
    return tuple(
        (Mark(round(top, 1), words, "start"), style)
        for top, (_, words, style) in zip(tops, found, strict=True)
    )


# --- words ----------------------------------------------------------------------------------------


def _dates(labels: Sequence[str], places: Sequence[float]) -> tuple[Mark, ...]:
    """At most five labels below the plot: first, last, and some between."""
    count = len(labels)
    if count == 0:
        return ()
    steps = min(4, count - 1) or 1
    if count > 5:  # equal distances where the number of points allows them
        steps = next((step for step in (4, 3, 2) if (count - 1) % step == 0), 3)
    chosen = sorted({round(number * (count - 1) / steps) for number in range(steps + 1)})
    anchors = {0: "start", count - 1: "end"} if count > 1 else {}
    return tuple(
        Mark(places[number], short_label(labels[number]), anchors.get(number, "middle"))
        for number in chosen
    )


def short_label(label: str) -> str:
    """``2026-03-01`` as ``1 Mar``, ``2026-03-01T13:00`` as ``13:00``; others as they are."""
    try:
        moment = datetime.fromisoformat(label)
    except ValueError:
        return label
    return f"{moment:%H:%M}" if "T" in label else f"{moment.day} {moment:%b}"


def _about(title: str, main: Series | None, unit: str, target: float | None) -> str:
    """The sentence a screen reader says in place of the picture."""
    points = [(label, value) for label, value in main.points if value is not None] if main else []
    if not points or main is None:
        return f"{title}: no numbers yet."
    low, high = min(points, key=lambda one: one[1]), max(points, key=lambda one: one[1])
    words = f"{title}: {said(points[-1][1], unit)} on {_long(points[-1][0])}"
    if len(points) > 1:
        words += f", lowest {said(low[1], unit)} on {_long(low[0])}"
        words += f", highest {said(high[1], unit)} on {_long(high[0])}"
    return words + (f"; target {said(target, unit)}." if target is not None else ".")


def _long(label: str) -> str:
    return label.replace("T", " ") if "T" in label else short_label(label)


def _hits(
    series: Sequence[Series], places: Sequence[float], unit: str
) -> tuple[tuple[float, float, str], ...]:
    """Upright strips that say their numbers under the pointer: left, width (percent), words."""
    if not places:
        return ()
    edges = [0.0, *((one + other) / 2 for one, other in pairwise(places)), 100.0]
    found = []
    for number in range(len(places)):
        words = [
            f"{_long(one.points[number][0])}, {one.name}: {said(one.points[number][1], unit)}"
            for one in series
            if number < len(one.points)
        ]
        left = edges[number]
        found.append((round(left, 3), round(edges[number + 1] - left, 3), "\n".join(words)))
    return tuple(found)


def _rows(
    series: Sequence[Series], labels: Sequence[str], unit: str
) -> tuple[tuple[str, ...], ...]:
    count = max((len(one.points) for one in series), default=0)
    return tuple(
        (
            _long(labels[number]) if number < len(labels) else "",
            *(
                said(one.points[number][1], unit) if number < len(one.points) else ""
                for one in series
            ),
        )
        for number in range(count)
    )
