"""What `footnote eval synthesize` does: cases by a model, to be read before they count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from app.bootstrap import build_services
from app.errors import BadRequest
from app.settings import load_settings
from evals.commands.cases import append, planned
from evals.datasets import load_cases
from evals.judging.judge import check
from evals.judging.material import NewQuestions, material
from evals.judging.options import writer_options
from evals.judging.ragas_library import require_ragas


@dataclass(frozen=True, slots=True)
class SynthesizeOptions:
    """What the command line was given. ``model`` empty: the judge, or the chat model."""

    count: int
    out: Path
    model: str = ""
    collections: tuple[str, ...] = ()
    data_dir: Path | None = None
    seed: int = 0
    parallel: int = 4


def synthesize(options: SynthesizeOptions, console: Console) -> list[dict[str, Any]]:
    """Make cases and append those that are new to a file; gives what was written.

    Raises:
        SettingsError: there is no model for it, or no Ragas.
        JudgeAway: the model does not answer.
        BadRequest: nothing is ingested, or the file is none that cases are kept in.
    """
    given: dict[str, Any] = {} if options.data_dir is None else {"data_dir": options.data_dir}
    settings = load_settings(**given)
    writer = writer_options(settings, model=options.model, parallel=options.parallel)
    planned([], options.out)  # refuses a file of another kind before anything is paid
    known = _asked(options.out)
    require_ragas()
    check(writer)
    from evals.judging import synthesis  # noqa: PLC0415  # imports Ragas

    services = build_services(settings, record_answers=False)
    try:
        passages = material(
            services.documents,
            options.collections,
            synthesis.passages_for(options.count),
            options.seed,
        )
        if not passages:
            raise BadRequest(
                "There is no passage to make cases from.",
                "Ingest documents first: footnote ingest.",
            )
        embedder = services.embedder.get(wait=True)
        console.print(
            f"{writer.name} reads {len(passages)} passages and makes {options.count} questions: "
            f"about {len(passages) + options.count} requests."
        )
        made = synthesis.synthesize(passages, options.count, writer, embedder, options.seed)
        fresh = NewQuestions(known, embedder)
        cases = [case for case in made.cases if fresh.add(case["question"])]
    finally:
        services.close()
    plan = planned(cases[: options.count], options.out)
    if plan.new:
        append(options.out, plan.new)
    console.print(
        f"{len(plan.new)} cases written to {options.out}; {made.failed} questions failed, "
        f"{len(made.cases) - len(plan.new)} were left out as too many or asked before, in "
        f"{made.barren} passages the model found nothing to ask about.",
        markup=False,
        highlight=False,
    )
    spent = made.spent
    console.print(f"{spent.input_tokens:,} tokens read and {spent.output_tokens:,} written.")
    if made.gone:
        console.print(f"The model was not asked to the end: {made.gone}.", markup=False)
    console.print(
        "None of them counts yet. Read each one, correct or delete it, fill in “answers”, and "
        "write your name and the date in “reviewed”. What is left to do: "
        f"footnote eval cases validate {options.out}",
        markup=False,
        soft_wrap=True,
    )
    return list(plan.new)


def _asked(file: Path) -> list[str]:
    """The questions of ``file`` and of those beside it, reviewed or not."""
    beside = sorted(file.parent.glob("*.jsonl")) if file.parent.is_dir() else []
    return [case.question for one in beside for case in load_cases(one, unreviewed=True).cases]
