"""A report that was just made, as the run that its file will be read as: the same numbers."""

from __future__ import annotations

import json

from app.insights.evals.run_file import RunFile, run_from
from evals.reporting.report import Report, to_json


def as_run(made: Report | RunFile, name: str = "") -> RunFile:
    """``name``: what the run is called; else what its dataset is called."""
    if isinstance(made, RunFile):
        return made
    return run_from(json.loads(to_json(made)), name or made.dataset)
