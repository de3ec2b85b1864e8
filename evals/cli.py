"""`footnote eval`: declares the options; what they do is imported when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

app = typer.Typer(
    help="Measure answers on questions whose answers are known.", no_args_is_help=False
)


@app.callback(invoke_without_command=True)
def evaluate(  # options of a command
    context: typer.Context,
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
    out: Annotated[
        Path | None,
        typer.Option(help="Write the report here, in every form, with pictures: a folder."),
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="Bad cases to list, of each kind.")] = 20,
) -> None:
    """Measure answers: documents cited, answers quoted, refusals, calibration, retrieval."""
    if context.invoked_subcommand is not None:
        return
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
        out=out,
    )
    command.evaluate(options, Console())


@app.command()
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
    from evals import calibrate as calibrating  # noqa: PLC0415  # the help needs none of it
    from evals.gathering import OWN, RUN, Asking, Source, source  # noqa: PLC0415

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


@app.command()
def verifier(
    path: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Questions with their documents: a folder with questions.jsonl. "
            "Without: the golden cases on the sample documents."
        ),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="Questions to report on, but not to fit on; may be repeated."),
    ] = None,
    per_kind: Annotated[
        int, typer.Option(min=10, help="Sentences at most of each kind, supported or wrong.")
    ] = 120,
    seed: Annotated[int, typer.Option(help="Draws and changes the sentences.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    fit: Annotated[
        Path | None,
        typer.Option(help="Fit the verifier's coefficients on these questions; write them here."),
    ] = None,
) -> None:
    """Measure how well supported sentences are told from wrong ones, made from your questions."""
    from evals import verifier_command  # noqa: PLC0415  # the help needs none of it

    options = verifier_command.VerifierOptions(
        tuple(path or ()), tuple(test or ()), per_kind, seed, json_file, fit
    )
    verifier_command.run(options, Console())


@app.command("cases")
def cases_from_questions(
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append what is new to this JSONL file of cases."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --write: say what would be added, write none.")
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Data directory that holds the questions. Without: yours.")
    ] = None,
) -> None:
    """List the questions marked as eval cases in the review, or write them to a file."""
    from evals import cases_command  # noqa: PLC0415  # the help needs none of it

    cases_command.run(cases_command.CasesOptions(write, dry_run, data_dir), Console())
