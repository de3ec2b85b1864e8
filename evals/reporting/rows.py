"""A run's records as the rows of its report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from app.insights.evals.row import Row
from evals.running.records import CaseRecord
from evals.scoring.per_case import scores


def rows(
    records: Sequence[CaseRecord], *, texts: bool = True, traced: Collection[str] = ()
) -> tuple[Row, ...]:
    """One row for each record. ``texts`` False: scores alone, for documents one may not publish.

    ``traced``: ids of the cases whose steps are kept.
    """
    return tuple(_row(record, texts, record.case.id in traced) for record in records)


def _row(record: CaseRecord, texts: bool, traced: bool) -> Row:
    case = record.case
    row = Row(
        id=case.id,
        question=case.question,
        answerable=case.answerable,
        state=record.state.value,
        level=record.level.value,
        probability=record.probability,
        expected=case.state.value if case.state else "",
        tags=case.tags,
        group=case.group,
        split=case.split,
        text=record.text,
        reference=case.reference,
        answers=case.answers,
        cited=record.cited or record.closest,
        wanted=case.documents,
        why=case.why,
        after=case.after,
        scores=scores(record),
        claims=record.claims,
        trace=record.trace if traced else (),
        error=record.error,
    )
    return row if texts else replace(row, **_WITHOUT_TEXTS)


_WITHOUT_TEXTS: dict[str, Any] = {
    "question": "",
    "text": "",
    "reference": "",
    "answers": (),
    "cited": (),
    "wanted": (),
    "why": "",
    "after": (),
    "claims": (),
    "trace": (),
    "error": "",
}
