"""What `footnote eval verifier` does: make sentences, check them, show a table, maybe fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.ask.checking.checker import SupportChecker
from app.errors import BadRequest
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from app.settings import Settings, load_settings
from evals.commands.evaluate import CASES
from evals.datasets import Dataset, load
from evals.reporting.folder import write
from evals.verifying import verifier, verifier_fit
from evals.verifying.verifier import VerifierReport
from evals.verifying.verifier_set import Example

_FEWEST = 30
"""Sentences of each class below which a fit or an AUROC says nothing (± 4 points and more)."""


@dataclass(frozen=True, slots=True)
class VerifierOptions:
    """The command's options.

    ``paths``: folders of questions with their documents, or golden cases on the sample documents;
    none: the sample's own. ``fit``: fit on them and write the coefficients there; ``tests``: only
    report on these.
    """

    paths: tuple[Path, ...]
    tests: tuple[Path, ...]
    per_kind: int
    seed: int
    json_file: Path | None
    fit: Path | None


def run(options: VerifierOptions, console: Console) -> list[VerifierReport]:
    """Measure the verifier on every path; with ``fit``, one fitted on ``paths``.

    Raises:
        FootnoteError: questions or documents cannot be used, or there are too few of them.
    """
    datasets = [_dataset(path) for path in options.paths] or [_sample()]
    tests = [_dataset(path) for path in options.tests]
    settings = load_settings()
    holder: ModelHolder[Embedder] = ModelHolder(lambda: _load(settings), "search model")
    embedder = holder.get(wait=True)
    made: dict[str, list[Example]] = {}
    for dataset in (*datasets, *tests):
        with console.status(f"Making sentences from {dataset.name}"):
            found = verifier.examples(
                dataset,
                embedder,
                settings.passage_tokens,
                seed=options.seed,
                per_kind=options.per_kind,
            )
        _enough(dataset, found)
        made[dataset.name] = found
    model = None
    if options.fit is not None:
        with console.status("Fitting"):
            fitted_on = [example for one in datasets for example in made[one.name]]
            model = verifier_fit.fit(fitted_on, SupportChecker(holder))
    checker = SupportChecker(holder, model)
    reports = []
    for name, own in made.items():
        with console.status(f"Checking {len(own)} sentences of {name}"):
            reports.append(verifier.summarize(name, verifier.check(own, checker)))
    for report in reports:
        show(report, console)
    if options.json_file is not None:
        write(options.json_file, verifier.to_json(reports))
    if options.fit is not None and model is not None:
        names = [one.name for one in datasets]
        write(options.fit, verifier_fit.to_file(model, names, reports))
        console.print(f"The fitted model is in {options.fit}.")
    return reports


def _load(settings: Settings) -> Embedder:
    from app.knowledge.embedder import TransformerEmbedder  # noqa: PLC0415  # imports torch

    return TransformerEmbedder(settings.embedding_model, precision=settings.embedding_precision)


def show(report: VerifierReport, console: Console) -> None:
    """The table of one collection."""
    table = Table(title=f"Verifier on {report.dataset}", title_justify="left")
    for column in ("Sentences", "n", "Not called supported", "Mean score", "AUROC"):
        table.add_column(column, justify="left" if column == "Sentences" else "right")
    for kind in report.kinds:
        if not kind.supported and table.rows and report.kinds[table.row_count - 1].supported:
            table.add_section()
        table.add_row(
            f"{kind.kind}" if kind.supported else f"wrong: {kind.kind}",
            str(kind.n),
            f"{kind.flagged:.1%}",
            f"{kind.mean_score:.2f}",
            "–" if kind.auroc is None else f"{kind.auroc:.3f}",
        )
    console.print(table)
    low, high = report.interval or (float("nan"), float("nan"))
    console.print(
        f"AUROC {report.auroc or 0:.3f} ({low:.3f} to {high:.3f}); {report.caught:.1%} of "
        f"{report.corrupted} wrong sentences caught, {report.flagged_supported:.1%} of "
        f"{report.supported} supported ones flagged.",
        highlight=False,
    )


def _dataset(path: Path) -> Dataset:
    """A folder with questions and documents, or golden cases on the sample documents."""
    if path.is_dir() and path.resolve() == CASES.resolve():
        return _sample()
    return load("folder" if (path / "questions.jsonl").is_file() else "cases", path)


def _sample() -> Dataset:
    return replace(load("cases", CASES), name="sample")


def _enough(dataset: Dataset, made: Sequence[Example]) -> None:
    supported = sum(example.supported for example in made)
    if min(supported, len(made) - supported) < _FEWEST:
        raise BadRequest(
            f"{dataset.path} gives only {supported} supported and {len(made) - supported} wrong "
            "sentences.",
            f"Give questions whose gold passages stand in the documents: at least {_FEWEST}.",
        )
