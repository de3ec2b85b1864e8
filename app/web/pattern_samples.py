"""Made-up answers in every state, for ``/patterns`` and for tests of the pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Document,
    Filters,
    Hit,
    Level,
    Passage,
    Rephrasing,
    Sentence,
    Side,
    Stale,
    Usage,
    Verdict,
)

WHEN = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
_BEFORE = datetime(2024, 11, 4, 8, 0, tzinfo=UTC)
_QUOTE = "The harbor office is open from 7:30 to 16:00 on weekdays."
_OLD = "The harbor office is open from 9:00 to 15:00 on weekdays."
_ROW = "Berth: C4 | Depth: 4.2 m | Power: 32 A | Free from: 2026-05-01"
_SIGNALS = {
    "best_sentence": 0.71,
    "document_margin": 0.24,
    "sentence_coverage": 0.83,
    "agreement": 1.0,
    "a_new_signal": 0.5,
}
_MEANS = {
    Level.HIGH: "Answers like this were right 19 times in 20 in our tests.",
    Level.MEDIUM: "Answers like this were right 8 times in 10 in our tests.",
    Level.LOW: "Answers like this were right 5 times in 10 in our tests.",
}


def samples() -> dict[str, Answer]:
    """Every kind of card by its name."""
    return {
        "Answered": sample_answered(),
        "Partly answered": sample_partial(),
        "Conflicting": sample_conflicting(),
        "Outdated": sample_outdated(),
        "Not found": sample_not_found(),
        "Written": sample_written(),
        "Fallen back": sample_fallen_back(),
        "Follow-up": sample_followup(),
    }


def sample_answered() -> Answer:
    """An answer that replaced what an older version said, with questions to go on."""
    old = _citation(3, "Harbor handbook 2024", _OLD, ("Offices",), "doc_c", _BEFORE)
    answer = sample_answer(AnswerState.ANSWERED, Level.HIGH)
    return replace(
        answer,
        citations=(*answer.citations, old),
        conflicts=(
            Conflict(
                "times",
                (Side(1, "from 7:30 to 16:00"), Side(3, "from 9:00 to 15:00")),
                settled=True,
            ),
        ),
        followups=("Which berths have shore power?", "Who is the duty officer?"),
    )


def sample_partial() -> Answer:
    """An answer to half of the question."""
    return replace(
        sample_answer(AnswerState.PARTIAL, Level.MEDIUM),
        question="When is the harbor office open, and on public holidays?",
        uncovered=("When is the harbor office open on public holidays?",),
        missing_terms=("holidays",),
    )


def sample_conflicting() -> Answer:
    """Two documents that can't both be right, and a third that is of another matter."""
    old = _citation(2, "Notice to visitors", _OLD, ("Offices",), "doc_c", _BEFORE)
    answer = sample_answer(AnswerState.CONFLICTING, Level.LOW)
    third = replace(answer.citations[1], number=3)
    return replace(
        answer,
        sentences=(
            answer.sentences[0],
            Sentence(_OLD, (2,)),
            replace(answer.sentences[2], citations=(3,)),
        ),
        citations=(answer.citations[0], old, third),
        conflicts=(
            Conflict("times", (Side(1, "from 7:30 to 16:00"), Side(2, "from 9:00 to 15:00"))),
        ),
    )


def sample_outdated() -> Answer:
    """One source that was replaced, one whose review is overdue."""
    return replace(
        sample_answer(AnswerState.OUTDATED, Level.MEDIUM),
        stale=(
            Stale("doc_a", "Harbor handbook", "superseded", None, "Harbor handbook 2026", "doc_d"),
            Stale("doc_b", "Berth list", "review_passed", date(2026, 1, 31)),
        ),
    )


def sample_written() -> Answer:
    """Prose by a model: one sentence is carried, one partly, one not at all."""
    answer = sample_answer(AnswerState.ANSWERED, Level.MEDIUM)
    sentences = (
        Sentence("The office opens at 7:30 and closes at 16:00 on weekdays.", (1,), support=0.97),
        Sentence(
            "Berth C4 is free for 30 days from May.",
            (2,),
            Verdict.PARTLY,
            support=0.61,
            problems=("“30 days” stands in no cited passage.",),
        ),
        Sentence("Dogs are welcome.", (), Verdict.UNSUPPORTED, support=0.04),
    )
    return replace(
        answer,
        answer_id="ans_written",
        mode="written",
        model="gpt-5-mini",
        sentences=sentences,
        text=" ".join(sentence.text for sentence in sentences),
        usage=Usage(1832, 94, 0.0006),
    )


def sample_fallen_back() -> Answer:
    """Quotes that stand in for a model that did not answer."""
    return replace(
        sample_answer(AnswerState.ANSWERED, Level.HIGH),
        answer_id="ans_fallen",
        notice="The chat model gpt-5-mini did not answer within 20 seconds, so this is quoted from "
        "your documents instead.",
        usage=Usage(1832, 0, None),
    )


def sample_followup() -> Answer:
    """The answer to a question that was completed from the one before."""
    return replace(
        sample_answer(AnswerState.ANSWERED, Level.HIGH),
        answer_id="ans_followup",
        asked="And for members?",
        question="When is the harbor office open for members?",
    )


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
        confidence=Confidence(
            level, 0.5, ("two documents agree", "both were changed this year"), _MEANS[level]
        ),
        closest=(),
        retrieval=None,
        missing_terms=(),
        documents_searched=15,
        passages_searched=161,
        usage=Usage(),
        timings_ms={"total": 210.0},
        created_at=WHEN,
        signals=_SIGNALS,
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
        modified_at=WHEN,
        ingested_at=WHEN,
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
        rephrasings=(
            Rephrasing(
                "When is the harbor office open?", "Without “holidays”, which no document has"
            ),
            Rephrasing(
                "Is the office open on public holidays?",
                "In the collection crew, which has notices",
                Filters(collections=("crew",)),
            ),
        ),
        confidence=Confidence(Level.LOW, 0.1, ("“holidays” appears in no document",)),
    )


def _citation(
    number: int,
    title: str,
    quote: str,
    heading: tuple[str, ...],
    document_id: str,
    changed: datetime = WHEN,
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
        updated_at=changed,
        before="Visitors report to the office before they moor." if heading else "",
        after="Ring the bell outside these hours." if heading else "",
    )
