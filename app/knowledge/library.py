"""SQL and the two indexes, kept in step: the one door for whoever changes documents.

How a version becomes visible whole: its passages enter both indexes first, then one SQL transaction
replaces the old version, then the old passages leave the indexes. A reader asks the indexes for ids
and SQL for their content, and SQL only knows passages of the version in force; so before the
transaction it sees the old version, after it the new one, and never both. A kill in between leaves
ids in an index that SQL does not know, which readers skip and `reconcile` removes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from app.domain import Document, Passage
from app.errors import Busy, IndexMismatch, IndexProblem
from app.knowledge.model_holder import ModelHolder
from app.knowledge.passage_text import embedding_text, heading_line
from app.knowledge.ports import Embedder, IndexEntry, LexicalIndex, Vector, VectorIndex
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.lock import writer_lock
from app.records.versions import NewVersion

_CHUNK = 1000
"""Passages per step of a rebuild: a few megabytes of vectors."""


class Library:
    """Adds, removes and rebuilds. Callers hold `writer_lock`, but for `forget` and `refresh…`."""

    def __init__(
        self,
        documents: DocumentStore,
        writer: DocumentWriter,
        *,
        data_dir: Path,
        model_name: str,
        embedder: ModelHolder[Embedder],
        vectors: VectorIndex,
        lexical: LexicalIndex,
    ) -> None:
        self.documents = documents
        self.writer = writer
        self._data_dir = data_dir
        self._model_name = model_name
        self._holder = embedder
        self.vectors = vectors
        self.lexical = lexical
        self._seen = self.documents.generation()
        self._refreshing = threading.Lock()
        self.trouble: IndexProblem | None = None
        """Why the indexes can't be used at the moment; whoever tries them says so here."""

    @property
    def embedder(self) -> Embedder:
        """The embedding model; loads it at first use."""
        return self._holder.get(wait=True)

    def check_model(self) -> None:
        """Refuse to mix vectors of two models.

        Raises:
            IndexMismatch: the index was built with another model or dimension.
        """
        state = self.documents.states()
        built, dimension = state.get("model"), state.get("dimension")
        if built is None:
            return
        loaded = self._holder.get(wait=True) if self._holder.loaded else None
        same_size = loaded is None or str(loaded.dimension) == dimension
        if built != self._model_name or not same_size:
            raise IndexMismatch(
                f"The index was built with “{built}” ({dimension} dimensions), but "
                f"FOOTNOTE_EMBEDDING_MODEL is now “{self._model_name}”.",
                "Run `footnote reindex` to build it again with the new model, or set the old one.",
            )

    def add(self, versions: Sequence[NewVersion]) -> None:
        """Put these versions in place of older ones, all of them or none."""
        if not versions:
            return
        self.refresh_if_changed()
        if self.documents.state("model") is None:
            self.writer.set_state(
                model=self._model_name, dimension=str(versions[0].vectors.shape[-1])
            )
        old = self._older_passages(versions)
        self.writer.set_state(dirty="1")
        entries = [
            _entry(version.document, passage, vector)
            for version in versions
            for passage, vector in zip(version.passages, version.vectors, strict=True)
        ]
        self.vectors.add(entries)
        self.lexical.add(entries)
        self.lexical.commit()
        self.writer.put(versions)
        new = {entry.passage_id for entry in entries}
        self._drop({key: name for key, name in old.items() if key not in new})
        self._seen_now()
        self.writer.set_state(dirty="0")

    def remove(self, document_ids: Collection[str]) -> int:
        """Forget documents; gone for readers at once. Gives how many passages went."""
        if not document_ids:
            return 0
        self.refresh_if_changed()
        gone = self.writer.passage_ids(document_ids)
        self.writer.set_state(dirty="1")
        self.writer.remove(document_ids)
        self._drop(gone)
        self._seen_now()
        self.writer.set_state(dirty="0")
        return len(gone)

    def forget(self, document_ids: Collection[str]) -> int:
        """As `remove`, for callers without the lock: a page's delete button must not wait.

        While somebody else ingests, only SQL is changed, which is what readers go by; the indexes
        are cleaned by the next `reconcile`.
        """
        try:
            with writer_lock(self._data_dir, wait=False):
                return self.remove(document_ids)
        except Busy:
            gone = self.writer.passage_ids(document_ids)
            self.writer.remove(document_ids)
            self.writer.set_state(orphans="1")
            return len(gone)

    def reconcile(self) -> None:
        """After a kill or a lost index, make the indexes hold exactly what SQL holds."""
        self.refresh_if_changed()
        state = self.documents.state
        expected = {name: set(ids) for name, ids in self.documents.passage_ids().items()}
        total = sum(len(ids) for ids in expected.values())
        clean = state("dirty") != "1" and state("orphans") != "1"
        if clean and self.vectors.count() == total and self.lexical.count() == total:
            return
        held = self.vectors.ids()
        for name, ids in held.items():
            self.vectors.delete(name, ids - expected.get(name, set()))
        missing = {i for name, ids in expected.items() for i in ids - held.get(name, set())}
        for entries in self.entries(missing):
            self.vectors.add(entries)
        everything = set().union(*expected.values())
        found = self.lexical.ids()
        self.lexical.delete(found - everything)
        for entries in self.entries(everything - found):
            self.lexical.add(entries)
        self.lexical.commit()
        self.writer.bump()
        self._seen_now()
        self.writer.set_state(dirty="0", orphans="0")

    def reindex(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        """Build both indexes again from SQL, embedding again only when the model changed.

        ``progress`` is told passages done and passages in all.
        """
        stored = [i for ids in self.documents.passage_ids().values() for i in ids]
        known = self.documents.state("model")
        embedder = self.embedder
        dimension = str(embedder.dimension)
        same = known == self._model_name and self.documents.state("dimension") == dimension
        self.writer.set_state(dirty="1")
        if not same:
            # A kill on the way leaves vectors of two models, which neither may take for its own.
            self.writer.set_state(model=f"an unfinished change to {self._model_name}")
        self.vectors.clear()
        self.lexical.clear()
        done = 0
        for first in range(0, len(stored), _CHUNK):
            chunk = stored[first : first + _CHUNK]
            if not same:
                self._embed_again(chunk, embedder)
            for entries in self.entries(chunk):
                self.vectors.add(entries)
                self.lexical.add(entries)
            done += len(chunk)
            progress(done, len(stored))
        self.lexical.commit()
        self.writer.set_state(model=self._model_name, dimension=dimension)
        self.writer.bump()
        self._seen_now()
        self.writer.set_state(dirty="0", orphans="0")

    def refresh_if_changed(self, *, wait: bool = False) -> bool:
        """See what other processes ingested since the last look; True when there was something.

        While another thread does so: with ``wait`` stay until it is done, else return at once.
        """
        if self.is_current() or not self._refreshing.acquire(blocking=wait):
            return False
        try:
            generation = self.documents.generation()
            if generation == self._seen:
                return False
            self.vectors.refresh()
            self.lexical.refresh()
            self._seen = generation
        finally:
            self._refreshing.release()
        return True

    @property
    def seen(self) -> int:
        """The generation of documents that this process has seen last."""
        return self._seen

    def refresh(self) -> None:
        """Let go of both indexes and open them again, whatever happened to them."""
        with self._refreshing:
            generation = self.documents.generation()
            self.vectors.refresh()
            self.lexical.refresh()
            self._seen = generation

    def is_current(self) -> bool:
        """Whether this process has seen every change there is."""
        return self.documents.generation() == self._seen

    def close(self) -> None:
        """Let go of files and connections."""
        self.vectors.close()
        self.lexical.close()

    def _seen_now(self) -> None:
        """What this process wrote through its own clients it need not refresh for.

        Only when nobody else wrote in between; the lock sees to that while it is held.
        """
        self._seen = self.documents.generation()

    def _older_passages(self, versions: Sequence[NewVersion]) -> dict[str, str]:
        places = [(version.document.collection, version.document.source) for version in versions]
        return self.writer.passage_ids(self.writer.ids_at(places))

    def _drop(self, gone: dict[str, str]) -> None:
        if not gone:
            return
        for name in set(gone.values()):
            self.vectors.delete(name, [key for key, own in gone.items() if own == name])
        self.lexical.delete(gone)
        self.lexical.commit()

    def entries(self, ids: Collection[str]) -> Iterator[list[IndexEntry]]:
        """What the indexes hold of these passages, in steps; none without a vector."""
        ordered = list(ids)
        for first in range(0, len(ordered), _CHUNK):
            chunk = ordered[first : first + _CHUNK]
            vectors = self.documents.vectors(chunk)
            found = self.documents.passages(chunk)
            yield [
                _entry(document, passage, vectors[key].passage)
                for key, (passage, document) in found.items()
                if key in vectors
            ]

    def embed_again(self, ids: Sequence[str]) -> None:
        """Give passages a vector that lost theirs; loads the model."""
        self.writer.set_state(dirty="1")
        for first in range(0, len(ids), _CHUNK):
            self._embed_again(ids[first : first + _CHUNK], self.embedder)

    def _embed_again(self, ids: Collection[str], embedder: Embedder) -> None:
        found = self.documents.passages(ids)
        texts = [embedding_text(document.title, passage) for passage, document in found.values()]
        encoded = embedder.encode_passages([text for text, _ in texts], [s for _, s in texts])
        self.writer.replace_vectors(
            {key: (one.vector, one.sentences) for key, one in zip(found, encoded, strict=True)}
        )


def _entry(document: Document, passage: Passage, vector: Vector) -> IndexEntry:
    return IndexEntry(
        passage_id=passage.id,
        document_id=document.id,
        collection=document.collection,
        kind=document.kind,
        modified_at=document.modified_at,
        title=document.title,
        heading=heading_line(passage.heading),
        text=passage.text,
        vector=np.asarray(vector, dtype=np.float32),
    )
