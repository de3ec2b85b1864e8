"""`footnote eval phrasings`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def phrasings(
    dataset: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            "--dataset",
            metavar="FORMAT PATH",
            help="Whose questions to rewrite. Without: the golden cases on the sample documents.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="So many questions, drawn at random; each is asked 5 times.")
    ] = 100,
    seed: Annotated[int, typer.Option(help="Draws and rewrites the questions.")] = 0,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Data directory to use. Without: one of its own, kept between runs."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the report here, in every form, with pictures: a folder."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep the run where /evals lists it.")
    ] = True,
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Report texts, or scores and ids alone.")
    ] = True,
) -> None:
    """Ask your questions as others would type them: with slips, in search words, at length."""
    from evals.commands import evaluate as command  # noqa: PLC0415  # the help needs none of it
    from evals.running.runner import RunOptions  # noqa: PLC0415

    options = command.EvalOptions(
        dataset=dataset,
        data_dir=data_dir,
        ingest=True,
        run=RunOptions(seed=seed, baselines=False),
        json_file=None,
        markdown_file=None,
        worst=20,
        out=out,
        keep=keep,
        texts=texts,
        phrasings_of=limit,
    )
    command.evaluate(options, Console())
