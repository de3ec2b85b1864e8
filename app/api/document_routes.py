"""Documents, collections and uploads."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.dependencies import ServicesDep
from app.api.document_schemas import (
    CollectionList,
    CollectionOut,
    DocumentDetail,
    DocumentList,
    DocumentOut,
    UploadBatch,
    UploadedFile,
)
from app.api.problems import documented
from app.bootstrap import Services
from app.entrance.auditing import note, note_upload
from app.errors import BadRequest, NotFound, TooLarge, Unprocessable
from app.records.accounts import Action
from app.records.documents import SortKey
from app.requests import collection_name
from app.uploads import Refused, read_upload

router = APIRouter(prefix="/api/v1", tags=["documents"])
WAIT_S = 60.0
"""Longest time that an upload with ``?wait=true`` waits for the worker."""
_POLL_S = 0.1
_MULTIPART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {
                                "type": "string",
                                "contentMediaType": "application/octet-stream",
                            },
                            "description": "One or more files; any field name is taken.",
                        },
                        "collection": {"type": "string", "examples": ["handbook"]},
                    },
                }
            }
        },
    }
}


@router.post(
    "/documents",
    status_code=202,
    summary="Upload documents",
    openapi_extra=_MULTIPART,
    responses={
        200: {"model": UploadBatch, "description": "With `wait=true`: every file is done."},
        **documented(BadRequest, TooLarge, Unprocessable),
    },
)
async def upload(
    request: Request,
    response: Response,
    services: ServicesDep,
    wait: Annotated[
        bool, Query(description="Wait, for a minute at most, until every file is done.")
    ] = False,
    collection: Annotated[
        str | None, Query(description="Also accepted as a form field.", examples=["handbook"])
    ] = None,
) -> UploadBatch:
    """Queue files for ingestion; acknowledged once their bytes are stored.

    A file that is too large is refused by name and the others are taken. A file with the name of an
    earlier upload in the collection replaces it.
    """
    form = await read_upload(request, services.settings)
    try:
        form.require_files()
        name = collection_name(collection or form.fields.get("collection"))
        batch_id = await run_in_threadpool(services.jobs.add_files, name, form.files)
        await run_in_threadpool(note_upload, request, name, batch_id)
    finally:
        form.close()
    batch = await run_in_threadpool(_batch, services, batch_id, form.refused)
    deadline = time.monotonic() + WAIT_S
    while wait and not batch.done and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_S)
        batch = await run_in_threadpool(_batch, services, batch_id, form.refused)
    if wait and batch.done:
        response.status_code = 200
    return batch


@router.get("/uploads/{batch_id}", summary="How far an upload is", responses=documented(NotFound))
def read_upload_batch(batch_id: str, services: ServicesDep) -> UploadBatch:
    """The files of one upload, each with its status. Refused files are named only at the upload."""
    return _batch(services, batch_id, [])


@router.get("/documents", summary="List documents", responses=documented())
def list_documents(
    services: ServicesDep,
    *,
    collection: Annotated[str | None, Query(description="Only in this collection.")] = None,
    kind: Annotated[str | None, Query(description="Only this format, e.g. `pdf`.")] = None,
    status: Annotated[
        Literal["ready", "failed"] | None,
        Query(description="`failed`: with an error; `ready`: without."),
    ] = None,
    q: Annotated[str, Query(description="Looked for in title and source.")] = "",
    sort: Annotated[SortKey, Query(description="Column to sort by.")] = "title",
    descending: Annotated[bool, Query(description="Largest or newest first.")] = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> DocumentList:
    """One page of the documents that match, and how many match in all."""
    found, total = services.documents.find(
        collection=collection,
        kind=kind,
        failed=None if status is None else status == "failed",
        text=q,
        sort=sort,
        descending=descending,
        limit=limit,
        offset=offset,
    )
    return DocumentList(
        documents=[DocumentOut.of(document) for document in found],
        total=total,
        limit=limit,
        offset=offset,
    )


@router.get("/documents/{document_id}", summary="One document", responses=documented(NotFound))
def read_document(
    document_id: str,
    services: ServicesDep,
    text: Annotated[
        bool, Query(description="Include the extracted text that citations point into.")
    ] = False,
) -> DocumentDetail:
    """What is known of a document, with its text where asked for."""
    document = services.documents.get(document_id)
    return DocumentDetail.of(document, services.documents.text(document_id)[0] if text else None)


@router.delete(
    "/documents/{document_id}",
    status_code=204,
    summary="Remove a document",
    responses=documented(NotFound),
)
def remove_document(request: Request, document_id: str, services: ServicesDep) -> None:
    """Remove a document and everything derived from it. No search finds it any more.

    The file it came from stays where it is; ingesting that folder again brings it back.
    """
    document = services.documents.get(document_id)
    services.library.forget([document_id])
    note(request, Action.DOCUMENT_REMOVED, document.source, collection=document.collection)


@router.get("/collections", summary="List collections")
def list_collections(services: ServicesDep) -> CollectionList:
    """Every collection and how much is in it."""
    return CollectionList(
        collections=[CollectionOut.of(summary) for summary in services.documents.collections()]
    )


def _batch(services: Services, batch_id: str, refused: list[Refused]) -> UploadBatch:
    jobs = services.jobs.batch(batch_id)
    if not jobs:
        raise NotFound("There is no such upload.", "Its id is in the answer to the upload.")
    files = [UploadedFile.of(job) for job in jobs]
    files += [
        UploadedFile(name=file.name, status="refused", message=file.reason, document_id=None)
        for file in refused
    ]
    return UploadBatch(
        batch_id=batch_id,
        collection=jobs[0].collection,
        done=all(job.status in ("done", "failed") for job in jobs),
        files=files,
    )
