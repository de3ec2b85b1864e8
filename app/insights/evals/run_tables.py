"""A run as tables of plain numbers, for CSV."""

from __future__ import annotations

from collections.abc import Sequence

from app.insights.evals.row import Row
from app.insights.evals.run_figures import run_figures
from app.insights.evals.run_file import RunFile
from app.insights.tables import Table
from app.insights.targets import Targets


def cases_table(rows: Sequence[Row]) -> Table:
    """A line for each case, with a column for each score that any of them has."""
    scores = sorted({name for row in rows for name in row.scores})
    return Table(
        (
            *("id", "question", "after", "tags", "group", "split", "answerable"),
            *("expected", "state", "level", "probability", "right", "text", "reference"),
            *("cited", "wanted", "error", *scores),
        ),
        [
            (
                *(row.id, row.question, " | ".join(row.after), " ".join(row.tags), row.group),
                *(row.split, row.answerable, row.expected, row.state, row.level),
                *(row.probability, row.right, row.text, row.reference),
                *(" | ".join(row.cited), " | ".join(row.wanted), row.error),
                *(row.scores.get(name) for name in scores),
            )
            for row in rows
        ],
    )


def figures_table(run: RunFile, targets: Targets) -> Table:
    """Every figure that has words, with its interval, target and guardrail."""
    return Table(
        (
            *("metric", "name", "value", "low", "high", "n", "unit"),
            *("target", "guardrail", "definition"),
        ),
        [
            (
                *(name, known.name, figure.value, figure.low, figure.high, figure.n, figure.unit),
                *(known.target, known.guardrail, known.definition),
            )
            for name, figure in run_figures(run).items()
            if (known := targets.quality.get(name)) is not None
        ],
    )


def slices_table(run: RunFile) -> Table:
    """Every figure of every slice."""
    return Table(
        ("slice", "metric", "value", "low", "high", "n"),
        [
            (tag, name, figure.value, figure.low, figure.high, figure.n)
            for tag, own in run.slices.items()
            for name, figure in own.items()
        ],
    )
