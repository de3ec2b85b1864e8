"""Benchmarks as pictures: toolkits beside each other, and answers as passages grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.reporting.svg import DASHES, color, document, text

Result = Mapping[str, Any]
_LEFT, _BAR, _STEP = 196, 320, 30
_TOP = 104


def peers_svg(result: Result) -> str:
    """SVG of ``footnote bench peers``: tokens a second at ingest, milliseconds of a question."""
    ingest = [(name, one["tokens_per_s"]) for name, one in result["ingest"].items()]
    asked = [(name, one["p50"]) for name, one in result["ms"].items()]
    second = _TOP + _STEP * len(ingest) + 68
    parts = [
        text(28, 34, "Footnote beside the toolkits", "ink", "start", 17),
        text(28, 56, "The same documents, model and machine, in turns.", anchor="start"),
        text(28, _TOP - 16, "Ingest: tokens a second (more is better)", "ink", "start", 13),
        *_bars(ingest, _TOP, lambda value: f"{value:,.0f}"),
        text(28, second - 16, "A question: median time (less is better)", "ink", "start", 13),
        *_bars(asked, second, lambda value: f"{value:.0f} ms"),
        text(
            28,
            second + _STEP * len(asked) + 18,
            "An answer selects, checks and cites sentences, over HTTP; the toolkits only search, "
            "in process.",
            anchor="start",
            size=11,
        ),
    ]
    said = [f"{name}: {value:,.0f} tokens a second" for name, value in ingest]
    said += [f"{name}: {value:.0f} ms" for name, value in asked]
    return document(
        640,
        second + _STEP * len(asked) + 36,
        "Peers: ingest and questions beside LangChain, LlamaIndex, Haystack and txtai",
        "; ".join(said) + ".",
        parts,
    )


def _bars(rows: Sequence[tuple[str, float]], top: float, said: Any) -> Iterator[str]:
    most = max(value for _, value in rows)
    for number, (name, value) in enumerate(rows):
        y = top + _STEP * number
        ours = name.startswith("Footnote")
        yield text(_LEFT - 10, y + 15, name, "ink" if ours else "dim", "end", 12)
        width = max(2.0, _BAR * value / most)
        role = "dot" if ours else "bar"
        yield f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="20" rx="3" {color(role)}/>'
        yield text(_LEFT + width + 8, y + 15, said(value), "ink", "start", 12)


def scale_svg(sizes: Sequence[Result]) -> str:
    """SVG of ``footnote bench scale``: time over passages, both on logarithmic axes."""
    at = [one["filled"]["passages"] for one in sizes]
    lines = {
        "a whole answer, over HTTP": [one["ms"]["ask"]["p50"] for one in sizes],
        "LangChain + Chroma, bare retrieval": [one["ms"]["retrieval"]["p50"] for one in sizes],
    }
    axes = _Axes(at, [value for line in lines.values() for value in line])
    parts = [
        text(28, 34, "Answers as passages grow", "ink", "start", 17),
        text(28, 56, "Median time of a question (up), passages (across)", anchor="start"),
        *axes.grid(at),
    ]
    for number, (name, values) in enumerate(lines.items()):
        points = [axes.place(n, ms) for n, ms in zip(at, values, strict=True)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        role, dot = (("l0", "dot"), ("l1", "d1"))[number]
        parts.append(
            f'<path d="M{path}" fill="none" stroke-width="2" {color(role)} '
            f'stroke-dasharray="{DASHES[number]}"/>'
        )
        for (x, y), ms in zip(points, values, strict=True):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {color(dot)}/>')
            parts.append(text(x, y - 10, f"{ms:,.0f} ms", "ink", size=11))
        parts.append(text(axes.right + 10, points[-1][1] + 4, name, "ink", "start", 12))
    said = "; ".join(
        f"{n:,} passages: an answer {ask:.0f} ms, bare retrieval {bare:.0f} ms"
        for n, ask, bare in zip(at, *lines.values(), strict=True)
    )
    return document(
        axes.right + 250, axes.bottom + 44, "Scale: an answer beside bare retrieval", said, parts
    )


class _Axes:
    """Passages and milliseconds → places, both by their logarithm."""

    left, top, right, bottom = 72.0, 84.0, 512.0, 364.0

    def __init__(self, passages: Sequence[int], ms: Sequence[float]) -> None:
        self._x = math.log10(min(passages)), math.log10(max(passages))
        self._y = math.floor(math.log10(min(ms))), math.ceil(math.log10(max(ms)))

    def place(self, passages: float, ms: float) -> tuple[float, float]:
        across = (math.log10(passages) - self._x[0]) / max(1e-9, self._x[1] - self._x[0])
        up = (math.log10(ms) - self._y[0]) / max(1, self._y[1] - self._y[0])
        return (
            self.left + 24 + (self.right - self.left - 48) * across,
            self.bottom - (self.bottom - self.top) * up,
        )

    def grid(self, passages: Sequence[int]) -> Iterator[str]:
        width = self.right - self.left
        for power in range(self._y[0], self._y[1] + 1):
            _, y = self.place(passages[0], 10.0**power)
            yield f'<path d="M{self.left} {y:.1f}h{width}" {color("rule")}/>'
            yield text(self.left - 8, y + 4, f"{10.0**power:,g} ms", anchor="end", size=11)
        for count in passages:
            x, _ = self.place(count, 10.0 ** self._y[0])
            yield text(x, self.bottom + 18, f"{count:,}", size=11)
