"""How sure an answer is: a small logistic model over named signals, kept in `confidence.json`.

The file holds the coefficients, the data and date of the fit and its figures, so that anybody can
read why an answer got its level.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app.ask.question_type import Wanted
from app.ask.sentences import Candidate, best_documents
from app.domain import Confidence, Hit, Level, Retrieval
from app.knowledge.terms import stem_set

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
    levels: Mapping[str, str] = field(default_factory=dict)
    """Level → how often its answers were right in the tests: "right 9 times in 10"."""

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
        levels=data.get("levels", {}),
    )


def judge(
    retrieval: Retrieval, candidates: Sequence[Candidate], model: Model | None = None
) -> Judgment:
    """Signals → probability → level with reasons. ``model``: None for the one that is shipped."""
    model = model or load_model()
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
        Confidence(
            level,
            probability,
            tuple(_reasons(retrieval, candidates, signals, level)),
            _measured(model, level) if answerable else "",
        ),
        answerable,
        signals,
    )


def _measured(model: Model, level: Level) -> str:
    told = model.levels.get(level.value)
    return f"Answers like this were {told} in our tests." if told else ""


_STANDS_OUT = 6
"""Rank of the sentence that the best one is compared with, and the most that the difference of
their scores counts for: beyond it nothing gets surer."""
_DOCUMENT_STANDS_OUT = 0.4
"""Likewise for the difference between the best passages of the two best documents."""


def measure(retrieval: Retrieval, candidates: Sequence[Candidate]) -> dict[str, float]:
    """The named signals, each about 0–1.

    Those that the model uses were chosen because they transfer: their distribution on answerable
    questions is nearly the same on collections as different as encyclopaedia articles, search
    queries and virology papers. The others are kept to be read, and for a refit.
    """
    hits = retrieval.hits
    weights = retrieval.term_weights
    total = sum(weights.values()) or 1.0
    if not hits or not candidates:
        return dict.fromkeys(SIGNALS, 0.0)
    best = candidates[0]
    passage = _words(best.hit)
    five = frozenset[str]().union(*(_words(hit) for hit in hits[:5]))
    rarest = max(weights, key=lambda stem: weights[stem], default="")
    dense = sorted((hit.dense for hit in hits), reverse=True)
    behind = candidates[min(_STANDS_OUT, len(candidates)) - 1]
    matches = [one.words for one in candidates if one.words is not None]
    return {
        "best_sentence": best.score / 10,
        "sentence_margin": min(best.score - behind.score, _STANDS_OUT) / _STANDS_OUT,
        "document_margin": min(_document_margin(hits), _DOCUMENT_STANDS_OUT) / _DOCUMENT_STANDS_OUT,
        "every_word": max((match.every for match in matches), default=best.meaning),
        "key_words": max((match.key for match in matches), default=best.meaning),
        "top_dense": dense[0],
        "dense_margin": dense[0] - dense[min(5, len(dense)) - 1],
        "lexical": min(2.0, max(hit.lexical for hit in hits) / total),
        "passage_coverage": sum(w for s, w in weights.items() if s in passage) / total,
        "top5_coverage": sum(w for s, w in weights.items() if s in five) / total,
        "sentence_meaning": best.meaning,
        "sentence_coverage": best.coverage,
        "agreement": float(
            max(hits, key=lambda h: h.dense).passage.id
            == max(hits, key=lambda h: h.lexical).passage.id
        ),
        "kind_missing": float(best.kind is not Wanted.OTHER and not best.spans),
        "rarest_missing": float(bool(rarest) and rarest not in five),
    }


SIGNALS = (
    "best_sentence",
    "sentence_margin",
    "document_margin",
    "every_word",
    "key_words",
    "top_dense",
    "dense_margin",
    "lexical",
    "passage_coverage",
    "top5_coverage",
    "sentence_meaning",
    "sentence_coverage",
    "agreement",
    "kind_missing",
    "rarest_missing",
)


def _document_margin(hits: Sequence[Hit]) -> float:
    """How far the best document's best passage scores above the next document's."""
    best: dict[str, float] = {}
    for hit in hits:
        best[hit.document.id] = max(best.get(hit.document.id, hit.score), hit.score)
    first, second, *_ = [*sorted(best.values(), reverse=True), 0.0]
    return max(0.0, first - second)


def _words(hit: Hit) -> frozenset[str]:
    above = " ".join((hit.document.title, *hit.passage.heading))
    return stem_set(hit.passage.text) | stem_set(above)


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
    if signals["document_margin"] >= 0.5:
        reasons.append("One document stands out from all others.")
    elif signals["top_dense"] < 0.4:
        reasons.append("Even the nearest passage is not close in meaning.")
    agreeing = len(best_documents(candidates, within=0.7))
    if agreeing > 1 and level is not Level.LOW:
        reasons.append(f"{agreeing} documents speak of this.")
    if signals["kind_missing"]:
        what = {
            Wanted.TIME: "a date or time",
            Wanted.DURATION: "a period of time",
            Wanted.MONEY: "an amount of money",
            Wanted.PERCENT: "a percentage",
            Wanted.NUMBER: "a number",
            Wanted.NAME: "a name",
        }[candidates[0].kind]
        reasons.append(f"The question asks for {what}, and the best sentence has none.")
    return reasons
