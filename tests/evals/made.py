"""Records made by hand, for figures that are computed by hand."""

from __future__ import annotations

from typing import Any

from app.domain import AnswerState, Level
from evals.datasets import Case, Gold
from evals.records import CaseRecord, RankedPassage


def passage(document: str, *gold: int) -> RankedPassage:
    return RankedPassage(document, f"p{id(gold)}", 0, 10, 0.5, 0.5, 1.0, gold)


def record(**changes: Any) -> CaseRecord:
    """An answered question with a right answer; ``changes`` to the record or its case."""
    case: dict[str, Any] = {
        "id": "q",
        "question": "How long?",
        "answerable": True,
        "gold": (Gold("rules.md", "A term is four years."),),
        "answers": ("four years", "4 years"),
        "tags": (),
        "state_wanted": None,
    }
    case |= {key: changes.pop(key) for key in list(changes) if key in case}
    wanted = case.pop("state_wanted")
    fields: dict[str, Any] = {
        "case": Case(**case, state=wanted),
        "state": AnswerState.ANSWERED,
        "level": Level.HIGH,
        "probability": 0.9,
        "text": "A term is four years.",
        "sentences": 1,
        "cited": ("rules.md",),
        "closest": (),
        "hits": (),
        "rankings": {},
        "best_sentences": (),
        "located": (True,),
        "violations": (),
        "timings_ms": {"total": 10.0},
        "answer": {},
    }
    return CaseRecord(**fields | changes)


def refused(**changes: Any) -> CaseRecord:
    return record(
        **{
            "state": AnswerState.NOT_FOUND,
            "text": "",
            "sentences": 0,
            "cited": (),
            "probability": 0.1,
            "level": Level.LOW,
        }
        | changes
    )
