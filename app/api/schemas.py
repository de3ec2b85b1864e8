"""The JSON of asking and searching, as the contract has it, and how domain objects become it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.api import examples
from app.api.examples import example
from app.api.state_schemas import ConflictOut, RephrasingOut, StaleOut
from app.domain import Answer, Citation, Hit, Mode, Sentence

HEADING_SEPARATOR = " › "
CONVERSATION_ID = r"^[\w.:-]*$"
"""What a conversation's id may be made of; it is stored, and stands in addresses."""


class AskRequest(BaseModel):
    """A question, how it is to be answered, and where to look."""

    model_config = example(
        {"question": "How much may a hotel cost?", "mode": "auto", "collections": ["handbook"]}
    )

    question: str = Field(description="The question, in plain words.")
    mode: Mode = Field(
        "auto",
        description="`quotes`: sentences quoted word for word. `written`: prose by the chat model. "
        "`auto`: written where a chat model is set, else quotes.",
    )
    collections: list[str] = Field(
        default_factory=list, description="Look only in these; empty: everywhere."
    )
    kinds: list[str] = Field(default_factory=list, description="Only these formats, e.g. `pdf`.")
    changed_after: date | None = Field(None, description="Changed on this day or later.")
    changed_before: date | None = Field(None, description="Changed on this day or earlier.")
    document_ids: list[str] = Field(
        default_factory=list, max_length=100, description="Look only in these documents."
    )
    conversation_id: str | None = Field(
        None,
        max_length=40,
        pattern=CONVERSATION_ID,
        description="From an earlier answer, to ask a follow-up; any name of your own begins one.",
    )
    rewrite: bool = Field(
        True,
        description="Turn a follow-up (“and for contractors?”) into a question that stands alone, "
        "with what was asked before in the conversation.",
    )
    more_sources: bool = Field(False, description="Read and quote about twice as much.")
    followups: bool = Field(
        False,
        description="Suggest questions that the documents are known to answer: `followups`, or "
        "for `not_found` better `rephrasings`. Each is tried first, about 150 ms in all.",
    )


class SentenceOut(BaseModel):
    """One sentence of an answer and the citations that carry it."""

    model_config = example(examples.SENTENCE)

    text: str
    citations: list[int] = Field(description="Numbers of the citations below.")
    verdict: Literal["supported", "partly", "unsupported"]
    support: float | None = Field(
        description="0–1, how well the cited passages carry a written sentence; null for a quote."
    )
    problems: list[str] = Field(description="What the cited passages do not say, in words.")

    @classmethod
    def of(cls, sentence: Sentence) -> SentenceOut:
        """From the domain."""
        return cls(
            text=sentence.text,
            citations=list(sentence.citations),
            verdict=sentence.verdict.value,
            support=None if sentence.support is None else round(sentence.support, 4),
            problems=list(sentence.problems),
        )


class CitationOut(BaseModel):
    """An exact place: the document's extracted ``text[start:end]`` equals ``quote``."""

    model_config = example(examples.CITATION)

    number: int
    document_id: str
    title: str
    source: str = Field(description="Path, URL, or `upload:name`.")
    collection: str
    heading: str = Field(description="The heading path, joined with “ › ”; empty at the top.")
    page: int | None = Field(description="Page, slide or sheet, from 1.")
    quote: str
    start: int
    end: int
    updated_at: datetime | None

    @classmethod
    def of(cls, citation: Citation) -> CitationOut:
        """From the domain."""
        return cls(
            number=citation.number,
            document_id=citation.document_id,
            title=citation.title,
            source=citation.source,
            collection=citation.collection,
            heading=heading(citation.heading),
            page=citation.page,
            quote=citation.quote,
            start=citation.start,
            end=citation.end,
            updated_at=citation.updated_at,
        )


class SearchResult(BaseModel):
    """A passage, where it stands, and how well it fits (0–1 within one search)."""

    model_config = example(examples.RESULT)

    document_id: str
    title: str
    source: str
    heading: str
    page: int | None
    text: str
    start: int
    end: int
    score: float

    @classmethod
    def of(cls, hit: Hit) -> SearchResult:
        """From the domain."""
        return cls(
            document_id=hit.document.id,
            title=hit.document.title,
            source=hit.document.source,
            heading=heading(hit.passage.heading),
            page=hit.passage.page,
            text=hit.passage.text,
            start=hit.passage.start,
            end=hit.passage.end,
            score=round(hit.score, 4),
        )


class SearchResponse(BaseModel):
    """The best passages, best first."""

    model_config = example({"results": [examples.RESULT]})

    results: list[SearchResult]


class ConfidenceOut(BaseModel):
    """How sure the product is, and why."""

    model_config = example(examples.CONFIDENCE)

    level: Literal["high", "medium", "low"]
    probability: float = Field(description="For programs and calibration; not for display.")
    reasons: list[str]
    measured: str = Field(description="What the level means, as it was measured; may be empty.")


class UsageOut(BaseModel):
    """Tokens and price of the model calls."""

    model_config = example(examples.USAGE)

    input_tokens: int
    output_tokens: int
    cached_tokens: int = Field(
        0, description="Those of input_tokens that the provider had read before."
    )
    cost_usd: float | None = Field(description="null when the price is unknown, never 0 then.")
    price_version: str = Field(
        "", description="The price table, or the setting, that cost_usd comes from; may be empty."
    )


class TimingsOut(BaseModel):
    """Milliseconds; null for a step that did not happen."""

    model_config = example(examples.TIMINGS)

    retrieve: float | None = None
    answer: float | None = None
    verify: float | None = None
    total: float | None = None
    first_token: float | None = None


class AnswerOut(BaseModel):
    """An answer with its state, sentences, exact citations and confidence."""

    model_config = example(examples.ANSWER)

    answer_id: str
    trace_id: str
    conversation_id: str
    question: str = Field(description="What was searched: a follow-up is made to stand alone.")
    asked: str | None = Field(description="What was typed, where that differs; else null.")
    state: Literal["answered", "partial", "conflicting", "outdated", "not_found"]
    mode: Literal["quotes", "written"]
    model: str
    text: str
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    confidence: ConfidenceOut
    uncovered: list[str] = Field(
        description="For `partial`: parts of the question without evidence."
    )
    conflicts: list[ConflictOut] = Field(description="Where the cited sources disagree.")
    stale: list[StaleOut] = Field(description="Cited documents that are not the last word.")
    closest: list[SearchResult] = Field(description="For `not_found`: the best passages there are.")
    missing_terms: list[str] = Field(description="Words of the question that are in no document.")
    documents_searched: int
    passages_searched: int
    rephrasings: list[RephrasingOut] = Field(
        description="For `not_found`: what to try. Without `followups`, what needs no search: it "
        "names what stands in the documents, but whether that answers was not tried."
    )
    followups: list[str] = Field(description="Questions that the documents are known to answer.")
    notice: str | None = Field(
        description="Something to tell the reader, e.g. that a model failed."
    )
    usage: UsageOut
    timings_ms: TimingsOut

    @classmethod
    def of(cls, answer: Answer) -> AnswerOut:
        """From the domain."""
        return cls(**answer_fields(answer))


# --- from the domain -----------------------------------------------------------------------------


def heading(path: tuple[str, ...]) -> str:
    """A heading path as one string."""
    return HEADING_SEPARATOR.join(path)


def answer_fields(answer: Answer) -> dict[str, Any]:
    """What `AnswerOut` is made with."""
    return {
        "answer_id": answer.answer_id,
        "trace_id": answer.trace_id,
        "conversation_id": answer.conversation_id,
        "question": answer.question,
        "asked": answer.asked,
        "state": answer.state.value,
        "mode": answer.mode,
        "model": answer.model,
        "text": answer.text,
        "sentences": [SentenceOut.of(sentence) for sentence in answer.sentences],
        "citations": [CitationOut.of(citation) for citation in answer.citations],
        "confidence": ConfidenceOut(
            level=answer.confidence.level.value,
            probability=answer.confidence.probability,
            reasons=list(answer.confidence.reasons),
            measured=answer.confidence.measured,
        ),
        "uncovered": list(answer.uncovered),
        "conflicts": [ConflictOut.of(one, answer) for one in answer.conflicts],
        "stale": [StaleOut.of(one) for one in answer.stale],
        "closest": [SearchResult.of(hit) for hit in answer.closest],
        "missing_terms": list(answer.missing_terms),
        "documents_searched": answer.documents_searched,
        "passages_searched": answer.passages_searched,
        "rephrasings": [RephrasingOut.of(one) for one in answer.rephrasings],
        "followups": list(answer.followups),
        "notice": answer.notice,
        "usage": UsageOut(
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
            cached_tokens=answer.usage.cached_tokens,
            cost_usd=answer.usage.cost_usd,
            price_version=answer.usage.price_version,
        ),
        "timings_ms": TimingsOut(
            **{
                name: round(answer.timings_ms[name], 2)
                for name in TimingsOut.model_fields
                if name in answer.timings_ms
            }
        ),
    }
