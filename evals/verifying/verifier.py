"""How well the verifier tells supported sentences from corrupted ones: figures by kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from app.ask.checking.checker import Support, SupportChecker, Written
from app.domain import Verdict
from app.knowledge.ports import Embedder
from evals.datasets import Dataset
from evals.running.ingesting import read_passages, sample_documents
from evals.scoring.calibration import auroc, bootstrap
from evals.verifying.verifier_set import CORRUPTED, SUPPORTED, CitedPassage, Example, make

BATCH = 64
"""Sentences checked together."""


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One row: ``flagged`` is the share not called supported (caught, for a corrupted kind).

    ``auroc``: against all supported sentences; for a supported kind against all corrupted ones.
    """

    kind: str
    supported: bool
    n: int
    flagged: float
    mean_score: float
    auroc: float | None


@dataclass(frozen=True, slots=True)
class VerifierReport:
    """Figures of one collection."""

    dataset: str
    supported: int
    corrupted: int
    auroc: float | None
    interval: tuple[float, float] | None
    flagged_supported: float
    caught: float
    kinds: tuple[KindFigures, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An example and what the verifier said of it."""

    example: Example
    support: Support


def cited_passages(dataset: Dataset, embedder: Embedder, tokens: int) -> list[CitedPassage]:
    """Every passage of the dataset's documents, as an ingest would cut them."""
    folder = dataset.corpus or sample_documents()
    return [
        CitedPassage(name, title, passage.heading, passage.text)
        for name, title, passage in read_passages(folder, tokens, embedder.count_tokens)
    ]


def examples(
    dataset: Dataset, embedder: Embedder, tokens: int, *, seed: int = 0, per_kind: int = 120
) -> list[Example]:
    """Sentences made from ``dataset``; see `evals.verifying.verifier_set`."""
    return make(dataset, cited_passages(dataset, embedder, tokens), seed, per_kind)


def written(example: Example) -> Written:
    """The example as the checker takes it: with each passage's title and headings."""
    context = dict.fromkeys(part for p in example.cited for part in (p.title, *p.heading))
    return Written(example.sentence, tuple(p.text for p in example.cited), tuple(context))


def check(made: Sequence[Example], checker: SupportChecker) -> list[Checked]:
    """Every example, checked."""
    checked = []
    for first in range(0, len(made), BATCH):
        batch = made[first : first + BATCH]
        results = checker.check_all([written(example) for example in batch])
        checked += [Checked(e, s) for e, s in zip(batch, results, strict=True)]
    return checked


def summarize(name: str, checked: Sequence[Checked]) -> VerifierReport:
    """The figures of ``checked``."""
    scores = np.array([one.support.score for one in checked])
    truth = np.array([one.example.supported for one in checked], dtype=np.float64)
    flagged = np.array([one.support.verdict is not Verdict.SUPPORTED for one in checked])
    kinds = []
    for kind in (*SUPPORTED, *CORRUPTED):
        own = np.array([one.example.kind == kind for one in checked])
        if not own.any():
            continue
        supported = kind in SUPPORTED
        against = own | (truth == (0 if supported else 1))
        kinds.append(
            KindFigures(
                kind,
                supported,
                int(own.sum()),
                float(flagged[own].mean()),
                float(scores[own].mean()),
                auroc(scores[against], truth[against]),
            )
        )
    right, wrong = truth == 1, truth == 0
    return VerifierReport(
        name,
        int(right.sum()),
        int(wrong.sum()),
        auroc(scores, truth),
        bootstrap(auroc, scores, truth),
        float(flagged[right].mean()) if right.any() else 0.0,
        float(flagged[wrong].mean()) if wrong.any() else 0.0,
        tuple(kinds),
    )


def to_json(reports: Sequence[VerifierReport]) -> str:
    """The reports as JSON: a list."""
    return json.dumps([asdict(report) for report in reports], indent=2) + "\n"
