"""``/patterns``: every component in every state, for whoever changes the design."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.bootstrap import Readiness
from app.domain import Answer, Filters
from app.records.documents import CollectionSummary
from app.records.jobs import Job, JobStatus
from app.web.answer_view import answer_parts, closest
from app.web.form_view import AskForm
from app.web.pattern_samples import WHEN, sample_answered, sample_not_found, samples
from app.web.templating import page

router = APIRouter(include_in_schema=False)
_MODEL = "gpt-5-mini"


@router.get("/patterns")
def patterns(request: Request) -> Response:
    """The page."""
    form = AskForm(
        "When is the harbor office open?",
        Filters(kinds=("pdf",)),
        [CollectionSummary("harbor", 12, 140, 1, WHEN), CollectionSummary("crew", 3, 21, 0, None)],
        ["md", "pdf"],
        15,
        161,
        2000,
    )

    def shown(name: str, answer: Answer) -> dict[str, object]:
        address = f"http://127.0.0.1:8000/a/{answer.answer_id}"
        earlier = [sample_answered()] if name == "Follow-up" else []
        parts = answer_parts(answer, form, address, _MODEL, earlier)
        return {**parts, "survey": name == "Answered"}

    return page(
        request,
        "patterns.html",
        {
            "form": form,
            "samples": {name: shown(name, answer) for name, answer in samples().items()},
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
        created_at=WHEN,
    )
