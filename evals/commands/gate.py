"""What `footnote eval --gate` and `footnote eval gate` do: judge a run, and say so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Console

from app.insights.evals.gate import GateReport
from app.insights.evals.gates import judge
from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import Runs
from app.insights.targets import load_targets
from app.settings import load_settings
from evals.reporting import gate_tables
from evals.reporting.as_run import as_run
from evals.reporting.report import Report


@dataclass(frozen=True, slots=True)
class GateOptions:
    """``run`` and ``baseline``: the name of a run, or a file; ``baseline`` empty: as set."""

    run: str
    baseline: str = ""


def judged(made: Report, baseline: str = "") -> Report:
    """The report with its gates. Raises NotFound or BadRunFile for a baseline that isn't one."""
    return replace(made, gates=gates_of(as_run(made), baseline))


def gates_of(run: RunFile, baseline: str = "") -> GateReport:
    """The gates of a run, by the file with the metrics and the baseline of the settings.

    Raises:
        NotFound, BadRunFile: ``baseline`` is not a run.
        SettingsError: the file with the metrics can't be used.
    """
    settings = load_settings()
    runs = Runs.of(settings)
    before = runs.named_or_file(baseline) if baseline else runs.base(run)
    return judge(run, load_targets(settings.prd_dir).quality, before)


def run(options: GateOptions, console: Console) -> bool:
    """Show the gates of an existing run; whether it may ship.

    Raises:
        NotFound, BadRunFile: one of the two is not a run.
    """
    found = Runs.of(load_settings()).named_or_file(options.run)
    gates = gates_of(found, options.baseline)
    gate_tables.show(gates, console)
    return gates.decision == "ship"
