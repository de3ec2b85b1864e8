"""A sweep as a picture: quality against time, the front, and where the shipped defaults stand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from app.insights.evals.figure_text import value_text
from evals.reporting.svg import color, document, text
from evals.sweep.standing import Standing

_LEFT, _TOP, _WIDTH, _HEIGHT = 72, 92, 480, 320
_NAMED = 210
"""Room for names at the right."""
_LINE = 15.0


def tradeoff(found: Sequence[Standing], quality: str) -> str:
    """SVG. Up and left is better; the line joins the points that nothing beats in both."""
    scale = _Scale(found)
    front = sorted((one for one in found if one.front), key=lambda one: one.p50.value or 0.0)
    shipped = [one for one in found if one.point.shipped]
    parts = [
        text(28, 34, "Quality and time of configurations", "ink", "start", 17),
        text(28, 56, f"{quality} (up), median time to an answer (across)", anchor="start"),
        *scale.grid(),
        *_line(front, scale),
    ]
    for one in found:
        x, y = scale.at(one)
        role = "d1" if one.point.shipped else "dot" if one.front else "d5"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if one.front else 3.5}" {color(role)}>'
            f"<title>{escape(said(one))}</title></circle>"
        )
    for one in shipped:
        x, y = scale.at(one)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="none" {color("l1")} stroke-width="2"/>'
        )
    parts += _names([*front, *(one for one in shipped if not one.front)], scale)
    return document(
        _LEFT + _WIDTH + _NAMED,
        _TOP + _HEIGHT + 62,
        "Sweep: quality against time of each configuration",
        "Up and left is better; the ring is the shipped configuration. On the front: "
        + "; ".join(said(one) for one in front)
        + ".",
        parts,
    )


def said(one: Standing) -> str:
    """A point in words."""
    return (
        f"{one.point.label}: {value_text(one.quality, 'share')}, {value_text(one.p50.value, 'ms')}"
    )


class _Scale:
    """Milliseconds and shares → places. Both axes show the part that has points."""

    def __init__(self, found: Sequence[Standing]) -> None:
        times = [one.p50.value or 0.0 for one in found]
        shares = [one.quality for one in found]
        self.slow = _round_up(max(times, default=1.0) * 1.05 or 1.0)
        # Quarters of 5, 10, 15, 20 or 25 points.
        self.low = math.floor(10 * min(shares, default=0.0)) / 10
        fifths = math.ceil(5 * (max(shares, default=1.0) - self.low) - 1e-9)
        span = max(1, min(fifths, 5)) / 5
        self.low = max(0.0, min(self.low, 1.0 - span))
        self.high = self.low + span

    def at(self, one: Standing) -> tuple[float, float]:
        across = (one.p50.value or 0.0) / self.slow
        up = (one.quality - self.low) / (self.high - self.low)
        return _LEFT + _WIDTH * across, _TOP + _HEIGHT * (1 - up)

    def grid(self) -> Iterator[str]:
        for quarter in range(5):
            x, y = _LEFT + _WIDTH * quarter / 4, _TOP + _HEIGHT * quarter / 4
            yield f'<path d="M{x} {_TOP}v{_HEIGHT}M{_LEFT} {y}h{_WIDTH}" {color("rule")}/>'
            time = value_text(self.slow * quarter / 4, "ms")
            yield text(x, _TOP + _HEIGHT + 18, time, size=11)
            share = self.high - (self.high - self.low) * quarter / 4
            yield text(_LEFT - 8, y + 4, f"{100 * share:.0f} %", anchor="end", size=11)


def _line(front: Sequence[Standing], scale: _Scale) -> Iterator[str]:
    """Steps: between two points nothing better was measured than the quicker one."""
    if len(front) < 2:
        return
    (x, y), *rest = [scale.at(one) for one in front]
    steps = "".join(f"H{across:.1f}V{up:.1f}" for across, up in rest)
    yield f'<path d="M{x:.1f} {y:.1f}{steps}" fill="none" {color("l0")} stroke-dasharray="4 3"/>'


def _names(named: Sequence[Standing], scale: _Scale) -> Iterator[str]:
    """Names at the right, in the points' order from the top, each with a rule to its point."""
    last = _TOP - _LINE
    for one in sorted(named, key=lambda one: (scale.at(one)[1], scale.at(one)[0])):
        x, y = scale.at(one)
        last = max(y, last + _LINE)
        end = _LEFT + _WIDTH + 12
        yield f'<path d="M{x + 7:.1f} {y:.1f}L{end} {last:.1f}" {color("rule")}/>'
        yield text(end + 4, last + 4, _short(one.point.label), "ink", "start", 11)


def _short(label: str) -> str:
    return label if len(label) <= 36 else f"{label[:35]}…"


def _round_up(value: float) -> float:
    """The next 1, 2, 4 or 8 times a power of ten: its quarters are round."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 4.0, 8.0, 10.0) if value <= step * power)
