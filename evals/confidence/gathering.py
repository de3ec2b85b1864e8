"""Questions to calibrate with: asked through the product, or read from a saved run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from app.ask.confidence import Model
from app.errors import BadRequest
from app.settings import Settings, load_settings
from evals.commands import evaluate as command
from evals.confidence import confidence_file
from evals.confidence.fitting import Cases
from evals.datasets import LOADERS, load
from evals.running.records import CaseRecord, RunResult, read_run
from evals.running.runner import RunOptions
from evals.scoring import scorers

RUN = "run"
OWN = "own"


@dataclass(frozen=True, slots=True)
class Source:
    """Where questions come from.

    ``layout``: one of `evals.datasets.LOADERS`, with documents that are ingested for it; `OWN`:
    golden cases about the documents that the user has ingested; `RUN`: a saved run's records.
    """

    layout: str
    path: Path


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are asked.

    ``data_dir``: where `OWN` documents are, and below which each dataset has a folder; None: the
    user's, and folders of the eval's own.
    ``records``: a folder in which each collection's records are kept, to go on where they end.
    """

    data_dir: Path | None = None
    ingest: bool = True
    limit: int | None = None
    seed: int = 0
    parallel: int = 2
    records: Path | None = None


def source(text: str) -> Source:
    """``LAYOUT:PATH`` → where that is. Raises BadRequest when it is not of that form."""
    layout, colon, path = text.partition(":")
    if not colon or layout not in LOADERS or not path:
        raise BadRequest(
            f"“{text}” doesn't say what kind of questions it is.",
            f"Write LAYOUT:PATH, where LAYOUT is one of {', '.join(LOADERS)}.",
        )
    return Source(layout, Path(path))


def gather(where: Source, asking: Asking, console: Console) -> RunResult:
    """Every question of ``where``, asked without refusing any that has something to quote.

    Raises:
        FootnoteError: the questions, the documents, the index or a setting cannot be used.
    """
    if where.layout == RUN:
        return read_run(where.path)
    if where.layout == OWN:
        dataset, corpus = load("cases", where.path), None
        settings = load_settings(**({"data_dir": asking.data_dir} if asking.data_dir else {}))
    else:
        dataset, corpus = command.questions((where.layout, where.path))
        own = asking.data_dir / dataset.name if asking.data_dir else None
        settings = command.own_settings(own, dataset.name, corpus)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(
            limit=asking.limit,
            seed=asking.seed,
            parallel=asking.parallel,
            baselines=False,
            resume=asking.records / f"{dataset.name}.jsonl" if asking.records else None,
        )
        opened = _opened(settings, Path(folder) / "confidence.json")
        ingested = corpus if asking.ingest else None
        return command.measure(dataset, ingested, opened, options, console)


def cases(result: RunResult, model: Model, *, every_signal: bool = False) -> Cases:
    """A run in columns, with the signals of ``model``, the one in use, which must be there.

    ``every_signal``: also those that an answer carries beside them. They fit better and transfer
    worse: virology papers from .86 to .78 (AUROC, fitted on the other public collections).

    Raises:
        BadRequest: its records have no signals, or not those.
    """
    records = result.records
    found = [record for record in records if record.found]
    names = [n for n in (found[0].signals if found else ()) if all(n in r.signals for r in found)]
    missing = sorted(set(model.coefficients) - set(names))
    if missing:
        raise BadRequest(
            f"The answers to {result.dataset} lack the signal “{missing[0]}”, which the model in "
            "use needs."
            if names
            else f"The answers to {result.dataset} carry no signals.",
            "They were saved by another version: ask the questions again.",
        )
    if not every_signal:
        names = [name for name in names if name in model.coefficients]
    return Cases(
        names=tuple(names),
        signals=np.asarray(
            [[record.signals[n] if record.found else 0.0 for n in names] for record in records],
            dtype=np.float64,
        ),
        answerable=np.asarray([float(record.case.answerable) for record in records]),
        right=np.asarray(_right(records), dtype=np.float64),
        found=np.asarray([record.found for record in records]),
        collections=np.asarray([result.dataset] * len(records), dtype=np.str_),
    )


def named_apart(results: Sequence[RunResult]) -> list[RunResult]:
    """The same runs; a name that was there before gets a number."""
    names: list[str] = []
    for result in results:
        times = sum(name.partition(" (")[0] == result.dataset for name in names)
        names.append(f"{result.dataset} ({times + 1})" if times else result.dataset)
    return [replace(result, dataset=name) for result, name in zip(results, names, strict=True)]


def _right(records: Sequence[CaseRecord]) -> list[float]:
    """1, 0, or NaN where nobody knows: no gold answer, or refused, so that nothing was quoted.

    An answer to an unanswerable question is wrong; but in a collection without any gold answer
    that would leave wrong answers alone, so there nothing is known.
    """
    if all(scorers.right(record) is None for record in records if record.case.answerable):
        return [float("nan")] * len(records)
    values = [None if record.refused else scorers.right(record) for record in records]
    return [float("nan") if value is None else value for value in values]


def _opened(settings: Settings, file: Path) -> Settings:
    """Settings under which nothing is refused, and no chat model is paid."""
    confidence_file.without_refusals(settings, file)
    return settings.model_copy(update={"confidence_file": str(file), "chat_model": ""})
