"""A judge model for a run: `footnote eval --judge`, and `footnote eval judge` for a saved one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.bootstrap.answering import price_file_of
from app.bootstrap.models import load_embedder
from app.errors import BadRequest
from app.insights.evals.rubric import RUBRIC, load_rubric
from app.settings import Settings, load_settings
from evals.judging.judge import check, judge, with_judgement
from evals.judging.options import JudgeOptions, judge_options
from evals.judging.ragas_library import require_ragas
from evals.running.records import RunResult, read_run


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """What the command line said about the judge. ``model`` empty: FOOTNOTE_JUDGE_MODEL's.

    ``rubric`` None: the project's own file; ``criteria`` False: Ragas' metrics alone.
    """

    model: str = ""
    limit: int | None = None
    parallel: int = 4
    cached: bool = True
    criteria: bool = True
    rubric: Path | None = None


def prepared(choice: JudgeChoice, *, ask: bool = True) -> JudgeOptions:
    """The judge, asked whether it is there: before minutes are spent on answers for it.

    ``ask`` False: it is not asked.

    Raises:
        SettingsError: it is not set up, or Ragas is missing.
        BadRubric: the criteria cannot be read.
        JudgeAway: it does not answer.
    """
    rubric = load_rubric(choice.rubric or RUBRIC) if choice.criteria else None
    options = judge_options(
        load_settings(),
        model=choice.model,
        limit=choice.limit,
        parallel=choice.parallel,
        cached=choice.cached,
        rubric=rubric,
    )
    if ask:
        check(options)
    return options


def judged(result: RunResult, options: JudgeOptions, console: Console) -> RunResult:
    """``result`` with the judge's scores and claims; says before what it takes, and after.

    Raises:
        JudgeAway: the judge went away before it gave a verdict.
    """
    settings = load_settings()
    show_estimate(result, options, settings, console)
    embedder = load_embedder(settings)
    with Progress(
        TextColumn("Judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("Judging", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        made = asyncio.run(judge(result.records, options, embedder, advance))
    spent = made.spent
    console.print(
        f"{options.name} answered {_many(spent.calls, 'request')}, "
        f"{_many(spent.cached, 'verdict')} came from the cache: "
        f"{_tokens(spent.input_tokens, spent.output_tokens)}"
        f"{_price(options, settings, spent.input_tokens, spent.output_tokens)}."
    )
    for note in made.notes:
        console.print(note, markup=False, highlight=False)
    return with_judgement(result, made)


def show_estimate(
    result: RunResult, options: JudgeOptions, settings: Settings, console: Console
) -> None:
    """Print what judging ``result`` will take."""
    require_ragas()
    from evals.judging.estimate import estimate  # noqa: PLC0415  # imports Ragas

    guess = asyncio.run(estimate(result.records, options))
    known = f", besides {_many(guess.known, 'verdict')} in the cache" if guess.known else ""
    if not guess.requests:
        console.print(f"Every verdict on {_many(guess.cases, 'case')} is in the cache.")
        return
    console.print(
        f"Judging {_many(guess.cases, 'case')} with {options.name}: about "
        f"{_many(guess.requests, 'request')}, {_tokens(guess.input_tokens, guess.output_tokens)}"
        f"{_price(options, settings, guess.input_tokens, guess.output_tokens)}{known}."
    )


def saved(path: Path) -> RunResult:
    """The run in a file of records, with what a judge needs.

    Raises:
        NotFound: there is no such file.
        BadRun: it holds no run.
        BadRequest: it is a report, or its records have no passages.
    """
    if path.suffix == ".json":
        raise BadRequest(
            f"{path} is a report, which keeps no passages to judge by.",
            "Give the file of records that `footnote eval --resume FILE` writes.",
        )
    result = read_run(path)
    if not any(record.contexts for record in result.records):
        raise BadRequest(
            f"{path} keeps no passages to judge by: an earlier release wrote it.",
            "Ask the questions again with `footnote eval --resume`.",
        )
    return result


def _price(options: JudgeOptions, settings: Settings, read: int, wrote: int) -> str:
    from evals.judging.estimate import cost  # noqa: PLC0415  # imports Ragas

    usd = cost(options, read, wrote, price_file_of(settings))
    return ", at an unknown price" if usd is None else f", {usd.total:.2f} USD"


def _tokens(read: int, wrote: int) -> str:
    return f"{read:,} tokens read and {wrote:,} written"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
