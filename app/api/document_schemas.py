"""The JSON of documents, collections and uploads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.api import examples
from app.api.examples import example
from app.domain import Document
from app.records.documents import CollectionSummary
from app.records.jobs import Job


class DocumentOut(BaseModel):
    """A document as stored."""

    model_config = example(examples.DOCUMENT)

    id: str
    collection: str
    source: str
    title: str
    kind: str = Field(description="md, txt, rst, html, pdf, docx, pptx, xlsx, csv, epub, eml…")
    size: int = Field(description="Bytes of the original file.")
    passages: int
    characters: int
    pages: int | None
    status: Literal["ready", "failed"]
    error: str | None = Field(description="Why the newest version could not be read.")
    warnings: list[str]
    owner: str | None
    review_by: date | None
    superseded_by: str | None
    updated_at: datetime | None = Field(description="When the content changed, where known.")
    ingested_at: datetime

    @classmethod
    def of(cls, document: Document) -> DocumentOut:
        """From the domain."""
        return cls(**_document_fields(document))


class DocumentDetail(DocumentOut):
    """A document, with its extracted text where asked for."""

    model_config = example(
        {**examples.DOCUMENT, "text": "Travel policy 2026\n\nHotels are reimbursed…"}
    )

    text: str | None = Field(None, description="With `?text=true`: what citations point into.")

    @classmethod
    def of(cls, document: Document, text: str | None = None) -> DocumentDetail:
        """From the domain."""
        return cls(**_document_fields(document), text=text)


class DocumentList(BaseModel):
    """One page of documents, and how many match in all."""

    model_config = example(
        {"documents": [examples.DOCUMENT], "total": 1, "limit": 100, "offset": 0}
    )

    documents: list[DocumentOut]
    total: int
    limit: int
    offset: int


class CollectionOut(BaseModel):
    """A collection and how much is in it."""

    model_config = example(examples.COLLECTION)

    name: str
    documents: int
    passages: int
    failed: int
    last_ingested_at: datetime | None

    @classmethod
    def of(cls, summary: CollectionSummary) -> CollectionOut:
        """From the records."""
        return cls(
            name=summary.name,
            documents=summary.documents,
            passages=summary.passages,
            failed=summary.failed,
            last_ingested_at=summary.last_ingested_at,
        )


class CollectionList(BaseModel):
    """Every collection, by name."""

    model_config = example({"collections": [examples.COLLECTION]})

    collections: list[CollectionOut]


class UploadedFile(BaseModel):
    """One uploaded file and how far it is."""

    model_config = example(examples.UPLOADED)

    name: str
    status: Literal["queued", "running", "done", "failed", "refused"]
    message: str = Field(description="What was done, or why not; empty while waiting.")
    document_id: str | None

    @classmethod
    def of(cls, job: Job) -> UploadedFile:
        """From the queue."""
        return cls(
            name=job.name, status=job.status, message=job.message, document_id=job.document_id
        )


class UploadBatch(BaseModel):
    """The files of one upload. ``done`` when nothing is queued or running any more."""

    model_config = example(
        {"batch_id": "0f6d2c", "collection": "handbook", "done": True, "files": [examples.UPLOADED]}
    )

    batch_id: str
    collection: str
    done: bool
    files: list[UploadedFile]


def _document_fields(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "collection": document.collection,
        "source": document.source,
        "title": document.title,
        "kind": document.kind,
        "size": document.size,
        "passages": document.passages,
        "characters": document.characters,
        "pages": document.pages,
        "status": document.status,
        "error": document.error,
        "warnings": list(document.warnings),
        "owner": document.owner,
        "review_by": document.review_by,
        "superseded_by": document.superseded_by,
        "updated_at": document.modified_at,
        "ingested_at": document.ingested_at,
    }
