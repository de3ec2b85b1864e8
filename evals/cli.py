"""`footnote eval`: declares the options; what they do is imported when it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from evals.commands import (
    calibrate_cli,
    cases_cli,
    compare_cli,
    gate_cli,
    judge_cli,
    labels_cli,
    phrasings_cli,
    published_cli,
    sweep_cli,
    synthesize_cli,
    verifier_cli,
)

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
            help="Questions elsewhere: `folder`, `filings`, `cases`, `beir`, `squad`, `clapnq` or "
            "`financebench`, and where they lie. Without: golden cases on the sample documents.",
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
    split: Annotated[
        Literal["all", "dev", "holdout"],
        typer.Option(help="Ask all, those that may be fitted on, or only the others."),
    ] = "all",
    url: Annotated[
        str, typer.Option(metavar="URL", help="Ask a running server that has the documents.")
    ] = "",
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep the run where /evals lists it.")
    ] = True,
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Report texts, or scores and ids alone.")
    ] = True,
    gate: Annotated[
        bool, typer.Option("--gate", help="Show the gates alone; exit 1 unless all of them hold.")
    ] = False,
    baseline: Annotated[
        str,
        typer.Option(
            metavar="RUN", help="Run or report to compare with. Without: FOOTNOTE_EVAL_REPORT."
        ),
    ] = "",
    judge: Annotated[
        bool,
        typer.Option("--judge", help="Have a judge model score the answers, too; says the price."),
    ] = False,
    judge_model: Annotated[
        str,
        typer.Option(
            metavar="openai:MODEL", help="--judge by this model. Without: FOOTNOTE_JUDGE_MODEL."
        ),
    ] = "",
    judge_limit: Annotated[
        int | None, typer.Option(min=1, help="Judge so many cases, drawn at random.")
    ] = None,
    judge_cache: Annotated[
        bool,
        typer.Option(
            "--judge-cache/--no-judge-cache", help="Keep verdicts, and use those that are kept."
        ),
    ] = True,
) -> None:
    """Measure answers: documents cited, answers quoted, refusals, calibration, retrieval."""
    if context.invoked_subcommand is not None:
        return
    from evals.commands import evaluate as command  # noqa: PLC0415  # the help needs none of it
    from evals.running.runner import RunOptions  # noqa: PLC0415

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
            split=split,
        ),
        json_file=json_file,
        markdown_file=markdown_file,
        worst=worst,
        out=out,
        url=url,
        keep=keep,
        texts=texts,
        gate=gate,
        baseline=baseline,
        judge=command.judge_choice(judge, judge_model, judge_limit, judge_cache),
    )
    made = command.evaluate(options, Console())
    if gate and (made.gates is None or made.gates.decision != "ship"):
        raise typer.Exit(1)


app.command("calibrate")(calibrate_cli.calibrate)
app.command("verifier")(verifier_cli.verifier)
app.command("phrasings")(phrasings_cli.phrasings)
app.add_typer(cases_cli.cases, name="cases")
app.command("gate")(gate_cli.gate)
app.command("published")(published_cli.published)
app.command("compare")(compare_cli.compare)
app.command("runs")(compare_cli.runs)
app.command("sweep")(sweep_cli.sweep)
app.command("judge")(judge_cli.judge)
app.command("synthesize")(synthesize_cli.synthesize)
app.add_typer(labels_cli.labels, name="labels")
app.command("agreement")(labels_cli.agreement)
