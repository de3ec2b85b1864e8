"""What is stored of a file, and under which recipe it was made."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from app.domain import Document
from app.knowledge.ports import Encoded
from app.records.versions import NewVersion, new_document_id
from app.settings import Settings
from ingest.parsers import PARSER_VERSION
from ingest.parsers.formats import BY_EXTENSION, extension_of
from ingest.plan import Recipes
from ingest.prepare import Failed, Read
from ingest.splitter import SPLITTER_VERSION


def recipes(settings: Settings) -> Recipes:
    """How documents are made with these settings."""
    ready = f"p{PARSER_VERSION}-s{SPLITTER_VERSION}-t{settings.passage_tokens}"
    if settings.ocr:
        # Installing tesseract later must bring the scanned pages in.
        ready += "-ocr" if shutil.which("tesseract") else "-ocr?"
    limits = (
        settings.max_unpacked_mb,
        settings.max_document_chars,
        settings.parse_timeout_s,
        settings.max_file_mb,
    )
    digest = hashlib.blake2b(repr(limits).encode(), digest_size=4).hexdigest()
    return Recipes(ready=ready, failed=f"{ready}!{digest}")


def new_version(collection: str, recipe: str, read: Read, encoded: Sequence[Encoded]) -> NewVersion:
    """What is stored of a file that was read; ``encoded`` goes with its passages."""
    parsed, item = read.parsed, read.work.item
    assert parsed is not None  # noqa: S101  # only a dry run leaves it out
    document = Document(
        id=read.document_id,
        collection=collection,
        source=item.source,
        title=parsed.title,
        kind=parsed.kind,
        size=len(read.data),
        content_hash=read.digest,
        passages=len(read.passages),
        characters=len(parsed.text),
        pages=parsed.pages,
        page_kind=parsed.page_kind,
        modified_at=parsed.modified_at or item.modified_at,
        ingested_at=datetime.now(UTC),
        status="ready",
        error=None,
        warnings=parsed.warnings,
        owner=parsed.owner,
        review_by=parsed.review_by,
        superseded_by=parsed.superseded_by,
    )
    return NewVersion(
        document=document,
        root=read.work.root,
        mtime_ns=item.stamp,
        recipe=recipe,
        original=read.data,
        parsed=parsed,
        passages=read.passages,
        vectors=np.stack([one.vector for one in encoded]),
        sentence_vectors=tuple(one.sentences for one in encoded),
    )


def failed_document(collection: str, failed: Failed) -> Document:
    """What is remembered of a file that cannot be read."""
    item = failed.work.item
    return Document(
        # Not its content's id, which a readable document may have.
        id=new_document_id(collection, item.source, "failed"),
        collection=collection,
        source=item.source,
        title=item.name,
        kind=BY_EXTENSION.get(extension_of(item.name), ""),
        size=item.size,
        content_hash=failed.digest,
        passages=0,
        characters=0,
        pages=None,
        page_kind="",
        modified_at=item.modified_at,
        ingested_at=datetime.now(UTC),
        status="failed",
        error=f"{failed.problem.reason} {failed.problem.action}".strip(),
    )
