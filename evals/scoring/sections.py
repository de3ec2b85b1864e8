"""The figures of a report in its sections. Each figure that a row has a score for is their mean."""

from __future__ import annotations

from collections.abc import Sequence

from evals.running.records import CaseRecord
from evals.scoring import citing, fairness, per_case, scorers, states
from evals.scoring.scorers import Figure, Figures, PerCase, Unit

SIMILARITY = ("rouge_l", "string_similarity", "semantic_similarity")
"""Scores of `CaseRecord.scores` that no model judges; the others there are a judge's."""


def sections(records: Sequence[CaseRecord]) -> dict[str, Figures]:
    """Title → figures by metric id, in the order of the report; a judge's only where there are any.

    Cases that could not be asked count in the first section's ``correct`` and ``failed`` alone.
    """
    asked = [record for record in records if not record.failed]
    made = {
        "Answers": {
            "correct": scorers.average(records, per_case.correct),
            "failed": scorers.average(records, lambda record: float(record.failed)),
        }
        | scorers.answers(asked),
        "Citations": citations(asked),
        "States": states.expected(asked),
        "Abstention and calibration": scorers.abstention(asked),
        "Levels": states.levels(asked),
        "Fairness": fairness.gaps(records),
        "Similarity to the reference answer": {
            name: scorers.average(asked, _extra(name)) for name in SIMILARITY
        },
        "Judged by a model": judged(asked),
        "Gold passages": passages(asked),
        "Baseline: sentence nearest to the question": scorers.nearest_sentence(asked),
        "Cost": {
            "cost_per_question": scorers.average(asked, lambda record: record.cost_usd, "usd")
        },
        "Milliseconds": scorers.latencies(asked),
    }
    return {title: figures for title, figures in made.items() if figures}


def citations(records: Sequence[CaseRecord]) -> Figures:
    """How many citations are of what they should be, and how many are simply wrong."""
    return {
        "citation_precision": scorers.average(records, citing.precision),
        "citation_document_precision": scorers.average(records, citing.document_precision),
        "citation_recall": scorers.average(records, citing.recall),
        "violations": Figure(float(scorers.count_violations(records)), len(records), unit="amount"),
    }


def passages(records: Sequence[CaseRecord]) -> Figures:
    """Whether the gold passages are in the index, are read, and are found by either score alone."""
    alone = ("lexical_recall_at_10", "dense_recall_at_10")
    return {
        "gold_located": scorers.average(records, citing.located),
        "read_recall": scorers.average(records, citing.read_recall),
    } | {name: scorers.average(records, per_case.SCORES[name]) for name in alone}


def judged(records: Sequence[CaseRecord]) -> Figures:
    """What a judge said; empty without one."""
    names = dict.fromkeys(
        name for record in records for name in record.scores if name not in SIMILARITY
    )
    return {name: scorers.average(records, _extra(name), _unit(records, name)) for name in names}


def _extra(name: str) -> PerCase:
    return lambda record: record.scores.get(name)


def _unit(records: Sequence[CaseRecord], name: str) -> Unit:
    """A rubric may have points; all else is a share."""
    values = [record.scores[name] for record in records if name in record.scores]
    return "share" if all(0 <= value <= 1 for value in values) else "score"
