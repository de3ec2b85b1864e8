"""What `footnote status` and `footnote documents` look up, as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.bootstrap import Services
from app.domain import Document
from app.errors import Busy, FootnoteError, NotFound
from app.records.lock import writer_lock

_SHOWN_FAILURES = 100


def status_of(services: Services) -> dict[str, Any]:
    """What is stored, in which state the index is, and what could not be read."""
    settings = services.settings
    failures, failed = services.documents.find(failed=True, limit=_SHOWN_FAILURES, sort="title")
    return {
        "data_dir": str(settings.data_dir.resolve()),
        "database": services.engine.url.render_as_string(hide_password=True),
        "vectors": settings.chroma_url or "embedded Chroma",
        "index": _index(services),
        "collections": [
            {
                "name": one.name,
                "documents": one.documents,
                "passages": one.passages,
                "failed": one.failed,
                "last_ingested_at": (
                    one.last_ingested_at.isoformat() if one.last_ingested_at else None
                ),
            }
            for one in services.documents.collections()
        ],
        "failed": failed,
        "failures": [
            {"id": one.id, "source": one.source, "collection": one.collection, "error": one.error}
            for one in failures
        ],
    }


def _index(services: Services) -> dict[str, Any]:
    state = services.documents.state
    passages = sum(one.passages for one in services.documents.collections())
    found: dict[str, Any] = {
        "model": state("model"),
        "dimension": state("dimension"),
        "vectors": 0,
        "lexical": 0,
        "healthy": False,
    }
    try:
        found["vectors"] = services.library.vectors.count()
        found["lexical"] = services.library.lexical.count()
        services.library.check_model()
        with writer_lock(services.settings.data_dir, wait=False):
            pass
    except Busy as error:
        return found | {"healthy": True, "message": error.detail}
    except FootnoteError as error:
        return found | {"message": error.message}
    whole = found["vectors"] == found["lexical"] == passages
    if whole and state("dirty") != "1":
        return found | {"healthy": True, "message": f"in order, {passages:,} passages"}
    return found | {
        "message": "interrupted while it was written; the next ingest puts it in order, "
        "`footnote reindex` does it now"
    }


def document_fields(document: Document) -> dict[str, Any]:
    """A document for `documents list --json`."""
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "collection": document.collection,
        "kind": document.kind,
        "passages": document.passages,
        "pages": document.pages,
        "status": document.status,
        "error": document.error,
        "warnings": list(document.warnings),
        "modified_at": document.modified_at.isoformat() if document.modified_at else None,
        "ingested_at": document.ingested_at.isoformat(),
    }


def resolve_documents(services: Services, names: Sequence[str]) -> list[Document]:
    """Documents by id or by source; a source may be in several collections.

    Raises:
        NotFound: one of the names belongs to none; nothing is removed then.
    """
    found: dict[str, Document] = {}
    for name in names:
        page, _ = services.documents.find(text=name, limit=1000)
        matching = [document for document in page if document.source == name]
        if not matching:
            try:
                matching = [services.documents.get(name)]
            except NotFound as error:
                raise NotFound(
                    f"There is no document {name}.", "`footnote documents list` shows all of them."
                ) from error
        found |= {document.id: document for document in matching}
    return list(found.values())
