"""Records → figures. Pure: no store, no model, only what a run left.

A figure has a value, a 95 % bootstrap interval, and ``n``: how many cases it stands on. The same
question in other words is one family, and families are drawn, not cases. A case that
a figure cannot be asked of (no gold answer, passage not located) is left out of its ``n``.
Questions that have an answer but were refused count as wrong in every answer figure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.domain import AnswerState, Level
from evals.running.records import CaseRecord, RankedPassage, Ranking
from evals.scoring import calibration, documents
from evals.scoring.text import contains_any, word_recall

CUTOFFS = (1, 3, 5, 10)
SHOWN_FIRST = 3
"""How many citations, or closest passages, a reader is taken to look at."""


Unit = Literal["share", "amount", "ms", "score", "usd"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report; ``value`` is None when no case could be asked.

    ``unit``: a share of the cases (0–1), an amount of something, milliseconds, US dollars, or a
    bare score.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    unit: Unit = "share"


Figures = dict[str, Figure]
PerCase = Callable[[CaseRecord], float | None]


# --- one case ----------------------------------------------------------------------------------


def document_first(record: CaseRecord) -> float | None:
    """1 when the first citation is of a gold document."""
    if not record.case.documents:
        return None
    return float(bool(record.cited) and record.cited[0] in record.case.documents)


def document_in_three(record: CaseRecord) -> float | None:
    """1 when a gold document is among the first three citations, or closest if refused."""
    if not record.case.documents:
        return None
    shown = (record.cited or record.closest)[:SHOWN_FIRST]
    return float(any(name in record.case.documents for name in shown))


def answer_quoted(record: CaseRecord) -> float | None:
    """1 when the quoted text contains a gold answer (`evals.scoring.text.contains`)."""
    if not record.case.answerable or not record.case.answers:
        return None
    return float(contains_any(record.text, record.case.answers))


def answer_words(record: CaseRecord) -> float | None:
    """Share of a gold answer's words that the quoted text has; the best gold answer counts."""
    if not record.case.answerable or not record.case.answers:
        return None
    return max(word_recall(record.text, answer) for answer in record.case.answers)


def right(record: CaseRecord) -> float | None:
    """1 for a right answer, 0 for a wrong one, a refusal, or an answer where there is none."""
    return answer_quoted(record) if record.case.answerable else 0.0


def word_count(record: CaseRecord) -> float | None:
    """Words of the answer; None for a refusal."""
    return None if record.refused else float(len(record.text.split()))


def state_expected(record: CaseRecord) -> float | None:
    """1 when the state is the one that the case asks for."""
    return None if record.case.state is None else float(record.state is record.case.state)


def relevance(record: CaseRecord, ranking: Sequence[RankedPassage]) -> list[set[int]] | None:
    """For each rank the gold passages that appear there first; None when none was located.

    A second passage that covers the same gold passage gains nothing.
    """
    wanted = {i for i, located in enumerate(record.located) if located}
    if not wanted:
        return None
    seen: set[int] = set()
    gains = []
    for passage in ranking:
        new = (set(passage.gold) & wanted) - seen
        seen |= new
        gains.append(new)
    return gains


def recall_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """Share of the case's located gold passages covered by the first ``k``."""
    gains = relevance(record, ranking)
    return None if gains is None else sum(map(len, gains[:k])) / sum(record.located)


def hit_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """1 when one of the first ``k`` covers a gold passage."""
    gains = relevance(record, ranking)
    return None if gains is None else float(any(gains[:k]))


def document_hit_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """1 when one of the first ``k`` is of a gold document."""
    if not record.case.documents:
        return None
    return float(any(passage.document in record.case.documents for passage in ranking[:k]))


def reciprocal_rank(record: CaseRecord, ranking: Sequence[RankedPassage]) -> float | None:
    """1 ÷ rank of the first passage that covers gold; 0 when none does."""
    gains = relevance(record, ranking)
    if gains is None:
        return None
    return next((1 / rank for rank, new in enumerate(gains, 1) if new), 0.0)


def ndcg_at(record: CaseRecord, ranking: Sequence[RankedPassage], k: int) -> float | None:
    """Normalized discounted cumulative gain (Järvelin & Kekäläinen 2002), log2, gain 0 or 1.

    The ideal ranking has each gold passage at a rank of its own, from the first on.
    """
    gains = relevance(record, ranking)
    if gains is None:
        return None
    gain = sum(bool(new) / math.log2(rank + 1) for rank, new in enumerate(gains[:k], 1))
    # A passage that covers two gold passages at once stands for both.
    ideal = max(1, sum(record.located) - sum(max(0, len(new) - 1) for new in gains))
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(ideal, k) + 1))


# --- all cases ---------------------------------------------------------------------------------


def average(records: Iterable[CaseRecord], per_case: PerCase, unit: Unit = "share") -> Figure:
    """The mean of ``per_case`` where it can be asked, with its interval."""
    asked = [(value, r.case.group) for r in records if (value := per_case(r)) is not None]
    if not asked:
        return Figure(None, 0, unit=unit)
    values, groups = [value for value, _ in asked], [group for _, group in asked]
    low, high = calibration.bootstrap_mean(values, groups) or (None, None)
    return Figure(calibration.mean(values), len(values), low, high, unit)


def answers(records: Sequence[CaseRecord]) -> Figures:
    """What was cited and quoted. Refused questions that have an answer count as wrong."""
    answerable = [record for record in records if record.case.answerable]
    given = [record for record in records if not record.refused]
    replied = [record for record in answerable if not record.refused]
    words = [count for record in given if (count := word_count(record)) is not None]
    most = float(max((record.sentences for record in given), default=0)) if given else None
    return {
        "document_first": average(answerable, document_first),
        "document_first_when_answered": average(replied, document_first),
        "document_in_three": average(answerable, document_in_three),
        "answer_quoted": average(answerable, answer_quoted),
        "answer_quoted_when_answered": average(replied, answer_quoted),
        "answer_words_quoted": average(answerable, answer_words),
        "state_expected": average(records, state_expected),
        "words_mean": average(given, word_count, "amount"),
        "words_p95": Figure(_quantile(words, 0.95), len(words), unit="amount"),
        "sentences_mean": average(given, lambda record: float(record.sentences), "amount"),
        "sentences_most": Figure(most, len(given), unit="amount"),
    }


def refusals(records: Sequence[CaseRecord]) -> Figures:
    """How often the product refused, where it should not have and where it should."""
    answerable = [record for record in records if record.case.answerable]
    unanswerable = [record for record in records if not record.case.answerable]
    return {
        "false_refusal": average(answerable, lambda record: float(record.refused)),
        "true_refusal": average(unanswerable, lambda record: float(record.refused)),
    }


def abstention(records: Sequence[CaseRecord]) -> Figures:
    """Refusals, and how well the probability tells answerable from not, and right from wrong."""
    answerable = [(r, float(r.case.answerable)) for r in records]
    judged = [(record, value) for record in records if (value := right(record)) is not None]
    return refusals(records) | {
        "auroc_answerable": _estimate(calibration.auroc, answerable),
        "brier_answerable": _estimate(calibration.brier, answerable),
        "ece_answerable": _estimate(calibration.ece, answerable),
        "auroc_right": _estimate(calibration.auroc, judged),
        "brier_right": _estimate(calibration.brier, judged),
        "ece_right": _estimate(calibration.ece, judged),
        "right_at_80": _estimate(calibration.selective_accuracy, judged, "share"),
        "aurc": _estimate(calibration.aurc, judged),
    }


def retrieval(records: Sequence[CaseRecord], ranking: Ranking) -> Figures:
    """Figures of one ranking over questions that have an answer."""
    asked = [r for r in records if r.case.answerable and ranking in r.rankings]

    def figure(of: Callable[..., float | None], *k: int) -> Figure:
        return average(asked, lambda record: of(record, record.rankings[ranking], *k))

    return {
        "hit_at_1": figure(hit_at, 1),
        "hit_at_5": figure(hit_at, 5),
        **{f"recall_at_{k}": figure(recall_at, k) for k in CUTOFFS},
        "mrr": figure(reciprocal_rank),
        "ndcg_at_10": figure(ndcg_at, 10),
        "document_hit_at_1": figure(document_hit_at, 1),
        "document_hit_at_5": figure(document_hit_at, 5),
        "document_ndcg_at_10": figure(documents.ndcg_at, 10),
        "document_recall_at_10": figure(documents.recall_at, 10),
    }


def nearest_sentence(records: Sequence[CaseRecord]) -> Figures:
    """How often a gold answer stands in the best sentences by cosine alone."""
    asked = [record for record in records if record.best_sentences and record.case.answerable]

    def within(k: int) -> PerCase:
        def one(record: CaseRecord) -> float | None:
            if not record.case.answers:
                return None
            text = " ".join(record.best_sentences[:k])
            return float(contains_any(text, record.case.answers))

        return one

    return {f"best_{k}_by_cosine": average(asked, within(k)) for k in (1, 3)}


def levels(records: Sequence[CaseRecord]) -> dict[str, Figure]:
    """Share of right answers among those given at each level, refusals apart."""
    given = [record for record in records if not record.refused]
    return {
        level.value: average([record for record in given if record.level is level], right)
        for level in Level
    }


def states(records: Sequence[CaseRecord]) -> dict[str, int]:
    """How often each state was given."""
    counted = Counter(record.state for record in records)
    return {state.value: counted[state] for state in AnswerState if counted[state]}


def latencies(records: Sequence[CaseRecord]) -> Figures:
    """Median and 95th percentile of each step inside the Asker."""
    steps = ("retrieve", "answer", "verify", "first_token", "total")
    figures: Figures = {}
    for step in steps:
        values = [r.timings_ms[step] for r in records if step in r.timings_ms]
        for name, q in (("p50", 0.5), ("p95", 0.95)):
            figures[f"{step}_{name}"] = Figure(_quantile(values, q), len(values), unit="ms")
    return figures


def count_violations(records: Iterable[CaseRecord]) -> int:
    """How many things are wrong with citations; must be 0."""
    return sum(len(record.violations) for record in records)


def _estimate(
    figure: Callable[..., float | None],
    labeled: Sequence[tuple[CaseRecord, float]],
    unit: Unit = "score",
) -> Figure:
    probabilities = [record.probability for record, _ in labeled]
    labels = [label for _, label in labeled]
    value = figure(probabilities, labels)
    if value is None:
        return Figure(None, len(labels), unit=unit)
    groups = [record.case.group for record, _ in labeled]
    low, high = calibration.bootstrap(figure, probabilities, labels, groups=groups) or (None, None)
    return Figure(value, len(labels), low, high, unit)


def _quantile(values: Sequence[float], q: float) -> float | None:
    return float(np.quantile(values, q)) if len(values) else None
