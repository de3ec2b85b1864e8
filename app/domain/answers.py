"""An answer: its sentences, what each rests on, how sure it is, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from app.domain.documents import PageKind, Span
from app.domain.retrieval import UNFILTERED, Filters, Hit, Retrieval


class AnswerState(StrEnum):
    """What kind of answer this is; the product's promise is in this word."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    CONFLICTING = "conflicting"
    OUTDATED = "outdated"
    NOT_FOUND = "not_found"


class Level(StrEnum):
    """How sure the product is; never a bare percentage."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    """Whether a sentence's citations support it."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact place: ``document_text[start:end] == quote``."""

    number: int
    document_id: str
    passage_id: str
    title: str
    source: str
    collection: str
    kind: str
    heading: tuple[str, ...]
    page: int | None
    page_kind: PageKind
    quote: str
    start: int
    end: int
    updated_at: datetime | None
    before: str = ""
    """The passage's text before the quote, for context."""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and the numbers of the citations that carry it."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict = Verdict.SUPPORTED
    emphasis: tuple[Span, ...] = ()
    """Spans within ``text`` that most likely are the very answer."""
    support: float | None = None
    """0–1, how well the cited passages carry a written sentence; None for a quote."""
    problems: tuple[str, ...] = ()
    """What the cited passages do not say, in words: "30 days" stands in no cited passage."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """A level with reasons; ``probability`` is for programs and calibration, not for display."""

    level: Level
    probability: float
    reasons: tuple[str, ...]
    measured: str = ""
    """What the level means: "Answers like this were right 9 times in 10 in our tests."."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a disagreement: the citation it stands in, and what it says as written."""

    citation: int
    says: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Citations that cannot all be right.

    ``about``: what they disagree on, in words ("amount of money", "yes or no"). ``sides``: newest
    first. ``settled``: the newest replaces the others (a newer version, a later decision that says
    so), which are shown as what was said before.
    """

    about: str
    sides: tuple[Side, ...]
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Stale:
    """Why a cited document is not the last word.

    ``review_by``: the day that has passed, for ``review_passed``. ``newer_title`` names what
    replaced it; ``newer_document_id`` is None when that is not among the documents.
    """

    document_id: str
    title: str
    reason: Literal["superseded", "review_passed"]
    review_by: date | None = None
    newer_title: str | None = None
    newer_document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rephrasing:
    """Something to try after ``not_found``: a question and its filters, and why it may help."""

    question: str
    why: str
    filters: Filters = UNFILTERED


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and price of the model calls; ``cost_usd`` is None when the price is unknown.

    ``cached_tokens``: those of ``input_tokens`` that the provider had read before.
    ``price_version``: the price table, or the setting, that ``cost_usd`` comes from.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    cached_tokens: int = 0
    price_version: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: what is stored, shown, and returned by the API."""

    answer_id: str
    trace_id: str
    conversation_id: str
    question: str
    state: AnswerState
    mode: Literal["quotes", "written"]
    model: str
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    confidence: Confidence
    closest: tuple[Hit, ...]
    """For ``not_found``: the best passages there were."""
    retrieval: Retrieval | None
    """None when the answer was read back from storage."""
    missing_terms: tuple[str, ...]
    documents_searched: int
    passages_searched: int
    usage: Usage
    timings_ms: dict[str, float]
    created_at: datetime
    filters: Filters = UNFILTERED
    notice: str | None = None
    asked: str | None = None
    """What was typed, when ``question`` is a rewritten follow-up."""
    completed: bool = False
    """``question`` was completed from the conversation; else only its spelling was corrected."""
    uncovered: tuple[str, ...] = ()
    """For ``partial``: the parts of the question without evidence, in the question's words."""
    conflicts: tuple[Conflict, ...] = ()
    stale: tuple[Stale, ...] = ()
    """One per cited document that is not the last word."""
    rephrasings: tuple[Rephrasing, ...] = ()
    """For ``not_found``: two or three things to try."""
    followups: tuple[str, ...] = ()
    """Questions that the documents are known to answer."""
    signals: dict[str, float] = field(default_factory=dict)
    """The named signals behind the confidence."""
    searched: tuple[str, ...] = ()
    """Collections that were looked through: what is suggested beside it may come from any."""
