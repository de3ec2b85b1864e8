"""Cases of a run to read through: the surest wrong answers first, and how they came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain import AnswerState
from app.insights.evals.row import Row, TraceStep
from app.insights.evals.run_file import RunFile

KINDS = (
    "could not be asked",
    "wrong",
    "answered though unanswerable",
    "refused though answerable",
)
SHOWN_EACH = 10
"""Cases of each kind in a report file: enough to read in one sitting. The JSON has all."""
_LONGEST = 600
"""Characters shown of a text."""
_SOURCES = 3
_THINNEST = 0.4
"""Percent of the width that a bar has at least, to be seen."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A case, and what is bad about it: one of `KINDS`."""

    kind: str
    row: Row


@dataclass(frozen=True, slots=True)
class Bar:
    """A step in a waterfall; ``left`` and ``width`` are percent of the whole."""

    step: TraceStep
    left: float
    width: float


def bad_rows(run: RunFile, each: int = SHOWN_EACH) -> list[BadRow]:
    """Up to ``each`` of each kind; surest wrong answers and surest refusals first.

    None of a run that was written without texts: there would be nothing to read.
    """
    rows = [row for row in run.rows if row.question]
    found = []
    for kind in KINDS:
        sign = 1 if kind.startswith("refused") else -1
        own = [row for row in rows if kind_of(row) == kind]
        own.sort(key=lambda row: (sign * row.probability, row.id))
        found += [BadRow(kind, row) for row in own[:each]]
    return found


def kind_of(row: Row) -> str:
    """What is bad about a case; empty for one that went well, or that nobody can judge."""
    if row.error:
        return KINDS[0]
    refused = row.state == AnswerState.NOT_FOUND
    if not row.answerable:
        return "" if refused or row.right else KINDS[2]
    if refused:
        return KINDS[3]
    judged = row.scores.get("answer_quoted", row.scores.get("document_in_three"))
    return KINDS[1] if judged == 0 else ""


def told(row: Row) -> list[tuple[str, str]]:
    """What is worth reading of a case, labeled, but for its documents."""
    told = [
        ("after", " · ".join(row.after)),
        ("asked", row.question),
        ("said", row.text),
        ("wanted", " | ".join(row.answers)),
        ("reference", row.reference),
        ("matters", row.why),
        ("error", row.error),
    ]
    return [(label, shortened(text)) for label, text in told if text]


def sources(row: Row) -> list[tuple[str, tuple[str, ...]]]:
    """The documents that a case cited, or showed as closest, and those that it should have."""
    given = ("closest" if row.state == AnswerState.NOT_FOUND else "cited", _once(row.cited))
    return [(label, names) for label, names in (given, ("gold", _once(row.wanted))) if names]


def waterfall(trace: Sequence[TraceStep]) -> list[Bar]:
    """The steps of an answer as bars on one line of time; none without steps that took time."""
    end = max((step.start_ms + step.ms for step in trace), default=0.0)
    if end <= 0:
        return []
    return list(_bars(trace, end))


def shortened(text: str) -> str:
    """On one line, cut where it is too long to read."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + "…"


def _bars(trace: Sequence[TraceStep], end: float) -> Iterator[Bar]:
    for step in trace:
        left = min(100 * step.start_ms / end, 100 - _THINNEST)
        yield Bar(step, left, min(max(_THINNEST, 100 * step.ms / end), 100 - left))


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:_SOURCES]
