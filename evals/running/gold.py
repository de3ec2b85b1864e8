"""Finds the gold documents in the store, and the gold passages in their extracted texts."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain import Block, Document, Passage, Span
from app.errors import NotFound
from evals.datasets import Case, Gold
from evals.scoring.text import contains_any, fold_with_offsets, normalize

_PAGE = 1000
_PIECE = 20
"""Letters and digits that a piece of a passage needs to be looked for by itself."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Text:
    """A document's extracted text, and its letters and digits with their places."""

    text: str
    blocks: tuple[Block, ...]
    folded: str
    offsets: list[int]


Places = dict[str, tuple[Span, ...]]
"""Document id → where a gold passage stands in it."""


class Documents(Protocol):
    """The documents that were ingested, wherever they are stored."""

    def find(self, *, limit: int, offset: int) -> tuple[list[Document], int]:
        """One page, and how many there are."""

    def text(self, document_id: str) -> tuple[str, tuple[Block, ...]]:
        """The extracted text and its blocks. Raises NotFound."""

    def of_document(self, document_id: str) -> list[Passage]:
        """A document's passages in reading order."""


class GoldFinder:
    """Knows the stored documents by the names that datasets use. Reads texts once.

    ``missing``: names that no stored document has; ``fingerprint``: of what is stored.
    """

    def __init__(self, documents: Documents, cases: Sequence[Case]) -> None:
        """Raises NotFound when none of the cases' documents is in the store."""
        self._store = documents
        stored = _everything(documents)
        paths = {document.id: _plain(document.source) for document in stored}
        root = _common_folder(paths.values())
        self._labels = {key: path.removeprefix(root) for key, path in paths.items()}
        self._texts: dict[str, Text] = {}
        self._by_name: dict[str, list[str]] = {}
        ends: dict[str, list[str]] = {}
        for key, path in paths.items():
            ends.setdefault(path.rpartition("/")[2], []).append(key)
        names = {name for case in cases for name in case.documents}
        for name in names:
            plain = _plain(name)
            same_end = ends.get(plain.rpartition("/")[2], [])
            ids = [key for key in same_end if f"/{paths[key]}".endswith(f"/{plain}")]
            # Or the dataset names folders above those that were ingested.
            ids = ids or [key for key in same_end if plain.endswith(f"/{self._labels[key]}")]
            self._by_name[name] = ids
            self._labels |= dict.fromkeys(ids, name)
        fingerprint = sorted(
            f"{self._labels[d.id]}\t{d.content_hash}\t{d.passages}" for d in stored
        )
        self.fingerprint = hashlib.sha256("\n".join(fingerprint).encode()).hexdigest()[:16]
        self.missing = tuple(sorted(name for name in names if not self._by_name[name]))
        if names and len(self.missing) == len(names):
            raise NotFound(
                f"None of the {len(names)} documents that the questions are about is in the index.",
                "Ingest them first, or leave out --no-ingest.",
            )

    def label(self, document: Document) -> str:
        """The dataset's name for a document, else its path below the folder they all share."""
        return self._labels.get(document.id, _plain(document.source).rpartition("/")[2])

    def places(self, gold: Gold, answers: Sequence[str]) -> Places:
        """Where ``gold`` stands; empty when it has no passage or that is not found.

        Tried in this order, each with letters and digits only: the whole passage; its sentences,
        when those found make up half of it; the shortest block (a table row, say) that has all its
        words; passages of the document that contain a gold answer.
        """
        if not gold.passage:
            return {}
        found: Places = {}
        for document_id in self._by_name.get(gold.document, ()):
            text = self.text(document_id)
            spans = (
                occurrences(text, gold.passage)
                or _pieces(text, gold.passage)
                or _block(text, gold.passage)
                or _with_answer(self._store.of_document(document_id), answers)
            )
            if spans:
                found[document_id] = tuple(spans)
        return found

    def text(self, document_id: str) -> Text:
        """A document's text, folded. Empty for one that could not be read."""
        if document_id not in self._texts:
            try:
                text, blocks = self._store.text(document_id)
            except NotFound:
                text, blocks = "", ()
            self._texts[document_id] = Text(text, blocks, *fold_with_offsets(text))
        return self._texts[document_id]


def overlaps(passage: Passage, places: Places) -> bool:
    """Whether a passage has some of a gold passage in it."""
    return any(
        start < passage.end and passage.start < end
        for start, end in places.get(passage.document_id, ())
    )


def covers(document_id: str, span: Span, places: Sequence[Places]) -> tuple[int, ...]:
    """Which gold passages a stretch of a document's text overlaps, by their number."""
    return tuple(
        number
        for number, place in enumerate(places)
        if any(start < span[1] and span[0] < end for start, end in place.get(document_id, ()))
    )


def occurrences(text: Text, passage: str) -> list[Span]:
    """Every place where ``passage`` stands, by letters and digits."""
    wanted, _ = fold_with_offsets(passage)
    spans: list[Span] = []
    at = text.folded.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        spans.append((text.offsets[at], text.offsets[end - 1] + 1))
        at = text.folded.find(wanted, end)
    return spans


def _pieces(text: Text, passage: str) -> list[Span]:
    pieces = [(piece, len(fold_with_offsets(piece)[0])) for piece in _SENTENCE_END.split(passage)]
    spans: list[Span] = []
    held = 0
    for piece, length in pieces:
        own = occurrences(text, piece) if length >= _PIECE else []
        if own:
            spans += own
            held += length
    return spans if 2 * held >= sum(length for _, length in pieces) else []


def _block(text: Text, passage: str) -> list[Span]:
    wanted = set(normalize(passage).split())
    fitting = [
        (block.start, block.end)
        for block in text.blocks
        if wanted and wanted <= set(normalize(text.text[block.start : block.end]).split())
    ]
    return [min(fitting, key=lambda span: span[1] - span[0])] if fitting else []


def _with_answer(passages: Sequence[Passage], answers: Sequence[str]) -> list[Span]:
    return [(p.start, p.end) for p in passages if contains_any(p.text, answers)]


def _everything(store: Documents) -> list[Document]:
    documents: list[Document] = []
    while True:
        page, total = store.find(limit=_PAGE, offset=len(documents))
        documents += page
        if not page or len(documents) >= total:
            return documents


def _plain(source: str) -> str:
    """Upload names without their mark, one Unicode form, slashes."""
    return unicodedata.normalize("NFC", source.removeprefix("upload:")).replace("\\", "/")


def _common_folder(paths: Iterable[str]) -> str:
    """The folder that all absolute paths share, with a slash; empty when there is none."""
    absolute = [path.rpartition("/")[0] for path in paths if path.startswith("/")]
    return f"{os.path.commonpath(absolute).rstrip('/')}/" if absolute else ""
