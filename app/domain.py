"""The nouns of the product: frozen, typed, free of I/O.

Offsets are character offsets into a document's extracted text, half-open: ``text[start:end]``.
Times are timezone-aware UTC. Pages, slides and sheets count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

Span = tuple[int, int]
"""``(start, end)``, half-open character offsets."""

DEFAULT_COLLECTION = "documents"
"""Where documents go when nobody names a collection."""

Mode = Literal["auto", "quotes", "written"]
Channel = Literal["web", "api", "openai", "mcp", "cli"]
"""Through which door a question came."""
PageKind = Literal["page", "slide", "sheet", ""]
"""What a document's page number counts; empty when it has no pages."""


# --- documents ---------------------------------------------------------------------------------


class BlockKind(StrEnum):
    """What a stretch of extracted text was in the source."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table row: the column's name, and where the value stands."""

    column: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of extracted text with a role; blocks are ordered and do not overlap.

    ``level`` is 1–6 for headings and the depth, from 1, for list items; else 0.
    ``table`` numbers the table a ROW belongs to, from 1 within its document.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    table: int | None = None
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser gives: the text, its structure, and what the file says about itself.

    Blocks are separated by newlines in ``text``; everything worth quoting lies inside a block.
    A ROW reads ``Column: value | Column: value``, so that it makes sense alone.
    """

    title: str
    text: str
    blocks: tuple[Block, ...]
    kind: str
    """Short format name: md, txt, rst, html, pdf, docx, pptx, xlsx, csv, epub, eml, ipynb."""
    page_kind: PageKind = ""
    pages: int | None = None
    modified_at: datetime | None = None
    """From the content (front matter, file properties, mail header); None: use the file's."""
    review_by: date | None = None
    superseded_by: str | None = None
    owner: str | None = None
    warnings: tuple[str, ...] = ()
    """Things a person should know though the file was read, e.g. "3 of 20 pages have no text"."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as stored: one version at a time."""

    id: str
    collection: str
    source: str
    """Absolute path, URL, or ``upload:name``."""
    title: str
    kind: str
    size: int
    content_hash: str
    passages: int
    characters: int
    pages: int | None
    page_kind: PageKind
    modified_at: datetime | None
    ingested_at: datetime
    status: Literal["ready", "failed"]
    error: str | None
    """Why the newest version could not be read; a ready document then shows its last good one."""
    warnings: tuple[str, ...] = ()
    owner: str | None = None
    review_by: date | None = None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """About 200 tokens of one document, never cutting a sentence.

    ``text == document_text[start:end]``; ``sentences`` are spans into the document's text.
    """

    id: str
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    page: int | None
    sentences: tuple[Span, ...]


# --- retrieval ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filters:
    """Narrow a search. Empty means everything; dates are inclusive and in UTC."""

    collections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    changed_after: date | None = None
    changed_before: date | None = None
    document_ids: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """True when anything is narrowed."""
        return bool(
            self.collections
            or self.kinds
            or self.changed_after
            or self.changed_before
            or self.document_ids
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a question found, with the scores that put it there."""

    passage: Passage
    document: Document
    score: float
    """What the ranking used; about 0–1, and comparable between questions."""
    dense: float
    """Cosine between question and passage, averaged with the best of its sentences; −1 to 1."""
    lexical: float
    """BM25, unbounded; 0 when no term matched."""
    rerank: float | None = None
    sentence_scores: tuple[float, ...] = ()
    """Cosine between question and each sentence of the passage, read in its context."""
    duplicates: tuple[str, ...] = ()
    """Ids of near-identical passages folded into this one."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Everything one search found, best first, and what was looked through."""

    question: str
    hits: tuple[Hit, ...]
    documents_searched: int
    passages_searched: int
    terms: tuple[str, ...]
    """The question's content words as written."""
    missing_terms: tuple[str, ...]
    """Those that occur in no document."""
    vector: bytes = b""
    """The question's embedding: float16, normalized; empty where nobody needs it."""
    term_weights: dict[str, float] = field(default_factory=dict)
    """Stem of each content word → its rarity (BM25's idf)."""
    timings_ms: dict[str, float] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    """Names of the collections that were looked through."""


# --- answers -----------------------------------------------------------------------------------


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
    filters: Filters = Filters()


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
    filters: Filters = Filters()
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


Suggest = Literal["later", "tries", "all"]
"""``later``: none, `Asker.suggest` finds them when they are looked for; ``tries``: what to try
instead, where nothing was found; ``all``: also follow-ups."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asked, and how they want it answered.

    ``conversation_id`` continues a conversation: a follow-up is rewritten to stand alone unless
    ``rewrite`` is False (somebody edited the rewritten question). ``more_sources``: read and quote
    about twice as much. ``suggest``: which questions are tried before the answer is given, so that
    it comes with those that have an answer, about 150 ms later; see `Suggest`.

    ``channel``: the door it came through. ``regenerate``: a control asked the same again.
    ``private``: whoever asks does not want to be followed (Do Not Track, Global Privacy Control);
    what they do is not recorded. ``experiment`` and ``arm``: what the question was assigned to.
    """

    text: str
    mode: Mode = "auto"
    filters: Filters = Filters()
    conversation_id: str | None = None
    rewrite: bool = True
    more_sources: bool = False
    suggest: Suggest = "later"
    channel: Channel = "api"
    regenerate: bool = False
    private: bool = False
    experiment: str = ""
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that was accepted: what is known before anything is found.

    ``typed``: its text, cleaned. ``answer_id`` and ``trace_id`` are the answer's from the start, so
    that a question which never gets one can be told of too.
    """

    answer_id: str
    trace_id: str
    conversation_id: str
    session_id: str
    question: Question
    typed: str
    asked_at: datetime


# --- the steps of one question, in the order they happen ------------------------------------------


@dataclass(frozen=True, slots=True)
class Searching:
    """The question was accepted; retrieval is under way.

    ``asked``: what was typed, when ``question`` is a rewritten follow-up.
    """

    question: str
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Retrieval is done; nothing is answered yet."""

    retrieval: Retrieval


@dataclass(frozen=True, slots=True)
class Drafted:
    """The answer's sentences so far, not yet checked; each step replaces the one before.

    ``answer_id``: what the answer will be known by.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    answer_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer, checked and stored. Always the last step."""

    answer: Answer


AskStep = Searching | Found | Drafted | Finished
