"""How sure an answer is: a small logistic model over named signals, kept in `confidence.json`.

The file holds the coefficients, the data and date of the fit and its figures, so that anybody can
read why an answer got its level.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.ask.question_type import Wanted
from app.ask.sentences import Candidate, best_documents
from app.domain import Confidence, Level, Retrieval
from app.knowledge.terms import stems

_FILE = Path(__file__).with_name("confidence.json")


@dataclass(frozen=True, slots=True)
class Judgment:
    """A confidence, whether it is enough to answer, and the signals behind it."""

    confidence: Confidence
    answerable: bool
    signals: dict[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model. Probability = 1 / (1 + exp(−(intercept + Σ coefficient · signal)))."""

    intercept: float
    coefficients: Mapping[str, float]
    answer_from: float
    """Below this probability the product says that it did not find an answer."""
    medium_from: float
    high_from: float

    def probability(self, signals: Mapping[str, float]) -> float:
        """That the documents hold an answer to the question."""
        z = self.intercept + sum(c * signals[name] for name, c in self.coefficients.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@cache
def load_model(path: Path = _FILE) -> Model:
    """The fitted model in ``path``."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Model(
        intercept=data["intercept"],
        coefficients=data["coefficients"],
        answer_from=data["thresholds"]["answer"],
        medium_from=data["thresholds"]["medium"],
        high_from=data["thresholds"]["high"],
    )


def judge(retrieval: Retrieval, candidates: Sequence[Candidate]) -> Judgment:
    """Signals → probability → level with reasons."""
    model = load_model()
    signals = measure(retrieval, candidates)
    probability = model.probability(signals) if candidates else 0.0
    answerable = probability >= model.answer_from
    if probability >= model.high_from:
        level = Level.HIGH
    elif probability >= model.medium_from:
        level = Level.MEDIUM
    else:
        level = Level.LOW
    return Judgment(
        Confidence(level, probability, tuple(_reasons(retrieval, candidates, signals, level))),
        answerable,
        signals,
    )


def measure(retrieval: Retrieval, candidates: Sequence[Candidate]) -> dict[str, float]:
    """The named signals, each about 0–1."""
    hits = retrieval.hits
    weights = retrieval.term_weights
    total = sum(weights.values()) or 1.0
    if not hits or not candidates:
        return dict.fromkeys(SIGNALS, 0.0)
    best = candidates[0]
    passage = _words(hits[0].passage.text, hits[0].document.title, hits[0].passage.heading)
    five = set().union(
        *(_words(h.passage.text, h.document.title, h.passage.heading) for h in hits[:5])
    )
    rarest = max(weights, key=lambda stem: weights[stem], default="")
    dense = sorted((hit.dense for hit in hits), reverse=True)
    lexical = sorted((hit.lexical for hit in hits), reverse=True)
    return {
        "top_dense": dense[0],
        "dense_margin": dense[0] - (dense[4] if len(dense) > 4 else dense[-1]),
        "lexical": min(2.0, lexical[0] / total),
        "passage_coverage": sum(w for s, w in weights.items() if s in passage) / total,
        "top5_coverage": sum(w for s, w in weights.items() if s in five) / total,
        "sentence_meaning": best.meaning,
        "sentence_coverage": best.coverage,
        "agreement": float(
            max(hits, key=lambda h: h.dense).passage.id
            == max(hits, key=lambda h: h.lexical).passage.id
        ),
        "kind_found": float(bool(best.spans)),
        "kind_missing": float(best.kind is not Wanted.OTHER and not best.spans),
        "rarest_missing": float(bool(rarest) and rarest not in five),
    }


SIGNALS = (
    "top_dense",
    "dense_margin",
    "lexical",
    "passage_coverage",
    "top5_coverage",
    "sentence_meaning",
    "sentence_coverage",
    "agreement",
    "kind_found",
    "kind_missing",
    "rarest_missing",
)


def _words(text: str, title: str, heading: Sequence[str]) -> set[str]:
    return set(stems(text)) | set(stems(" ".join((title, *heading))))


def _reasons(
    retrieval: Retrieval,
    candidates: Sequence[Candidate],
    signals: Mapping[str, float],
    level: Level,
) -> list[str]:
    """What speaks for and against, in words; the most telling first."""
    reasons = [
        f"“{term}” appears in no document that was searched."
        for term in retrieval.missing_terms[:3]
    ]
    if not candidates:
        reasons.append("Nothing was found to quote.")
        return reasons
    if signals["sentence_coverage"] >= 0.7:
        reasons.append("A sentence has most of the question's words.")
    elif signals["passage_coverage"] >= 0.7:
        reasons.append("One passage has most of the question's words, though no single sentence.")
    else:
        reasons.append("No passage has most of the question's words.")
    if signals["dense_margin"] >= 0.2:
        reasons.append("One passage stands out from all others.")
    elif signals["top_dense"] < 0.4:
        reasons.append("Even the nearest passage is not close in meaning.")
    agreeing = len(best_documents(candidates, within=0.7))
    if agreeing > 1 and level is not Level.LOW:
        reasons.append(f"{agreeing} documents say something close to this.")
    if signals["kind_missing"]:
        what = {
            Wanted.TIME: "date or time",
            Wanted.DURATION: "period of time",
            Wanted.MONEY: "amount of money",
            Wanted.PERCENT: "percentage",
            Wanted.NUMBER: "number",
            Wanted.NAME: "name",
        }[candidates[0].kind]
        reasons.append(f"The question asks for a {what}, and the best sentence has none.")
    return reasons
