"""How slices fare, as a picture: a dot with its 95 % interval for each, those of phrasing first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.run_file import RunFigure, RunFile
from evals.datasets import PHRASINGS
from evals.reporting.svg import color, document, text
from evals.scoring.curves import wilson

_LEFT, _TOP, _WIDTH, _LINE, _BREAK = 208, 92, 380, 24, 18
_VALUES = 176
"""Room for the numbers, right of the dots."""
_SPLITS = ("dev", "holdout")


@dataclass(frozen=True, slots=True)
class Slice:
    """One line: a tag, and how many of its questions were handled rightly."""

    tag: str
    cases: int
    figure: RunFigure


def slices(run: RunFile, metric: str = "correct") -> list[list[Slice]]:
    """Slices that have ``metric``, in blocks: ways of writing, everything else, halves of the data.

    Largest first; ways of writing in their own order.
    """
    found = [
        Slice(
            tag,
            round(figures["n"].value or 0) if "n" in figures else figures[metric].n,
            _honest(one),
        )
        for tag, figures in run.slices.items()
        if (one := figures.get(metric)) is not None and one.value is not None
    ]
    by_tag = {one.tag: one for one in found}
    ways = [by_tag[way] for way in PHRASINGS if way in by_tag]
    halves = [by_tag[split] for split in _SPLITS if split in by_tag]
    apart = {*PHRASINGS, *_SPLITS}
    others = sorted(
        (one for one in found if one.tag not in apart), key=lambda one: (-one.cases, one.tag)
    )
    return [block for block in (ways, others, halves) if block]


def slices_svg(blocks: Sequence[Sequence[Slice]], overall: RunFigure | None) -> str:
    """A line for each slice; a dashed rule where all questions together are."""
    count = sum(map(len, blocks))
    bottom = _TOP + _LINE * count + _BREAK * (len(blocks) - 1)
    parts = [
        text(28, 34, "Who is served how well", "ink", "start", 17),
        text(28, 56, "Share handled rightly, with its 95 % interval", "dim", "start"),
        *_scale(bottom, overall),
    ]
    y = float(_TOP) + _LINE / 2
    for block in blocks:
        for one in block:
            parts += _line(one, y)
            y += _LINE
        y += _BREAK
    return document(
        _LEFT + _WIDTH + _VALUES,
        bottom + 44,
        "Slices: share of questions handled rightly, for each kind of question",
        "; ".join(f"{one.tag} {_said(one.figure)}" for block in blocks for one in block) + ".",
        parts,
    )


def slices_table(blocks: Sequence[Sequence[Slice]]) -> list[list[str]]:
    """A heading, then a line for each slice."""
    return [
        ["slice", "right", "95 % interval", "questions"],
        *(
            [
                one.tag,
                value_text(one.figure.value, "share"),
                interval_text(one.figure.low, one.figure.high, "share"),
                str(one.cases),
            ]
            for block in blocks
            for one in block
        ),
    ]


def _honest(figure: RunFigure) -> RunFigure:
    """Where all cases are alike the bootstrap's interval has no width; Wilson's (1927) has one."""
    if figure.value is None or figure.low != figure.high:
        return figure
    low, high = wilson(figure.value, figure.n)
    return replace(figure, low=low, high=high)


def _scale(bottom: float, overall: RunFigure | None) -> Iterator[str]:
    for quarter in range(5):
        x = _LEFT + _WIDTH * quarter / 4
        yield f'<path d="M{x} {_TOP}V{bottom}" {color("rule")}/>'
        yield text(x, bottom + 18, f"{25 * quarter} %", size=11)
    if overall is not None and overall.value is not None:
        x = _LEFT + _WIDTH * overall.value
        yield f'<path d="M{x:.1f} {_TOP - 6}V{bottom}" {color("axis")} stroke-dasharray="4 4"/>'
        yield text(x, _TOP - 12, f"all {value_text(overall.value, 'share')}", size=11)


def _line(one: Slice, y: float) -> Iterator[str]:
    figure = one.figure
    yield text(_LEFT - 14, y + 4, one.tag, "ink", "end", 12)
    if figure.low is not None and figure.high is not None:
        low, high = (_LEFT + _WIDTH * end for end in (figure.low, figure.high))
        yield f'<path d="M{low:.1f} {y}H{high:.1f}" {color("l0")} stroke-width="2"/>'
    x = _LEFT + _WIDTH * (figure.value or 0.0)
    yield (
        f'<circle cx="{x:.1f}" cy="{y}" r="4.5" {color("dot")}>'
        f"<title>{escape(one.tag)}: {_said(figure)}</title></circle>"
    )
    told = f"{value_text(figure.value, 'share')}   n {one.cases}"
    yield text(_LEFT + _WIDTH + 20, y + 4, told, "dim", "start", 12)


def _said(figure: RunFigure) -> str:
    interval = interval_text(figure.low, figure.high, "share")
    return value_text(figure.value, "share") + (f" ({interval})" if interval else "")
