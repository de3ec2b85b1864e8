"""`footnote eval calibrate`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console


def calibrate(  # options of a command
    out: Annotated[Path, typer.Option(help="The confidence file to write.")],
    cases: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Golden cases (JSONL) about the documents that you have ingested."
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYOUT:PATH",
            help="Questions with documents of their own, e.g. `folder:PATH`; may be repeated.",
        ),
    ] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Records that `footnote eval --resume` wrote, instead of asking again.",
        ),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYOUT:PATH", help="Questions to report on, but not to fit on."),
    ] = None,
    test_run: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Records to report on, but not to fit on."),
    ] = None,
    charts: Annotated[
        Path | None, typer.Option(help="Write pictures and tables here: a folder.")
    ] = None,
    weights: Annotated[
        Literal["balanced", "as-is"],
        typer.Option(
            help="`balanced`: answerable and unanswerable questions weigh the same, so that a "
            "probability assumes even odds; `as-is`: it assumes the share that the questions have."
        ),
    ] = "balanced",
    fit: Annotated[
        Literal["auto", "signals", "scale"],
        typer.Option(
            help="`signals`: a coefficient for each; `scale`: only slope and intercept of the "
            "model in use; `auto`: by the number of questions."
        ),
    ] = "auto",
    every_signal: Annotated[
        bool,
        typer.Option(
            "--every-signal", help="Fit the signals that the model in use leaves out, too."
        ),
    ] = False,
    refused: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of answerable questions that may be refused."),
    ] = 0.05,
    medium: Annotated[
        float,
        typer.Option(
            min=0, max=1, show_default="2 in 3", help="Share right that level medium stands for."
        ),
    ] = 2 / 3,
    high: Annotated[
        float, typer.Option(min=0, max=1, help="Share right that level high stands for.")
    ] = 0.9,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Data directory to use for --cases, and the parent of those for --dataset. "
            "Without: yours, and some of the eval's own."
        ),
    ] = None,
    ingest: Annotated[
        bool, typer.Option("--ingest/--no-ingest", help="Ingest a dataset's documents first.")
    ] = True,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask so many questions of each, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the questions.")] = 0,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="Questions at once.")] = 2,
    records: Annotated[
        Path | None,
        typer.Option(help="Keep each collection's records in this folder, or go on there."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write the file though it is not better.")
    ] = False,
) -> None:
    """Fit how sure an answer is on questions of your own; say whether that is better."""
    from evals.confidence import calibrate as calibrating  # noqa: PLC0415  # the help needs none of it
    from evals.confidence.gathering import OWN, RUN, Asking, Source, source  # noqa: PLC0415

    options = calibrating.CalibrateOptions(
        sources=(
            *(Source(OWN, path) for path in cases or ()),
            *(source(text) for text in dataset or ()),
            *(Source(RUN, path) for path in run or ()),
        ),
        tests=(
            *(source(text) for text in test or ()),
            *(Source(RUN, path) for path in test_run or ()),
        ),
        asking=Asking(data_dir, ingest, limit, seed, parallel, records),
        out=out,
        charts=charts,
        weights=weights,
        kind=fit,
        refused=refused,
        medium=medium,
        high=high,
        every_signal=every_signal,
        force=force,
    )
    if not calibrating.calibrate(options, Console()):
        raise typer.Exit(1)
