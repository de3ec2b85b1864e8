"""The JSON beside an answer's text: conflicts, staleness, what to try, requests and reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.api import examples
from app.api.examples import example
from app.domain import Answer, Conflict, Filters, Rephrasing, Stale
from app.records.requests import ContentRequest, ProblemReport


class FiltersOut(BaseModel):
    """What a search is narrowed to; empty lists and null: not narrowed."""

    model_config = example(examples.FILTERS)

    collections: list[str]
    kinds: list[str]
    changed_after: date | None
    changed_before: date | None
    document_ids: list[str]

    @classmethod
    def of(cls, filters: Filters) -> FiltersOut:
        """From the domain."""
        return cls(
            collections=list(filters.collections),
            kinds=list(filters.kinds),
            changed_after=filters.changed_after,
            changed_before=filters.changed_before,
            document_ids=list(filters.document_ids),
        )


class SideOut(BaseModel):
    """One side of a disagreement."""

    model_config = example(examples.SIDE)

    citation: int = Field(description="The number of the citation it stands in.")
    says: str = Field(description="What it says, as written.")
    title: str
    updated_at: datetime | None


class ConflictOut(BaseModel):
    """Citations that cannot all be right; sides newest first."""

    model_config = example(examples.CONFLICT)

    about: str = Field(description="What they disagree on, in words.")
    settled: bool = Field(description="True when the newest replaces the others.")
    sides: list[SideOut]

    @classmethod
    def of(cls, conflict: Conflict, answer: Answer) -> ConflictOut:
        """From the domain, with titles and dates from the answer's citations."""
        cited = {citation.number: citation for citation in answer.citations}
        sides = [
            SideOut(
                citation=side.citation,
                says=side.says,
                title=cited[side.citation].title,
                updated_at=cited[side.citation].updated_at,
            )
            for side in conflict.sides
            if side.citation in cited
        ]
        return cls(about=conflict.about, settled=conflict.settled, sides=sides)


class StaleOut(BaseModel):
    """Why a cited document is not the last word."""

    model_config = example(examples.STALE)

    document_id: str
    title: str
    reason: Literal["superseded", "review_passed"]
    review_by: date | None = Field(description="The day that has passed, for `review_passed`.")
    newer_title: str | None
    newer_document_id: str | None = Field(description="null when it is not among the documents.")

    @classmethod
    def of(cls, stale: Stale) -> StaleOut:
        """From the domain."""
        return cls(
            document_id=stale.document_id,
            title=stale.title,
            reason=stale.reason,
            review_by=stale.review_by,
            newer_title=stale.newer_title,
            newer_document_id=stale.newer_document_id,
        )


class RephrasingOut(BaseModel):
    """Something to try after `not_found`."""

    model_config = example(examples.REPHRASING)

    question: str
    why: str
    filters: FiltersOut

    @classmethod
    def of(cls, rephrasing: Rephrasing) -> RephrasingOut:
        """From the domain."""
        return cls(
            question=rephrasing.question,
            why=rephrasing.why,
            filters=FiltersOut.of(rephrasing.filters),
        )


# --- content requests and problem reports ---------------------------------------------------------


class ContentRequestIn(BaseModel):
    """What is missing, for those who keep the documents."""

    model_config = example({"comment": "We have been asked this three times this week."})

    comment: str = Field("", max_length=4000)


class ContentRequestOut(BaseModel):
    """A content request as it is kept; `owners` and `documents` are those closest to it."""

    model_config = example(examples.CONTENT_REQUEST)

    id: int
    answer_id: str | None
    question: str
    comment: str
    owners: list[str]
    documents: list[str]
    status: Literal["open", "done"]
    created_at: datetime

    @classmethod
    def of(cls, request: ContentRequest) -> ContentRequestOut:
        """From the records."""
        return cls(
            id=request.id,
            answer_id=request.answer_id,
            question=request.question,
            comment=request.comment,
            owners=list(request.owners),
            documents=list(request.documents),
            status=request.status,
            created_at=request.created_at,
        )


class ReportIn(BaseModel):
    """A problem with an answer."""

    model_config = example({"kind": "wrong_source", "comment": "This is about another office."})

    kind: Literal["harmful", "private", "wrong_source", "conflict", "broken", "other"] = Field(
        description="`private`: it shows private data; `broken`: something does not work."
    )
    comment: str = Field("", max_length=4000)


class ReportOut(ReportIn):
    """A problem report as it is kept."""

    model_config = example(
        {
            "id": 7,
            "answer_id": "ans_5d0c9a4f1e7b",
            "kind": "wrong_source",
            "comment": "This is about another office.",
            "created_at": "2026-10-05T09:31:07Z",
        }
    )

    id: int
    answer_id: str
    created_at: datetime

    @classmethod
    def of(cls, report: ProblemReport, body: ReportIn) -> ReportOut:
        """From the records, and the kind as it was sent."""
        return cls(
            id=report.id,
            answer_id=report.answer_id,
            kind=body.kind,
            comment=report.comment,
            created_at=report.created_at,
        )


class DeletedAnswers(BaseModel):
    """How many answers were deleted."""

    model_config = example({"deleted": 3})

    deleted: int
