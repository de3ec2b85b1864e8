"""Fills a data directory, and a LangChain + Chroma store beside it, with many passages quickly.

A million passages take days to embed. So a small corpus is ingested for real, and the rest is made
of it: its sentences mixed across passages, every third word of meaning exchanged for another one of
the corpus, and vectors that lie near those they were made of. Words and vectors are spread like the
corpus's; no two passages read the same. Both stores hold the same texts and vectors. Run as a
program; see `main`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.bench import measuring

if TYPE_CHECKING:
    from app.bootstrap import Services
    from app.domain import Passage
    from app.records.versions import NewVersion

COLLECTION = "bench"
PEER_COLLECTION = "langchain"
"""Where LangChain's Chroma looks when nobody names a collection."""
_PER_DOCUMENT = 25
_AT_ONCE = 40
"""Documents stored together: 1,000 passages."""
_OTHER_SENTENCE = 0.5
_OTHER_WORD = 0.34
_NOISE = 0.5
"""Length of what is added to a unit vector in a random direction: the cosine with it is then 0.89,
about that of neighboring passages in a document."""
_WORD_LETTERS = 4
_SEED = 20


@dataclass(frozen=True, slots=True)
class _Source:
    """One passage of the corpus, with its document's title and its vectors."""

    title: str
    passage: Passage
    vector: NDArray[np.float32]
    sentences: NDArray[np.float32]

    def texts(self) -> list[str]:
        first = self.passage.start
        return [self.passage.text[a - first : b - first] for a, b in self.passage.sentences]


class Maker:
    """Makes documents out of others; the same ones for the same seed."""

    def __init__(self, sources: list[_Source], seed: int = _SEED) -> None:
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._noise = np.random.default_rng(seed)
        self._sources = sources
        self._pool = [
            (text, vector)
            for one in sources
            for text, vector in zip(one.texts(), one.sentences, strict=False)
        ]
        self._words = [
            word for text, _ in self._pool for word in text.split() if len(word) > _WORD_LETTERS
        ]

    def document(self, number: int) -> NewVersion:
        """The document of this number."""
        from app.domain import Block, BlockKind, Document, ParsedDocument, Passage  # noqa: PLC0415
        from app.records.versions import NewVersion, content_hash, new_document_id  # noqa: PLC0415

        source = f"made:{number}.txt"
        key = new_document_id(COLLECTION, source, str(number))
        title = f"{self._random.choice(self._sources).title} {number}"
        text, blocks, passages, vectors, inner = "", [], [], [], []
        for ordinal in range(_PER_DOCUMENT):
            base = self._random.choice(self._sources)
            start, spans, near = len(text), [], []
            for one, vector in zip(base.texts(), base.sentences, strict=False):
                sentence, meaning = self._sentence(one, vector)
                spans.append((len(text), len(text) + len(sentence)))
                near.append(meaning)
                text += sentence + " "
            text = text.rstrip() + "\n"
            end = len(text) - 1
            blocks.append(Block(BlockKind.PARAGRAPH, start, end))
            passages.append(
                Passage(
                    id=f"{key}-{ordinal}",
                    document_id=key,
                    ordinal=ordinal,
                    start=start,
                    end=end,
                    text=text[start:end],
                    heading=base.passage.heading,
                    page=None,
                    sentences=tuple(spans),
                )
            )
            inner.append(np.array(near, dtype=np.float32).reshape(-1, base.vector.size))
            vectors.append(self._near(base.vector + inner[-1].sum(axis=0) / max(1, len(near))))
        data = text.encode()
        when = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        document = Document(
            id=key,
            collection=COLLECTION,
            source=source,
            title=title,
            kind="txt",
            size=len(data),
            content_hash=content_hash(data),
            passages=len(passages),
            characters=len(text),
            pages=None,
            page_kind="",
            modified_at=when,
            ingested_at=when,
            status="ready",
            error=None,
        )
        return NewVersion(
            document=document,
            root="made:",
            mtime_ns="",
            recipe="made",
            original=data,
            parsed=ParsedDocument(title=title, text=text, blocks=tuple(blocks), kind="txt"),
            passages=tuple(passages),
            vectors=np.array(vectors, dtype=np.float32),
            sentence_vectors=tuple(inner),
        )

    def _sentence(self, text: str, vector: NDArray[np.float32]) -> tuple[str, NDArray[np.float32]]:
        if self._random.random() < _OTHER_SENTENCE:
            text, vector = self._random.choice(self._pool)
        words = [
            self._random.choice(self._words)
            if len(word) > _WORD_LETTERS and self._random.random() < _OTHER_WORD
            else word
            for word in text.split()
        ]
        return " ".join(words) or text, self._near(vector)

    def _near(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        unit = vector / max(1e-9, float(np.linalg.norm(vector)))
        noise = self._noise.standard_normal(unit.size, dtype=np.float32)
        moved: NDArray[np.float32] = unit + _NOISE * noise / np.linalg.norm(noise)
        return moved / np.linalg.norm(moved)


def fill(corpus: Path, data_dir: Path, store: Path, wanted: int) -> dict[str, Any]:
    """Bring both stores to at least ``wanted`` passages; what is there already stays."""
    import chromadb  # noqa: PLC0415

    from app.bootstrap import build_services  # noqa: PLC0415
    from app.domain import Filters  # noqa: PLC0415
    from app.records.lock import writer_lock  # noqa: PLC0415
    from app.settings import load_settings  # noqa: PLC0415
    from evals.running.ingesting import ingest_folder  # noqa: PLC0415

    started = time.perf_counter()
    services = build_services(load_settings(data_dir=data_dir, database_url="", chroma_url=""))
    client: Any = chromadb.PersistentClient(str(store))
    # Without a function of its own Chroma would fetch one; LangChain brings the question's vector.
    peer = client.get_or_create_collection(PEER_COLLECTION, embedding_function=None)
    try:
        if not services.documents.counts(Filters())[0]:
            ingest_folder(services, corpus, COLLECTION)
        sources = list(_sources(services))
        if not peer.count():
            _copy(peer, [(s.passage.id, s.passage.text, s.title, s.vector) for s in sources])
        held = services.documents.counts(Filters())[1]
        made = (held - len(sources)) // _PER_DOCUMENT
        while held < wanted:
            missing = -(-(wanted - held) // _PER_DOCUMENT)
            numbers = range(made, made + min(_AT_ONCE, missing))
            # A seed for each group: a directory that is filled further gets what it would have.
            maker = Maker(sources, _SEED + made)
            versions = [maker.document(number) for number in numbers]
            with writer_lock(data_dir, wait=True):
                services.library.add(versions)
            _copy(
                peer,
                [
                    (passage.id, passage.text, version.document.source, vector)
                    for version in versions
                    for passage, vector in zip(version.passages, version.vectors, strict=True)
                ],
            )
            made += len(versions)
            held += len(versions) * _PER_DOCUMENT
    finally:
        services.close()
        client.close()
    return {"passages": held, "seconds": time.perf_counter() - started}


def _sources(services: Services) -> Iterator[_Source]:
    documents, _ = services.documents.find(collection=COLLECTION, limit=1_000_000)
    for document in documents:
        if document.source.startswith("made:"):
            continue
        passages = services.documents.of_document(document.id)
        vectors = services.documents.vectors([passage.id for passage in passages])
        for passage in passages:
            stored = vectors[passage.id]
            yield _Source(document.title, passage, stored.passage, stored.sentences)


def _copy(peer: Any, rows: list[tuple[str, str, str, NDArray[np.float32]]]) -> None:
    for first in range(0, len(rows), 1000):
        part = rows[first : first + 1000]
        peer.add(
            ids=[row[0] for row in part],
            documents=[row[1] for row in part],
            metadatas=[{"source": row[2]} for row in part],
            embeddings=[row[3] for row in part],
        )


def main() -> None:
    """`--corpus DIR --data-dir DIR --store DIR --passages N --result FILE`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--passages", type=int, required=True)
    parser.add_argument("--result", type=Path, required=True)
    given = parser.parse_args()
    result = fill(given.corpus, given.data_dir, given.store, given.passages)
    measuring.write_result(given.result, result)


if __name__ == "__main__":
    main()
