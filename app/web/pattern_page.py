"""``/patterns``: every component in every state, for whoever changes the design."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.bootstrap import Readiness
from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Document,
    Filters,
    Hit,
    Level,
    Passage,
    Sentence,
    Usage,
    Verdict,
)
from app.records.documents import CollectionSummary
from app.records.jobs import Job, JobStatus
from app.web.answer_view import REASONS, as_markdown, closest, paragraphs
from app.web.form_view import AskForm
from app.web.templating import page

router = APIRouter(include_in_schema=False)
_WHEN = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
_QUOTE = "The harbor office is open from 7:30 to 16:00 on weekdays."
_ROW = "Berth: C4 | Depth: 4.2 m | Power: 32 A | Free from: 2026-05-01"


@router.get("/patterns")
def patterns(request: Request) -> Response:
    """The page."""
    answers = [
        sample_answer(AnswerState.ANSWERED, Level.HIGH),
        replace(sample_answer(AnswerState.PARTIAL, Level.MEDIUM), missing_terms=("holidays",)),
        sample_answer(AnswerState.CONFLICTING, Level.LOW),
        sample_answer(AnswerState.OUTDATED, Level.MEDIUM),
        sample_not_found(),
    ]
    form = AskForm(
        "When is the harbor office open?",
        Filters(kinds=("pdf",)),
        [CollectionSummary("harbor", 12, 140, 1, _WHEN), CollectionSummary("crew", 3, 21, 0, None)],
        ["md", "pdf"],
        15,
        161,
        2000,
    )
    return page(
        request,
        "patterns.html",
        {
            "form": form,
            "samples": [answer_parts(answer, form) for answer in answers],
            "waiting": [
                Readiness("warming", "The embedding model is loading."),
                Readiness("failed", "The index belongs to another model. Run footnote reindex."),
            ],
            "results": closest(sample_not_found()),
            "jobs": [
                _job("queued", "tides.pdf", ""),
                _job("running", "berths.xlsx", ""),
                _job("done", "handbook.md", "Added, 14 passages."),
                _job("failed", "scan.pdf", "It has no text layer; it is scanned and needs OCR."),
            ],
        },
    )


def answer_parts(answer: Answer, form: AskForm) -> dict[str, Any]:
    """As `answer_context`, for an answer that is nowhere stored."""
    address = "http://127.0.0.1:8000/a/" + answer.answer_id
    return {
        "form": form,
        "answer": answer,
        "address": address,
        "paragraphs": paragraphs(answer.sentences, answer.citations),
        "closest": closest(answer),
        "markdown": as_markdown(answer, address),
        "reasons": REASONS,
        "thanks": False,
    }


def sample_answer(state: AnswerState, level: Level) -> Answer:
    """An answer from two documents: a sentence, a table row, and one that is doubtful."""
    first = _citation(1, "Harbor handbook", _QUOTE, ("Offices", "Opening hours"), "doc_a")
    second = _citation(2, "Berth list", _ROW, (), "doc_b")
    at = _QUOTE.index("7:30")
    sentences = (
        Sentence(_QUOTE, (1,), emphasis=((at, at + len("7:30 to 16:00")),)),
        Sentence("Ring the bell outside these hours.", (1,), Verdict.PARTLY),
        Sentence(_ROW, (2,), emphasis=((7, 9),)),
    )
    return Answer(
        answer_id=f"ans_{state.value}",
        trace_id="",
        conversation_id="",
        question="When is the harbor office open?",
        state=state,
        mode="quotes",
        model="quotes",
        text=" ".join(sentence.text for sentence in sentences),
        sentences=sentences,
        citations=(first, second),
        confidence=Confidence(level, 0.5, ("two documents agree", "both were changed this year")),
        closest=(),
        retrieval=None,
        missing_terms=(),
        documents_searched=15,
        passages_searched=161,
        usage=Usage(),
        timings_ms={"total": 210.0},
        created_at=_WHEN,
    )


def sample_not_found() -> Answer:
    """A refusal with the passage that came closest."""
    text = f"{_QUOTE} Outside these hours, the duty officer answers on channel 12."
    passage = Passage("p1", "doc_a", 0, 0, len(text), text, ("Offices",), 3, ((0, len(text)),))
    document = Document(
        id="doc_a",
        collection="harbor",
        source="/srv/harbor/handbook.pdf",
        title="Harbor handbook",
        kind="pdf",
        size=120_000,
        content_hash="0" * 64,
        passages=14,
        characters=9000,
        pages=8,
        page_kind="page",
        modified_at=_WHEN,
        ingested_at=_WHEN,
        status="ready",
        error=None,
    )
    return replace(
        sample_answer(AnswerState.NOT_FOUND, Level.LOW),
        question="Is the office open on public holidays?",
        sentences=(),
        citations=(),
        text="",
        closest=(Hit(passage, document, 0.4, 0.4, 2.0, duplicates=("p2", "p3")),),
        missing_terms=("holidays",),
        confidence=Confidence(Level.LOW, 0.1, ("“holidays” appears in no document",)),
    )


def _citation(
    number: int, title: str, quote: str, heading: tuple[str, ...], document_id: str
) -> Citation:
    return Citation(
        number=number,
        document_id=document_id,
        passage_id=f"p{number}",
        title=title,
        source=f"/srv/harbor/{document_id}",
        collection="harbor",
        kind="md" if heading else "xlsx",
        heading=heading,
        page=None if heading else 1,
        page_kind="" if heading else "sheet",
        quote=quote,
        start=0,
        end=len(quote),
        updated_at=_WHEN,
        before="Visitors report to the office before they moor." if heading else "",
        after="Ring the bell outside these hours." if heading else "",
    )


def _job(status: JobStatus, name: str, message: str) -> Job:
    return Job(
        id=name,
        batch_id="b1",
        collection="harbor",
        name=name,
        target="",
        original_hash=None,
        status=status,
        message=message,
        document_id="doc_a" if status == "done" else None,
        created_at=_WHEN,
    )
