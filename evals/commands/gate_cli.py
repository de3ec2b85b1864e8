"""`footnote eval gate`: declares the options."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console


def gate(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Name of a run, or a report's file or folder.")
    ],
    baseline: Annotated[
        str,
        typer.Option(metavar="RUN", help="Compare with this run. Without: FOOTNOTE_EVAL_REPORT."),
    ] = "",
) -> None:
    """Hold a run against the limits in prd/metrics.yaml and a baseline; exit 1 unless it holds."""
    from evals.commands import gate as command  # noqa: PLC0415  # the help needs none of it

    if not command.run(command.GateOptions(run, baseline), Console()):
        raise typer.Exit(1)
