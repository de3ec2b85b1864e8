"""The list of runs: rows with their main figures, and the course of each dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import RunHead, history
from app.insights.targets import Targets
from app.web.charts import LineChart, Series, line_chart
from app.web.pm.evals import run_words as words
from app.web.templating import moment

SHOWN = ("correct", "answer_quoted", "false_refusal", "true_refusal", "recall_at_5", "total_p50")
"""Figures in the list: are answers right, does it refuse rightly, find, and is it quick."""
COURSE = ("correct", "false_refusal")
PER_PAGE = 50
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class ListRow:
    """A run in words. ``figures``: name, value, interval, whether it breaks its guardrail."""

    head: RunHead
    made: str
    href: str
    facts: tuple[str, ...]
    figures: tuple[tuple[str, str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A dataset's figures from run to run."""

    dataset: str
    charts: tuple[LineChart, ...]


def list_rows(heads: Sequence[RunHead], targets: Targets) -> list[ListRow]:
    """Each run, whether it can be read or not."""
    shown = [name for name in SHOWN if any(name in run.figures for run in _readable(heads))]
    return [_row(head, shown, targets) for head in heads]


def columns(rows: Sequence[ListRow]) -> list[str]:
    """What the figures are called."""
    return next(([name for name, *_ in row.figures] for row in rows if row.figures), [])


def courses(heads: Sequence[RunHead], targets: Targets) -> list[Course]:
    """Of every dataset that was run whole more than once.

    A run of a part of the questions is another sample and would look like a change.
    """
    found = []
    for dataset in dict.fromkeys(run.dataset for run in _readable(heads)):
        runs = [run for run in history(heads, dataset) if not run.environment.get("limit")]
        charts = [
            _course(name, runs, targets)
            for name in COURSE
            if sum(name in run.figures for run in runs) >= _FEWEST
        ]
        if charts:
            found.append(Course(dataset, tuple(charts)))
    return found


def _readable(heads: Sequence[RunHead]) -> list[RunFile]:
    return [head.run for head in heads if head.run is not None]


def _course(name: str, runs: Sequence[RunFile], targets: Targets) -> LineChart:
    target = targets.quality[name]
    points = [
        (run.made_at[:16], figure.value if (figure := run.figures.get(name)) else None)
        for run in runs
    ]
    days = {label[:10] for label, _ in points}
    if len(days) > 1:  # times of the day tell runs of one day apart, and no more than that
        points = [(label[:10], value) for label, value in points]
    return line_chart(
        [Series(target.name.lower(), points)],
        unit=target.unit,
        title=target.name,
        target=target.target,
    )


def _row(head: RunHead, shown: Sequence[str], targets: Targets) -> ListRow:
    run = head.run
    if run is None:
        return ListRow(head, moment(head.made), "", (), ())
    figures = []
    for name in shown:
        target, figure = targets.quality[name], run.figures.get(name)
        broken = target.holds(figure.value if figure else None) is False
        interval = words.figure_interval(figure)
        figures.append((target.name, words.figure_words(figure), interval, broken))
    release = run.environment.get("release")
    limit = run.environment.get("limit")
    facts = (
        run.dataset,
        f"{run.cases:,} cases{' drawn' if limit else ''}",
        f"release {release}" if release else "",
        "committed" if head.committed else "",
    )
    return ListRow(head, moment(head.made), words.run_url(head.name), facts, tuple(figures))
