"""A figure of a run as people write it in a sentence: "52.8 %", "41 ms", "45.5–60.1 %"."""

from __future__ import annotations

from typing import Literal

from app.errors import NotFound
from app.insights.evals.run_file import RunFigure, RunFile

Form = Literal["value", "interval", "n"]
NONE = "–"
"""What stands for a value that is not there."""
_COUNTS = ("cases", "answerable", "violations")
_WHOLE_MS = 10
"""From so many milliseconds on, tenths say nothing."""


def figure_text(run: RunFile, figure_id: str, form: Form = "value") -> str:
    """A figure of ``run`` in words: its value, its 95 % interval, or how many cases it stands on.

    ``figure_id``: a metric id ("answer_quoted"), or a path of names: "retrieval.as set.mrr",
    "slices.typos.answer_quoted", "sections.Answers.answer_quoted", "states.not_found"; or "cases",
    "answerable", "violations".

    Raises:
        NotFound: the run has no such figure.
    """
    if figure_id in _COUNTS:
        return f"{getattr(run, figure_id):,}"
    if figure_id.startswith("states."):
        return f"{run.states.get(figure_id.removeprefix('states.'), 0):,}"
    figure = _figure(run, figure_id)
    if figure is None:
        raise NotFound(
            f"The run “{run.name}” has no figure {figure_id!r}.",
            "Name a metric id, or section.title.id, retrieval.ranking.id or slices.tag.id.",
        )
    match form:
        case "value":
            return value_text(figure.value, figure.unit)
        case "interval":
            return interval_text(figure.low, figure.high, figure.unit)
        case "n":
            return f"{figure.n:,}"


def value_text(value: float | None, unit: str) -> str:
    """A value as people read it; a dash for none. Units: those of reports and of targets.

    A share or ratio in percent, milliseconds, seconds and dollars with their unit, an amount as it
    is, any other score with three decimals.
    """
    if value is None:
        return NONE
    if value < 0:
        return f"−{value_text(-value, unit)}"
    match unit:
        case "share" | "ratio":
            return f"{100 * value:.1f} %"
        case "ms":
            return f"{value:.{0 if value >= _WHOLE_MS else 1}f} ms"
        case "s":
            return f"{value:.1f} s"
        case "usd":
            return f"${value:.4f}" if 0 < value < 0.01 else f"${value:.2f}"  # a cent
        case "amount" | "count":
            return f"{value:,.1f}".removesuffix(".0")
        case _:
            return f"{value:.3f}"


def interval_text(low: float | None, high: float | None, unit: str) -> str:
    """An interval as people read it, its unit said once; empty where there is none."""
    if low is None or high is None:
        return ""
    first, last = value_text(low, unit), value_text(high, unit)
    number, space, name = last.rpartition(" ")
    joint = " to " if "−" in first + number else "–"
    return f"{first.removesuffix(space + name) if space else first}{joint}{last}"


def _figure(run: RunFile, figure_id: str) -> RunFigure | None:
    """Names may hold dots themselves (a tag, say): the id is what follows the last one."""
    rest, _, name = figure_id.rpartition(".")
    if not rest:
        return run.figures.get(name)
    kind, _, title = rest.partition(".")
    groups = {"sections": run.sections, "retrieval": run.retrieval, "slices": run.slices}
    return groups.get(kind, {}).get(title, {}).get(name)
