"""The documents that golden cases are compared with: read from a folder, or from a store.

No model is loaded and nothing is written: only extracted texts are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.domain import Block, Document, Passage
from app.errors import NotFound
from app.moment import now
from app.records.documents import DocumentStore
from evals.datasets import Case, Gold
from evals.running.gold import Documents, GoldFinder
from evals.running.ingesting import read_documents


class _WholeTexts:
    """Documents without their passages, by which the finder would settle for a gold answer."""

    def of_document(self, document_id: str) -> list[Passage]:  # noqa: ARG002  # the finder's protocol
        """None: a gold passage has to be found itself, not just its answer somewhere near."""
        return []


class ParsedDocuments(_WholeTexts):
    """A folder's documents, parsed as an ingest would."""

    def __init__(self, folder: Path) -> None:
        self._parsed = dict(read_documents(folder))
        self._documents = [
            Document(
                id=name,
                collection="cases",
                source=str((folder / name).resolve()),
                title=parsed.title,
                kind=parsed.kind,
                size=0,
                content_hash="",
                passages=0,
                characters=len(parsed.text),
                pages=parsed.pages,
                page_kind=parsed.page_kind,
                modified_at=None,
                ingested_at=now(),
                status="ready",
                error=None,
            )
            for name, parsed in self._parsed.items()
        ]

    def find(self, *, limit: int, offset: int) -> tuple[list[Document], int]:
        """One page, and how many there are."""
        return self._documents[offset : offset + limit], len(self._documents)

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The extracted text and its blocks."""
        parsed = self._parsed[document_id]
        return parsed.text, parsed.blocks


class StoredDocuments(_WholeTexts):
    """Those of a store."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    def find(self, *, limit: int, offset: int) -> tuple[list[Document], int]:
        """One page, and how many there are."""
        return self._store.find(limit=limit, offset=offset)

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The extracted text and its blocks. Raises NotFound."""
        return self._store.text(document_id)


class FoundCorpus:
    """What `evals.datasets.validation` asks of documents, by the finder that runs use."""

    def __init__(self, documents: Documents, cases: Sequence[Case]) -> None:
        self._finder: GoldFinder | None
        try:
            self._finder = GoldFinder(documents, cases)
        except NotFound:  # of none of them: each case says so itself
            self._finder = None

    def holds(self, document: str) -> bool:
        """Whether there is a document of that name."""
        return self._finder is not None and document not in self._finder.missing

    def texts(self, gold: Gold) -> list[str]:
        """Extracted texts of the documents in which the gold passage is found; else empty."""
        if self._finder is None:
            return []
        return [self._finder.text(key).text for key in self._finder.places(gold, ())]
