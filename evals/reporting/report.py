"""A run's figures, slices and bad cases as one structure, and that as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any

from app import moment
from app.insights.evals.gate import GateReport
from app.insights.evals.row import Row
from app.insights.evals.run_file import FORMAT
from evals.reporting.rows import rows
from evals.running.records import CaseRecord, Ranking, RunResult
from evals.scoring import curves, per_case, scorers, states
from evals.scoring.scorers import Figure, Figures
from evals.scoring.sections import sections

RANKINGS: dict[Ranking, str] = {
    "fused": "as set",
    "dense": "cosine alone",
    "lexical": "BM25 alone",
}
_SLICE_MINIMUM = 3
_SLOWEST = 5
"""Rows that keep their trace for how long they took."""
SLICE_FIGURES = (
    "n",
    "correct",
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
    configuration: dict[str, Any] = field(default_factory=dict)
    """Settings of answering, by their names in `Settings`."""
    gates: GateReport | None = None
    rows: tuple[Row, ...] = ()
    format: int = FORMAT


def summarize(result: RunResult, worst: int = 20, *, texts: bool = True) -> Report:
    """The report of a run.

    ``worst``: bad cases listed of each kind. ``texts`` False: nothing that was asked or answered
    is in it, for questions and documents that one may not publish.
    """
    records = tuple(record for record in result.records if not record.failed)
    broken = [record for record in records if record.violations]
    made = {name for record in records for name in record.rankings}
    bad = tuple(bad_cases(records, worst))
    slowest = sorted(records, key=lambda record: -record.timings_ms.get("total", 0.0))[:_SLOWEST]
    traced = {case.id for case in bad} | {record.case.id for record in slowest}
    return Report(
        dataset=result.dataset,
        made_at=moment.now().isoformat(timespec="seconds"),
        cases=len(result.records),
        answerable=sum(record.case.answerable for record in result.records),
        seconds=result.seconds,
        environment=result.environment,
        notes=result.notes,
        violations=scorers.count_violations(records),
        violation_examples=tuple(f"{r.case.id}: {r.violations[0]}" for r in broken[:10]),
        states=scorers.states(records),
        sections=sections(result.records),
        retrieval={
            label: scorers.retrieval(records, name)
            for name, label in RANKINGS.items()
            if name in made
        },
        slices=dict(_slices(result.records)),
        worst=bad if texts else (),
        confusion=states.confusion(records),
        reliability=_reliability(result.dataset, records),
        risk_coverage=_risk_coverage(result.dataset, records),
        configuration=result.configuration,
        rows=rows(result.records, texts=texts, traced=traced),
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
    """The whole report: figures indented, then a line for each case, without what it lacks.

    The rows come last, so that a list of runs can leave them unread.
    """
    data = asdict(replace(report, rows=()))
    del data["rows"]
    head = json.dumps(_rounded(data), ensure_ascii=False, indent=1)
    lines = ",\n  ".join(_row_line(row) for row in report.rows)
    rows = f"[\n  {lines}\n ]" if lines else "[]"
    return f'{head.removesuffix("}").rstrip()},\n "rows": {rows}\n}}\n'


def _row_line(row: Row) -> str:
    needed = {part.name for part in fields(row) if part.default is part.default_factory is MISSING}
    told = {
        name: value
        for name, value in asdict(row).items()
        if name in needed or value not in ("", (), {})
    }
    return json.dumps(_rounded(told), ensure_ascii=False)


def _slices(records: Sequence[CaseRecord]) -> Iterator[tuple[str, Figures]]:
    """By tag, and by split where both have cases: figures that name their split are read there."""
    sizes = Counter(record.case.split for record in records)
    both = len(sizes) > 1 and min(sizes.values()) >= _SLICE_MINIMUM
    named = [(r, (*r.case.tags, *([r.case.split] if both else []))) for r in records]
    counts = Counter(name for _, names in named for name in dict.fromkeys(names))
    for name, count in counts.most_common():
        if count < _SLICE_MINIMUM or count == len(records):
            continue
        own = [record for record, names in named if name in names]
        asked = [record for record in own if not record.failed]
        figures = scorers.answers(asked) | scorers.refusals(asked)
        figures["correct"] = scorers.average(own, per_case.correct)
        figures["n"] = Figure(count, count, unit="amount")
        yield name, {one: figures[one] for one in SLICE_FIGURES}


def _reliability(dataset: str, records: Sequence[CaseRecord]) -> tuple[curves.Reliability, ...]:
    made = curves.reliability(
        dataset,
        [record.probability for record in records],
        [float(record.case.answerable) for record in records],
    )
    return (made,) if made else ()


def _risk_coverage(dataset: str, records: Sequence[CaseRecord]) -> tuple[curves.RiskCoverage, ...]:
    """Refused questions have no answer to judge: the curve ends where the product stops."""
    if not any(scorers.answer_quoted(record) is not None for record in records):
        return ()  # only answers to unanswerable questions could be judged, all of them wrong
    made = curves.risk_coverage(
        dataset,
        [
            (record.probability, None if record.refused else right)
            for record in records
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
