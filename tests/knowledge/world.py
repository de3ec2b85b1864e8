"""The real library, retriever and asker over a data folder, with an embedder that costs nothing.

`WordEmbedder` stands in for a transformer where a test is about something else, or has to run in
another process within a second: texts that share words get similar vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from app.ask.checking.checker import SupportChecker
from app.ask.confidence import load_model
from app.ask.conversation.interpreting import Interpreter
from app.ask.conversation.spelling import Speller
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter
from app.ask.pipeline import Asker, AskOptions, Writing
from app.ask.ports import Recorder
from app.ask.reading import Reader
from app.ask.state.freshness import successor_in
from app.ask.word_match import WordMatcher
from app.ask.writing.chat_model import ChatModel
from app.ask.writing.written import Writer
from app.domain import Document, Span
from app.knowledge.chroma import embedded_chroma, server_chroma
from app.knowledge.lexical_index import TantivyIndex
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.passage_text import embedding_text
from app.knowledge.ports import Embedder, Encoded, Reranker, Vector
from app.knowledge.retriever import Retriever, RetrieverOptions
from app.knowledge.terms import content_stems
from app.records.answers import AnswerStore
from app.records.behavior.recorder import QuestionRecorder
from app.records.database import open_database
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.versions import NewVersion, content_hash, new_document_id
from ingest.parsers import Limits, parse
from ingest.splitter import passage_version, split

INGESTED = datetime(2026, 7, 1, tzinfo=UTC)


class WordEmbedder:
    """Each word has a direction; a text points to the middle of its words."""

    def __init__(self, name: str = "words", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,), unit length."""
        total = np.zeros(self.dimension, dtype=np.float32)
        for stem in sorted(content_stems(text)) or [""]:
            total += _direction(f"{self.name} {stem}", self.dimension)
        return total / np.float32(np.linalg.norm(total))

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """One vector for each text and for each of its sentences."""
        return [
            Encoded(
                self.encode_query(text),
                np.array([self.encode_query(text[a:b]) for a, b in own], dtype=np.float32).reshape(
                    len(own), self.dimension
                ),
            )
            for text, own in zip(texts, spans, strict=True)
        ]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words."""
        return [len(text.split()) for text in texts]


@cache
def _direction(word: str, dimension: int) -> Vector:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
    vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    unit: Vector = vector / np.float32(np.linalg.norm(vector))
    return unit


@dataclass
class World:
    """Everything that answers questions, on one data folder."""

    data_dir: Path
    embedder: Embedder
    library: Library
    retriever: Retriever
    asker: Asker
    answers: AnswerStore
    engine: Engine

    def add(self, *versions: NewVersion) -> None:
        """Into the library, in one step."""
        self.library.add(versions)

    def read(
        self,
        text: str,
        name: str = "note.md",
        *,
        collection: str = "default",
        tokens: int = 200,
        modified_at: datetime | None = None,
    ) -> NewVersion:
        """A file's content as the ingest would hand it to the library; a name keeps its id."""
        data = text.encode()
        parsed = parse(data, name, Limits())
        digest = content_hash(data)
        document_id = new_document_id(collection, name, "")
        passages = tuple(
            split(
                parsed,
                document_id,
                passage_version(digest, "test", parsed.title),
                tokens,
                self.embedder.count_tokens,
            )
        )
        texts = [embedding_text(parsed.title, passage) for passage in passages]
        encoded = self.embedder.encode_passages([t for t, _ in texts], [s for _, s in texts])
        document = Document(
            id=document_id,
            collection=collection,
            source=name,
            title=parsed.title,
            kind=parsed.kind,
            size=len(data),
            content_hash=digest,
            passages=len(passages),
            characters=len(parsed.text),
            pages=parsed.pages,
            page_kind=parsed.page_kind,
            modified_at=modified_at or parsed.modified_at,
            ingested_at=INGESTED,
            status="ready",
            error=None,
        )
        return NewVersion(
            document=document,
            root="",
            mtime_ns="",
            recipe="test",
            original=data,
            parsed=parsed,
            passages=passages,
            vectors=np.array([one.vector for one in encoded], dtype=np.float32).reshape(
                len(passages), self.embedder.dimension
            ),
            sentence_vectors=tuple(one.sentences for one in encoded),
        )

    def indexed(self) -> tuple[set[str], set[str]]:
        """The passage ids that the vector index and the lexical index hold."""
        held = self.library.vectors.ids().values()
        return set[str]().union(*held), self.library.lexical.ids()

    def stored(self) -> set[str]:
        """The passage ids that SQL holds."""
        return set[str]().union(*self.library.documents.passage_ids().values())

    def close(self) -> None:
        """Let go of files and connections."""
        self.library.close()
        self.engine.dispose()


@dataclass(frozen=True)
class Options:
    """How to open a world, where it is not as usual. Can be sent to another process."""

    model_name: str = ""
    chroma_url: str = ""
    record_answers: bool = True
    quote_sentences: int = 3
    retriever: RetrieverOptions = field(default_factory=RetrieverOptions)
    ask: AskOptions = field(default_factory=AskOptions)


def open_world(
    data_dir: Path,
    embedder: Embedder | None = None,
    options: Options = Options(),
    reranker: Reranker | None = None,
    chat: ChatModel | None = None,
) -> World:
    """A world over ``data_dir``, new or as it was left. ``chat``: who writes answers, if any."""
    engine = open_database(f"sqlite:///{data_dir / 'footnote.db'}")
    model = embedder or WordEmbedder()
    holder: ModelHolder[Embedder] = ModelHolder(lambda: model, "search model")
    second: ModelHolder[Reranker] | None = None
    if reranker is not None:
        second = ModelHolder(lambda: reranker, "reranker")
    library = Library(
        DocumentStore(engine),
        DocumentWriter(engine),
        data_dir=data_dir,
        model_name=options.model_name or model.name,
        embedder=holder,
        vectors=(
            server_chroma(options.chroma_url)
            if options.chroma_url
            else embedded_chroma(data_dir / "chroma")
        ),
        lexical=TantivyIndex(data_dir / "lexical"),
    )
    retriever = Retriever(library, holder, second, options.retriever)
    answers = AnswerStore(engine)
    asker = wired(
        library,
        retriever,
        holder,
        options,
        answers if options.record_answers else None,
        chat,
        QuestionRecorder(engine, answers, "test") if options.record_answers else None,
    )
    return World(data_dir, model, library, retriever, asker, answers, engine)


def wired(
    library: Library,
    retriever: Retriever,
    embedder: ModelHolder[Embedder],
    options: Options,
    answers: AnswerStore | None,
    chat: ChatModel | None = None,
    recorder: Recorder | None = None,
) -> Asker:
    """The asker as `app.bootstrap` wires it, over whatever a test brings."""
    documents = library.documents
    reader = Reader(
        retriever, WordMatcher(embedder), load_model(), passages=8, closest=options.ask.closest
    )
    # This embedder has no vocabulary of a language: every word may be a misspelled one.
    speller = Speller(library.lexical, documents.passages, lambda words: [False] * len(words))
    writing = None
    if chat is not None:
        writing = Writing(Writer(chat, max_tokens=300), SupportChecker(embedder))
    return Asker(
        reader,
        Drafter(options.quote_sentences, successor_in(documents), documents.vectors),
        Interpreter(speller, answers=answers, chat=chat),
        Suggester(reader, documents, speller),
        options.ask,
        answers=answers,
        recorder=recorder,
        writing=writing,
    )
