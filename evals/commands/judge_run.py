"""What `footnote eval judge` does: a judge for answers that were saved, and the report of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from app.settings import load_settings
from evals.commands.judge import JudgeChoice, judged, prepared, saved, show_estimate
from evals.reporting import keeping, rendering, report
from evals.reporting.folder import write, write_folder


@dataclass(frozen=True, slots=True)
class JudgeRunOptions:
    """What the command line was given. ``estimate``: only say what it would take."""

    run: Path
    judge: JudgeChoice
    estimate: bool = False
    json_file: Path | None = None
    out: Path | None = None
    keep: bool = True
    texts: bool = True
    worst: int = 20


def run(options: JudgeRunOptions, console: Console) -> report.Report | None:
    """Judge the saved run and show its report; None when only the estimate was wanted.

    Raises:
        FootnoteError: the run, the judge or a file cannot be used.
    """
    result = saved(options.run)
    judge = prepared(options.judge, ask=not options.estimate)
    if options.estimate:
        show_estimate(result, judge, load_settings(), console)
        return None
    made = report.summarize(judged(result, judge, console), options.worst, texts=options.texts)
    rendering.show(made, console)
    if options.keep:
        kept = keeping.keep(made, keeping.folder(load_settings()))
        console.print(f"Kept as {kept}; shown at /evals/{kept.stem}", markup=False, soft_wrap=True)
    if options.json_file is not None:
        write(options.json_file, report.to_json(made))
    if options.out is not None:
        write_folder(options.out, made)
    return made
