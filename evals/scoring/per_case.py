"""Every score of one case by its metric id: what figures are means of, and runs are compared by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from evals.running.records import CaseRecord, Ranking
from evals.scoring import citing, documents, scorers

PerCase = Callable[[CaseRecord], float | None]


def _refused(record: CaseRecord, *, answerable: bool) -> float | None:
    return float(record.refused) if record.case.answerable is answerable else None


def _ranked(ranking: Ranking, of: Callable[..., float | None], *k: int) -> PerCase:
    def score(record: CaseRecord) -> float | None:
        if not record.case.answerable or ranking not in record.rankings:
            return None
        return of(record, record.rankings[ranking], *k)

    return score


def correct(record: CaseRecord) -> float | None:
    """1 when answered with a gold answer, or rightly not answered; None where nobody can say.

    A case that could not be asked is not right.
    """
    if record.failed:
        return 0.0
    if record.case.answerable:
        return scorers.answer_quoted(record)
    return float(record.refused or record.state is record.case.state)


SCORES: Mapping[str, PerCase] = {
    "correct": correct,
    "answer_quoted": scorers.answer_quoted,
    "document_first": scorers.document_first,
    "document_in_three": scorers.document_in_three,
    "answer_words_quoted": scorers.answer_words,
    "state_expected": scorers.state_expected,
    "false_refusal": partial(_refused, answerable=True),
    "true_refusal": partial(_refused, answerable=False),
    "hit_at_1": _ranked("fused", scorers.hit_at, 1),
    "recall_at_5": _ranked("fused", scorers.recall_at, 5),
    "mrr": _ranked("fused", scorers.reciprocal_rank),
    "ndcg_at_10": _ranked("fused", scorers.ndcg_at, 10),
    "document_hit_at_1": _ranked("fused", scorers.document_hit_at, 1),
    "document_ndcg_at_10": _ranked("fused", documents.ndcg_at, 10),
    "document_recall_at_10": _ranked("fused", documents.recall_at, 10),
    "lexical_recall_at_10": _ranked("lexical", scorers.recall_at, 10),
    "dense_recall_at_10": _ranked("dense", scorers.recall_at, 10),
    "citation_precision": citing.precision,
    "citation_document_precision": citing.document_precision,
    "citation_recall": citing.recall,
    "gold_located": citing.located,
    "read_recall": citing.read_recall,
    "words": scorers.word_count,
    "violations": lambda record: float(len(record.violations)),
    "cost_usd": lambda record: record.cost_usd,
    "retrieve_ms": lambda record: record.timings_ms.get("retrieve"),
    "first_token_ms": lambda record: record.timings_ms.get("first_token"),
    "total_ms": lambda record: record.timings_ms.get("total"),
}
"""Metric id → one case's score; None where it cannot be asked of the case."""


def scores(record: CaseRecord) -> dict[str, float]:
    """The scores that can be asked of a case, with those that were made apart (`record.scores`).

    Of a case that could not be asked: that it is not right, and that it ``failed``.
    """
    if record.failed:
        return {"correct": 0.0, "failed": 1.0}
    found = {name: score(record) for name, score in SCORES.items()}
    known = {name: value for name, value in found.items() if value is not None}
    return known | {"failed": 0.0} | record.scores
