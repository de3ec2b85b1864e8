"""What a run leaves: one record for each case, as plain data that a JSON line holds."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from app.domain import AnswerState, Level
from app.errors import BadRequest, NotFound
from app.insights.evals.row import Claim, TraceStep
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
class CitedPlace:
    """A citation: the document, by the dataset's name, and the quote's place in its text.

    ``gold``: which of the case's gold passages it overlaps.
    """

    document: str
    start: int
    end: int
    gold: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What the product did with one case; with ``after``, with its last question.

    ``text`` is what it quoted, ``sentences`` how many of the documents' sentences that is;
    ``cited`` and ``closest`` are documents in the order shown; ``hits`` is what the answerer read.
    ``rankings`` are the retriever's first passages as set, by cosine alone and by BM25 alone;
    ``best_sentences`` the first three by cosine alone among what the answerer read.
    ``located``: whether each gold passage was found in its document's extracted text.
    ``signals``: what the probability was made from; empty in a record from before they were kept.

    ``contexts`` are the texts of the passages read, in their order, ``cited_contexts`` those of the
    passages cited: what a judge needs, and no report keeps. ``scores``: scores by metric id that
    need more than the record (similarity, a judge), merged into those of its row. ``trace``: the
    spans of the answer. ``error``: why the case could not be asked; it then has no answer.
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
    signals: dict[str, float] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    """What a judge model said, verdict by verdict."""
    cited_places: tuple[CitedPlace, ...] = ()
    contexts: tuple[str, ...] = ()
    cited_contexts: tuple[str, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    trace: tuple[TraceStep, ...] = ()
    error: str = ""

    @classmethod
    def failure(cls, case: Case, error: str) -> CaseRecord:
        """The record of a case that could not be asked, with the reason in a sentence."""
        return cls(
            case=case,
            state=AnswerState.NOT_FOUND,
            level=Level.LOW,
            probability=0.0,
            text="",
            sentences=0,
            cited=(),
            closest=(),
            hits=(),
            rankings={},
            best_sentences=(),
            located=(),
            violations=(),
            timings_ms={},
            answer={},
            error=error,
        )

    @property
    def failed(self) -> bool:
        """It could not be asked: no figure but the share of right ones counts it."""
        return bool(self.error)

    @property
    def asked(self) -> str:
        """The question that was searched with: a follow-up completed, misspellings corrected."""
        return str(self.answer.get("question") or self.case.question)

    @property
    def cost_usd(self) -> float | None:
        """What its model calls cost; None when that is unknown."""
        cost = (self.answer.get("usage") or {}).get("cost_usd")
        return None if cost is None else float(cost)

    @property
    def refused(self) -> bool:
        """The product said that it did not find an answer."""
        return self.state is AnswerState.NOT_FOUND and not self.error

    @property
    def found(self) -> bool:
        """There was something to quote: without, the probability is 0 and no model is asked."""
        return bool(self.signals) and self.probability > 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """All records of a run in the dataset's order, and what they were made with."""

    dataset: str
    records: tuple[CaseRecord, ...]
    seconds: float
    environment: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    configuration: dict[str, Any] = field(default_factory=dict)


_ADAPTER = TypeAdapter(CaseRecord)


class BadRun(BadRequest):
    """A file of records cannot be used; says which, and why."""

    title = "The saved run can't be read"


def read_run(path: Path) -> RunResult:
    """The run that `RunOptions.resume` left in ``path``.

    Raises:
        NotFound: there is no such file.
        BadRun: it holds no run.
    """
    if not path.is_file():
        raise NotFound(f"{path} doesn't exist.", "Give a file that `footnote eval --resume` wrote.")
    try:
        head, *lines = path.read_text(encoding="utf-8").split("\n")
        environment = json.loads(head)["run"]
        records = [from_line(line) for line in lines if line.strip()]
        name = str(environment["dataset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadRun(
            f"{path} doesn't hold a whole run.",
            "Give a file that `footnote eval --resume` wrote to its end.",
        ) from error
    return RunResult(name, tuple(records), 0.0, environment)


def to_line(record: CaseRecord) -> str:
    """A record as one line of JSON."""
    return _ADAPTER.dump_json(record).decode()


def from_line(line: str) -> CaseRecord:
    """The record in a line written by `to_line`. Raises ValueError when it is not one."""
    return _ADAPTER.validate_json(line)
