"""How quick and how dear, as pictures: answer times, and quality against time and cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from app.insights.evals.figure_text import value_text
from app.insights.evals.run_file import RunFile
from evals.reporting.svg import color, document, text

_BARS = 28
_DOTS = ("dot", "d1", "d2", "d3", "d4", "d5")
_STEPS = (1.0, 2.0, 5.0)
_LABEL_HEIGHT = 15.0
"""Labels of points are moved apart to this distance."""


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration: how often it was right, how quick it was, and what a question cost.

    ``correct`` is a share with its 95 % interval; ``p50_ms`` the median time to an answer;
    ``cost_usd`` None where unknown.
    """

    label: str
    correct: float
    p50_ms: float
    cost_usd: float | None = None
    low: float | None = None
    high: float | None = None


def point_of(run: RunFile, label: str = "") -> Point | None:
    """A run as a point; None where it was not measured how right or how quick it was."""
    correct, speed = run.figures.get("correct"), run.figures.get("total_p50")
    if correct is None or correct.value is None or speed is None or speed.value is None:
        return None
    cost = run.figures.get("cost_per_question")
    return Point(
        label or run.name,
        correct.value,
        speed.value,
        cost.value if cost else None,
        correct.low,
        correct.high,
    )


def tradeoff_svg(points: Sequence[Point]) -> str:
    """Right answers against the median time; and against the cost, where anything costs anything.

    Up and left is better. Whiskers are 95 % intervals.
    """
    left, top, width, height = 64, 92, 340, 260
    panels = [("median time to an answer", [point.p50_ms for point in points], "ms")]
    if any(point.cost_usd for point in points):
        panels.append(("cost of a question", [point.cost_usd or 0.0 for point in points], "usd"))
    low, high = _shares(points)
    parts = [
        text(28, 34, "Right, quick and cheap", "ink", "start", 17),
        text(28, 56, "Share handled rightly (up) for what it takes (across)", anchor="start"),
    ]
    for place, (title, values, unit) in enumerate(panels):
        x = left + (width + 190) * place
        most = _round_up(max(values, default=1.0) or 1.0)
        parts += _panel_grid((x, top, width, height), (low, high), most, title, unit)
        at = [
            (x + width * value / most, top + height * (high - point.correct) / (high - low))
            for point, value in zip(points, values, strict=True)
        ]
        parts += _dots(points, at, lambda share: top + height * (high - share) / (high - low))
    said = "; ".join(_point_said(point) for point in points)
    return document(
        left + (width + 190) * len(panels),
        top + height + 62,
        "Trade-off of configurations: quality, time and cost",
        f"Up and left is better. {said}.",
        parts,
    )


def tradeoff_table(points: Sequence[Point]) -> list[list[str]]:
    """A heading, then a line for each configuration."""
    return [
        ["configuration", "right", "median time", "cost of a question"],
        *(
            [
                point.label,
                value_text(point.correct, "share"),
                value_text(point.p50_ms, "ms"),
                value_text(point.cost_usd, "usd"),
            ]
            for point in points
        ),
    ]


def latencies(run: RunFile) -> list[float]:
    """Milliseconds from each question to its answer."""
    return [row.scores["total_ms"] for row in run.rows if "total_ms" in row.scores]


def latency_svg(values: Sequence[float]) -> str:
    """How many answers took how long; a rule at the median and one at the 95th percentile.

    The slowest hundredth is in the last bar, so that one straggler does not flatten the rest.
    """
    left, top, width, height = 64, 84, 560, 180
    times = np.asarray(values, dtype=np.float64)
    most = _round_up(max(float(np.quantile(times, 0.99)), 1.0))
    counts, _ = np.histogram(np.minimum(times, most), bins=_BARS, range=(0.0, most))
    step, tallest = width / _BARS, max(int(counts.max()), 1)
    parts = [text(28, 34, "How long answers take", "ink", "start", 17)]
    for quarter in range(5):
        label = value_text(most * quarter / 4, "ms") + (" +" if quarter == 4 else "")
        parts.append(text(left + width * quarter / 4, top + height + 18, label, size=11))
    for place, count in enumerate(counts.tolist()):
        tall = height * count / tallest
        span = f"{most * place / _BARS:.0f}–{most * (place + 1) / _BARS:.0f} ms"
        parts.append(
            f'<rect x="{left + place * step + 0.5:.1f}" y="{top + height - tall:.1f}" '
            f'width="{step - 1:.1f}" height="{tall:.1f}" {color("bar")}>'
            f"<title>{span}: {count} answers</title></rect>"
        )
    parts.append(f'<path d="M{left} {top + height}h{width}" {color("axis")}/>')
    middle, slow = (float(np.quantile(times, q)) for q in (0.5, 0.95))
    for name, value, anchor in (("median", middle, "start"), ("95th percentile", slow, "start")):
        x = left + width * min(1.0, value / most)
        parts.append(f'<path d="M{x:.1f} {top - 8}V{top + height}" {color("l1")}/>')
        side = "end" if x > left + width - 150 else anchor
        words = f"{name} {value_text(value, 'ms')}"
        parts.append(text(x + (-6 if side == "end" else 6), top - 12, words, "ink", side, 11))
    return document(
        left + width + 40,
        top + height + 40,
        "Latency: how many answers took how long",
        f"{len(times)} answers; median {middle:.0f} ms, 95th percentile {slow:.0f} ms.",
        parts,
    )


def latency_table(values: Sequence[float]) -> list[list[str]]:
    """A heading, then how long the quickest share of the answers took at most."""
    shares = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
    return [
        ["share of answers", "took at most"],
        *(
            [f"{100 * share:.0f} %", value_text(float(np.quantile(values, share)), "ms")]
            for share in shares
            if len(values)
        ),
    ]


# --- steps ----------------------------------------------------------------------------------------


def _panel_grid(
    box: tuple[float, float, float, float],
    shares: tuple[float, float],
    most: float,
    title: str,
    unit: str,
) -> Iterator[str]:
    x, y, width, height = box
    low, high = shares
    for quarter in range(5):
        across, up = x + width * quarter / 4, y + height * quarter / 4
        yield f'<path d="M{across} {y}v{height}M{x} {up}h{width}" {color("rule")}/>'
        yield text(across, y + height + 17, value_text(most * quarter / 4, unit), size=11)
        share = high - (high - low) * quarter / 4
        yield text(x - 8, up + 4, f"{100 * share:.0f} %", anchor="end", size=11)
    yield text(x + width / 2, y + height + 42, title)


def _dots(
    points: Sequence[Point], at: Sequence[tuple[float, float]], up: Callable[[float], float]
) -> Iterator[str]:
    labels = _apart([y for _, y in at])
    for place, (point, (x, y)) in enumerate(zip(points, at, strict=True)):
        kind = place % len(_DOTS)
        if point.low is not None and point.high is not None:
            yield (
                f'<path d="M{x:.1f} {up(point.low):.1f}V{up(point.high):.1f}" {color(f"l{kind}")} '
                f'stroke-width="1.5" stroke-opacity=".55"/>'
            )
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {color(_DOTS[kind])}>'
            f"<title>{escape(_point_said(point))}</title></circle>"
        )
        yield text(x + 10, labels[place] + 4, point.label, "ink", "start", 11)


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights of labels, moved down where two would overlap."""
    placed: dict[int, float] = {}
    last = -math.inf
    for place in sorted(range(len(heights)), key=lambda i: heights[i]):
        last = max(heights[place], last + _LABEL_HEIGHT)
        placed[place] = last
    return [placed[place] for place in range(len(heights))]


def _shares(points: Sequence[Point]) -> tuple[float, float]:
    """The axis of shares: tenths around all whiskers."""
    ends = [end for p in points for end in (p.correct, p.low, p.high) if end is not None]
    low = math.floor(10 * min(ends, default=0.0)) / 10
    high = math.ceil(10 * max(ends, default=1.0)) / 10
    return max(0.0, low), min(1.0, max(high, low + 0.2))


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 10.0) if value <= step * power * (1 + 1e-9))


def _point_said(point: Point) -> str:
    cost = "" if point.cost_usd is None else f", {value_text(point.cost_usd, 'usd')} a question"
    return (
        f"{point.label}: right {value_text(point.correct, 'share')}, "
        f"median {value_text(point.p50_ms, 'ms')}{cost}"
    )
