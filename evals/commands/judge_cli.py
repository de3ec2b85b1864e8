"""Declares `footnote eval judge`; what it does is imported when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def judge(  # options of a command
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="Records that `footnote eval --resume FILE` wrote, to its end."
        ),
    ],
    judge_model: Annotated[
        str, typer.Option(help="Who judges, as openai:MODEL. Without: FOOTNOTE_JUDGE_MODEL.")
    ] = "",
    judge_limit: Annotated[
        int | None, typer.Option(min=1, help="Judge so many cases, drawn at random.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Verdicts at once.")] = 4,
    judge_cache: Annotated[
        bool,
        typer.Option(
            "--judge-cache/--no-judge-cache", help="Keep verdicts, and use those that are kept."
        ),
    ] = True,
    rubric: Annotated[
        Path | None, typer.Option(help="Criteria of your own. Without: evals/rubric.yaml.")
    ] = None,
    criteria: Annotated[
        bool, typer.Option("--criteria/--no-criteria", help="Judge by the criteria, too.")
    ] = True,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would take, and judge nothing.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the report here, in every form, with pictures: a folder."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep the run where /evals lists it.")
    ] = True,
    texts: Annotated[
        bool,
        typer.Option(
            "--texts/--no-texts",
            help="Have questions and answers in the report; without, scores and ids alone.",
        ),
    ] = True,
    worst: Annotated[int, typer.Option(min=0, help="Bad cases to list, of each kind.")] = 20,
) -> None:
    """Have a judge model score the answers of a saved run: Ragas' metrics and your criteria."""
    from evals.commands import judge_run  # noqa: PLC0415  # the help needs none of it
    from evals.commands.judge import JudgeChoice  # noqa: PLC0415

    choice = JudgeChoice(judge_model, judge_limit, parallel, judge_cache, criteria, rubric)
    judge_run.run(
        judge_run.JudgeRunOptions(run, choice, estimate, json_file, out, keep, texts, worst),
        Console(),
    )
