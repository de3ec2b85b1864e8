"""`footnote eval`: declares the options; what they do is imported when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    help="Measure answers on questions whose answers are known.", no_args_is_help=False
)


@app.callback(invoke_without_command=True)
def evaluate(  # options of a command
    dataset: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            "--dataset",
            metavar="FORMAT PATH",
            help="Questions elsewhere: `folder`, `filings` or `cases`, and where they lie. "
            "Without: the golden cases on the sample documents.",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Data directory to use. Without: one of its own, kept between runs."),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Ask only this collection; may be repeated.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask so many questions, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the questions.")] = 0,
    parallel: Annotated[
        int, typer.Option(min=1, max=32, help="Questions at once; latencies are true with 1.")
    ] = 1,
    ingest: Annotated[
        bool, typer.Option("--ingest/--no-ingest", help="Ingest the documents first.")
    ] = True,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines", help="Also rank by cosine and by BM25 alone (slower)."
        ),
    ] = True,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Write each case to this JSONL file, or go on where it ends "
            "(it notices other settings and documents, not changed code)."
        ),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write the report here.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="Bad cases to list, of each kind.")] = 20,
) -> None:
    """Measure answers: documents cited, answers quoted, refusals, calibration, retrieval."""
    from evals import command  # noqa: PLC0415  # the help needs none of it
    from evals.runner import RunOptions  # noqa: PLC0415

    options = command.EvalOptions(
        dataset=dataset,
        data_dir=data_dir,
        ingest=ingest,
        run=RunOptions(
            limit=limit,
            seed=seed,
            parallel=parallel,
            baselines=baselines,
            resume=resume,
            filters=command.filters(collection or []),
        ),
        json_file=json_file,
        markdown_file=markdown_file,
        worst=worst,
    )
    command.evaluate(options, Console())
