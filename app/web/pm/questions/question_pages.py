"""``/insights/questions``: all questions with their outcome, and one of them with its thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.bootstrap import Services
from app.errors import NotFound
from app.insights.csv_lines import csv_lines
from app.insights.gaps.eval_cases import Marked, line, proposal
from app.insights.gaps.vague import FEW_WORDS, PromptQuality, prompt_quality
from app.records.product.reviews import FAILURE_HINTS, FAILURE_MODES
from app.records.visibility import WITHHELD
from app.web.answer_view import closest, paragraphs
from app.web.dependencies import ServicesDep
from app.web.pm.questions.event_words import EVENT_WORDS, event_more
from app.web.pm.questions.question_counts import MOST_VAGUE, vague_threads
from app.web.pm.questions.question_list import (
    CHANNELS,
    LEVELS,
    MODES,
    MOST_IN_FILE,
    OUTCOME_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
    Listing,
    reactions,
)
from app.web.templating import page
from app.web.units import said

router = APIRouter(include_in_schema=False)
CASES_FILE = "evals/cases/asked.jsonl"
"""Where the page suggests to write cases; the command takes any file."""
CASES_COMMAND = f"footnote eval cases --write {CASES_FILE}"
_COLUMNS = (
    *("answer_id", "kind", "asked_at", "text", "typed", "status", "state", "level", "mode"),
    *("model", "channel", "collection", "release", "experiment", "arm", "thread_id"),
    *("rephrase_of", "total_ms", "first_content_ms", "cost_usd", "citations", "helpful"),
    *("accepted_at", "rejected_at", "corrected_at", "reported_at", "retried_at", "copied_at"),
    *("shared_at", "opened_at", "interacted_at", "abandoned", "review_status", "failure_mode"),
    *("note", "eval_case", "trace_id"),
)


@router.get("/insights/questions")
def questions(
    request: Request, services: ServicesDep, after: str = "", before: str = ""
) -> Response:
    """The list, one page of it; htmx gets only the list."""
    listing = Listing.of(services, request.query_params)
    found = listing.page(after, before)
    return page(
        request,
        "pm/questions.html",
        {
            "listing": listing,
            "rows": found.rows,
            "newer": listing.link(before=found.before) if found.before else "",
            "older": listing.link(after=found.after) if found.after else "",
            "total": listing.total(),
            "choices": services.facts.columns(),
            "quality": _quality(services, listing) if not listing.narrowed else None,
            "few_words": FEW_WORDS,
            "most_vague": MOST_VAGUE,
            **WORDS,
        },
        block="list",
    )


@router.get("/insights/questions.csv")
def as_csv(request: Request, services: ServicesDep) -> Response:
    """The list as a file."""
    listing = Listing.of(services, request.query_params)
    return StreamingResponse(
        csv_lines(_COLUMNS, _rows(services, listing)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="questions.csv"'},
    )


@router.get("/insights/questions/{answer_id}")
def question(request: Request, answer_id: str, services: ServicesDep) -> Response:
    """One question: its thread, its answer as shown, what happened, its trace, its review."""
    return page(request, "pm/question.html", one_question(services, answer_id))


# --- what templates need --------------------------------------------------------------------------

WORDS: dict[str, Any] = {
    "outcomes": OUTCOME_WORDS,
    "states": STATE_WORDS,
    "statuses": STATUS_WORDS,
    "failure_modes": FAILURE_MODES,
    "failure_hints": FAILURE_HINTS,
    "levels": LEVELS,
    "modes": MODES,
    "channels": CHANNELS,
    "reactions": reactions,
    "event_words": EVENT_WORDS,
    "event_more": event_more,
    "said": said,
    "cases_command": CASES_COMMAND,
    "cases_file": CASES_FILE,
}
"""Words and small tools that pages about questions share."""


def one_question(services: Services, answer_id: str) -> dict[str, Any]:
    """What a page about one question shows.

    Its answer is None where it was deleted, and where it may not be seen: then ``withheld`` says
    so, and no eval case is proposed from it.
    """
    row = services.questions.get(answer_id)
    withheld = ""
    try:
        answer = services.answers.get(answer_id)
    except NotFound:
        answer = None
        withheld = WITHHELD if services.answers.withheld(answer_id) else ""
    feedback = services.answers.feedback(answer_id) if answer is not None else []
    marked = Marked(
        answer_id=row.answer_id,
        question=row.text,
        asked_at=row.asked_at,
        failure_mode=row.failure_mode,
        note=row.note,
        corrections=tuple(said.correction for said in feedback if said.correction),
        accepted=row.accepted_at is not None,
        rejected=row.rejected_at is not None,
    )
    return {
        "row": row,
        "thread": services.questions.thread(row.thread_id) if row.thread_id else (row,),
        "timeline": services.questions.timeline(answer_id),
        "answer": answer,
        "paragraphs": paragraphs(answer.sentences, answer.citations) if answer else [],
        "closest": closest(answer) if answer else [],
        "feedback": feedback,
        "withheld": withheld,
        "snippet": withheld or line(proposal(marked, answer)),
        **WORDS,
    }


def _quality(services: Services, listing: Listing) -> PromptQuality:
    period = listing.period
    ids, vague, asked = vague_threads(services.facts.columns(), period)
    parts = services.gaps.reads.thread_parts(ids) if ids else []
    found = prompt_quality(parts, asked, lambda part: period.start <= part.asked_at < period.end)
    return replace(found, vague=vague)


# --- CSV ------------------------------------------------------------------------------------------


def _rows(services: Services, listing: Listing) -> Iterator[Sequence[Any]]:
    """At most `MOST_IN_FILE`, a few hundred at a time; a last line says that there are more."""
    ids = listing.ids(MOST_IN_FILE + 1)
    for at in range(0, min(len(ids), MOST_IN_FILE), 500):
        for row in services.questions.rows(ids[at : min(at + 500, MOST_IN_FILE)]):
            yield [getattr(row, name) for name in _COLUMNS]
    if len(ids) > MOST_IN_FILE:
        yield [f"Only the first {MOST_IN_FILE:,} rows are here. Narrow the list."]
