"""A run's figures, slices and bad cases as one structure, and that as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from evals import curves, scorers, states
from evals.records import CaseRecord, Ranking, RunResult
from evals.scorers import Figure, Figures

RANKINGS: dict[Ranking, str] = {
    "fused": "as set",
    "dense": "cosine alone",
    "lexical": "BM25 alone",
}
_SLICE_MINIMUM = 3
SLICE_FIGURES = (
    "n",
    "document_first",
    "document_in_three",
    "answer_quoted",
    "false_refusal",
    "true_refusal",
)
"""What is said of each slice."""


@dataclass(frozen=True, slots=True)
class BadCase:
    """A case to read through: what was asked, what was quoted, what was wanted."""

    kind: str
    id: str
    question: str
    probability: float
    cited: tuple[str, ...]
    quoted: str
    gold_documents: tuple[str, ...]
    gold_answers: tuple[str, ...]
    gold_passage: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run says. ``sections``: title → figures by metric id."""

    dataset: str
    made_at: str
    cases: int
    answerable: int
    seconds: float
    environment: dict[str, Any]
    notes: tuple[str, ...]
    violations: int
    violation_examples: tuple[str, ...]
    states: dict[str, int]
    sections: dict[str, Figures]
    retrieval: dict[str, Figures]
    slices: dict[str, Figures]
    worst: tuple[BadCase, ...]
    confusion: dict[str, dict[str, int]] = field(default_factory=dict)
    """State expected → state given → cases."""
    reliability: tuple[curves.Reliability, ...] = ()
    risk_coverage: tuple[curves.RiskCoverage, ...] = ()


def summarize(result: RunResult, worst: int = 20) -> Report:
    """The report of a run. ``worst``: bad cases listed of each kind."""
    records = result.records
    broken = [record for record in records if record.violations]
    made = {name for record in records for name in record.rankings}
    return Report(
        dataset=result.dataset,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        cases=len(records),
        answerable=sum(record.case.answerable for record in records),
        seconds=result.seconds,
        environment=result.environment,
        notes=result.notes,
        violations=scorers.count_violations(records),
        violation_examples=tuple(f"{r.case.id}: {r.violations[0]}" for r in broken[:10]),
        states=scorers.states(records),
        sections={
            "Answers": scorers.answers(records),
            "States": states.expected(records),
            "Abstention and calibration": scorers.abstention(records),
            "Levels": states.levels(records),
            "Baseline: sentence nearest to the question": scorers.nearest_sentence(records),
            "Milliseconds": scorers.latencies(records),
        },
        retrieval={
            label: scorers.retrieval(records, name)
            for name, label in RANKINGS.items()
            if name in made
        },
        slices=dict(_slices(records)),
        worst=tuple(bad_cases(records, worst)),
        confusion=states.confusion(records),
        reliability=_reliability(result),
        risk_coverage=_risk_coverage(result),
    )


def bad_cases(records: Sequence[CaseRecord], count: int) -> Iterator[BadCase]:
    """Up to ``count`` of each kind, the surest wrong answers and the surest refusals first."""
    replied = [r for r in records if not r.refused]
    kinds = {
        "wrong": [r for r in replied if r.case.answerable and _is_wrong(r)],
        "answered though unanswerable": [r for r in replied if not r.case.answerable],
        "refused though answerable": [r for r in records if r.refused and r.case.answerable],
    }
    for kind, found in kinds.items():
        sign = 1 if kind.startswith("refused") else -1
        for record in sorted(found, key=lambda r: sign * r.probability)[:count]:
            case = record.case
            yield BadCase(
                kind=kind,
                id=case.id,
                question=case.question,
                probability=record.probability,
                cited=record.cited or record.closest,
                quoted=record.text,
                gold_documents=case.documents,
                gold_answers=case.answers,
                gold_passage=case.gold[0].passage if case.gold else "",
                why=case.why,
            )


def to_json(report: Report) -> str:
    """The whole report, indented."""
    data = asdict(report)
    return json.dumps(_rounded(data), ensure_ascii=False, indent=1) + "\n"


def _slices(records: Sequence[CaseRecord]) -> Iterator[tuple[str, Figures]]:
    counts = Counter(tag for record in records for tag in record.case.tags)
    for tag, count in counts.most_common():
        if count < _SLICE_MINIMUM or count == len(records):
            continue
        own = [record for record in records if tag in record.case.tags]
        figures = scorers.answers(own) | scorers.refusals(own)
        figures["n"] = Figure(count, count, unit="amount")
        yield tag, {name: figures[name] for name in SLICE_FIGURES}


def _reliability(result: RunResult) -> tuple[curves.Reliability, ...]:
    made = curves.reliability(
        result.dataset,
        [record.probability for record in result.records],
        [float(record.case.answerable) for record in result.records],
    )
    return (made,) if made else ()


def _risk_coverage(result: RunResult) -> tuple[curves.RiskCoverage, ...]:
    """Refused questions have no answer to judge: the curve ends where the product stops."""
    if not any(scorers.answer_quoted(record) is not None for record in result.records):
        return ()  # only answers to unanswerable questions could be judged, all of them wrong
    made = curves.risk_coverage(
        result.dataset,
        [
            (record.probability, None if record.refused else right)
            for record in result.records
            if (right := scorers.right(record)) is not None
        ],
        threshold=0.0,
    )
    return (made,) if made else ()


def _is_wrong(record: CaseRecord) -> bool:
    quoted = scorers.answer_quoted(record)
    return quoted == 0.0 if quoted is not None else scorers.document_in_three(record) == 0.0


def _rounded(data: Any) -> Any:
    """Four decimals: what is below is noise, and differences between reports stay readable."""
    if isinstance(data, float):
        return round(data, 4)
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    return [_rounded(value) for value in data] if isinstance(data, list | tuple) else data
