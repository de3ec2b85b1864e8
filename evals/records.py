"""What a run leaves: one record for each case, as plain data that a JSON line holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from app.domain import AnswerState, Level
from evals.datasets import Case

Ranking = Literal["fused", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A retrieved passage; offsets are the document's.

    ``gold``: which of the case's gold passages (by place in ``case.gold``) it overlaps.
    """

    document: str
    passage_id: str
    start: int
    end: int
    score: float
    dense: float
    lexical: float
    gold: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What the product did with one case.

    ``text`` is what it quoted, ``sentences`` how many of the documents' sentences that is;
    ``cited`` and ``closest`` are documents in the order shown; ``hits`` is what the answerer read.
    ``rankings`` are the retriever's first passages as set, by cosine alone and by BM25 alone;
    ``best_sentences`` the first three by cosine alone among what the answerer read.
    ``located``: whether each gold passage was found in its document's extracted text.
    """

    case: Case
    state: AnswerState
    level: Level
    probability: float
    text: str
    sentences: int
    cited: tuple[str, ...]
    closest: tuple[str, ...]
    hits: tuple[RankedPassage, ...]
    rankings: dict[Ranking, tuple[RankedPassage, ...]]
    best_sentences: tuple[str, ...]
    located: tuple[bool, ...]
    violations: tuple[str, ...]
    timings_ms: dict[str, float]
    answer: dict[str, Any]

    @property
    def refused(self) -> bool:
        """The product said that it did not find an answer."""
        return self.state is AnswerState.NOT_FOUND


@dataclass(frozen=True, slots=True)
class RunResult:
    """All records of a run in the dataset's order, and what they were made with."""

    dataset: str
    records: tuple[CaseRecord, ...]
    seconds: float
    environment: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


_ADAPTER = TypeAdapter(CaseRecord)


def to_line(record: CaseRecord) -> str:
    """A record as one line of JSON."""
    return _ADAPTER.dump_json(record).decode()


def from_line(line: str) -> CaseRecord:
    """The record in a line written by `to_line`. Raises ValueError when it is not one."""
    return _ADAPTER.validate_json(line)
