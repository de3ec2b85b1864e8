"""Every figure of a run that has words, whether its report says it or only its cases do."""

from __future__ import annotations

from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.run_file import RunFigure, RunFile


def run_figures(run: RunFile) -> dict[str, RunFigure]:
    """The report's figures by metric id.

    Violations are a count of their own there. A score that only the rows have is given as its mean,
    without an interval.
    """
    found = {
        "violations": RunFigure(float(run.violations), run.cases, unit="amount"),
        **run.figures,
    }
    for name in QUALITY_WORDS:
        if name not in found and name != "violations":
            values = [row.scores[name] for row in run.rows if name in row.scores]
            if values:
                found[name] = RunFigure(sum(values) / len(values), len(values))
    return found
