"""``/documents``: what is known, adding to it, refreshing it, removing from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.domain import DEFAULT_COLLECTION, Document
from app.entrance.auditing import note, note_upload
from app.errors import NotFound
from app.records.accounts import Action
from app.records.documents import Root, SortKey
from app.records.jobs import Job
from app.requests import collection_name
from app.uploads import read_upload
from app.web.dependencies import ServicesDep
from app.web.places import file_name
from app.web.templating import is_htmx, page
from app.web.visitor import keeps_documents

router = APIRouter(include_in_schema=False)
PER_PAGE = 50
CHANGED = "documents-changed"
"""The event on which the list, where one is shown, loads again."""
_NEWEST_FIRST: tuple[SortKey, ...] = ("passages", "modified", "ingested", "size")
"""Columns of which people want the largest first."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What part of the list is shown, and how it is sorted."""

    q: str
    collection: str
    kind: str
    failed: bool
    sort: SortKey
    descending: bool
    number: int

    @property
    def query(self) -> dict[str, Any]:
        """As query parameters, for links that change one of them."""
        return {
            "q": self.q,
            "collection": self.collection,
            "kind": self.kind,
            "failed": "1" if self.failed else "",
            "sort": "" if self.sort == "title" else self.sort,
            "desc": "1" if self.descending else "",
        }

    @property
    def narrowed(self) -> bool:
        """True when a filter is set."""
        return bool(self.q or self.collection or self.kind or self.failed)

    def sorted_by(self, key: SortKey) -> dict[str, Any]:
        """The parameters of the link in a column's header: the second click turns the order."""
        turned = not self.descending if key == self.sort else key in _NEWEST_FIRST
        return {"sort": "" if key == "title" else key, "desc": "1" if turned else ""}


@router.get("/documents")
def documents(
    request: Request,
    services: ServicesDep,
    q: str = "",
    collection: str = "",
    kind: str = "",
    failed: str = "",
    sort: str = "title",
    desc: str = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> Response:
    """The list, one page of it; htmx gets only the list."""
    listing = Listing(
        q=q,
        collection=collection,
        kind=kind,
        failed=bool(failed),
        sort=cast("SortKey", sort if sort in get_args(SortKey) else "title"),
        descending=bool(desc),
        number=page_number,
    )
    found, total = services.documents.find(
        collection=collection or None,
        kind=kind or None,
        failed=True if failed else None,
        text=q,
        sort=listing.sort,
        descending=listing.descending,
        limit=PER_PAGE,
        offset=(page_number - 1) * PER_PAGE,
    )
    collections = services.documents.collections()
    return page(
        request,
        "documents.html",
        {
            "listing": listing,
            "documents": found,
            "total": total,
            "pages": max(1, -(-total // PER_PAGE)),
            "first": (page_number - 1) * PER_PAGE + 1,
            "collections": collections,
            "kinds": services.documents.kinds(),
            "roots": services.documents.roots() if keeps_documents() else (),
            "known": sum(c.documents for c in collections),
            "failures": sum(c.failed for c in collections),
            "default_collection": collection or DEFAULT_COLLECTION,
            "max_mb": services.settings.max_file_mb,
            "max_files": services.settings.max_upload_files,
        },
        block="list",
    )


@router.post("/documents")
async def upload(request: Request, services: ServicesDep) -> Response:
    """Queue files; htmx gets the batch, a plain form is sent to its page."""
    form = await read_upload(request, services.settings)
    try:
        form.require_files()
        name = collection_name(form.fields.get("collection"))
        batch = await run_in_threadpool(services.jobs.add_files, name, form.files)
        await run_in_threadpool(note_upload, request, name, batch)
    finally:
        form.close()
    refused = [file.name for file in form.refused]
    if is_htmx(request):
        context = await run_in_threadpool(_batch, services, batch, refused)
        return page(request, "upload.html", context, block="batch")
    told = f"?{urlencode({'refused': refused}, doseq=True)}" if refused else ""
    return RedirectResponse(f"/documents/uploads/{batch}{told}", 303)


@router.get("/documents/uploads/{batch_id}")
def upload_batch(
    request: Request,
    batch_id: str,
    services: ServicesDep,
    refused: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """How far an upload is, file by file; asks again by itself until all are done."""
    context = _batch(services, batch_id, refused or [])
    done = context["done"] == len(context["jobs"])
    return page(
        request,
        "upload.html",
        context,
        block="batch",
        headers={"HX-Trigger": CHANGED} if done else {},
    )


@router.post("/documents/roots")
def ingest_root_again(
    request: Request,
    services: ServicesDep,
    collection: Annotated[str, Form()] = "",
    uri: Annotated[str, Form()] = "",
) -> Response:
    """Ingest a known folder, file or address again. Others can't be named from a page."""
    for root in services.documents.roots():
        if (root.collection, root.uri) == (collection, uri):
            note(request, Action.DOCUMENTS_REINGESTED, uri, collection=collection)
            return _queued(request, services, services.jobs.add_root(collection, uri))
    raise NotFound("That folder was never ingested.", "Ingest it from the command line first.")


@router.post("/documents/{document_id}/ingest")
def ingest_again(request: Request, document_id: str, services: ServicesDep) -> Response:
    """Look at one document's source again: its folder, its address, or the uploaded file."""
    document = services.documents.get(document_id)
    root = containing_root(document, services.documents.roots())
    if root is not None:
        batch = services.jobs.add_root(document.collection, root.uri)
    elif document.source.startswith("upload:"):
        data = services.documents.original(document_id)
        batch = services.jobs.add_files(document.collection, [(file_name(document.source), data)])
    else:
        batch = services.jobs.add_root(document.collection, document.source)
    note(request, Action.DOCUMENTS_REINGESTED, document.source, collection=document.collection)
    return _queued(request, services, batch)


@router.get("/documents/{document_id}/delete")
def confirm_delete(request: Request, document_id: str, services: ServicesDep) -> Response:
    """Ask before anything is removed, and say whether it would come back."""
    document = services.documents.get(document_id)
    return page(
        request,
        "delete.html",
        {
            "document": document,
            "root": containing_root(document, services.documents.roots()),
            "file": file_name(document.source),
        },
        block="confirm",
    )


@router.post("/documents/{document_id}/delete")
def delete(request: Request, document_id: str, services: ServicesDep) -> Response:
    """Remove a document and everything derived from it; the file itself stays."""
    document = services.documents.get(document_id)
    services.library.forget([document_id])
    note(request, Action.DOCUMENT_REMOVED, document.source, collection=document.collection)
    return RedirectResponse("/documents", 303)


def containing_root(document: Document, roots: Sequence[Root]) -> Root | None:
    """The ingested folder in which a document's file stands; the innermost, when several do."""
    found = [
        root
        for root in roots
        if root.collection == document.collection
        and (
            document.source == root.uri or document.source.startswith(root.uri.rstrip("/\\") + "/")
        )
    ]
    return max(found, key=lambda root: len(root.uri), default=None)


def _queued(request: Request, services: Services, batch: str) -> Response:
    if is_htmx(request):
        return page(request, "upload.html", _batch(services, batch, []), block="batch")
    return RedirectResponse(f"/documents/uploads/{batch}", 303)


def _batch(services: Services, batch_id: str, refused: Sequence[str]) -> dict[str, Any]:
    jobs: Sequence[Job] = services.jobs.batch(batch_id)
    if not jobs:
        raise NotFound("There is no such upload.", "It may be from before a reset.")
    return {
        "batch_id": batch_id,
        "jobs": jobs,
        "collection": jobs[0].collection,
        "done": sum(job.status in ("done", "failed") for job in jobs),
        "failed": sum(job.status == "failed" for job in jobs),
        "refused": refused,
        "max_mb": services.settings.max_file_mb,
    }
