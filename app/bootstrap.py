"""Settings → Services. The only place that chooses implementations."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine

from app.ask.pipeline import Asker, AskOptions
from app.errors import FootnoteError
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.knowledge.retriever import Retriever, RetrieverOptions
from app.records.answers import AnswerStore
from app.records.database import open_database
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.jobs import JobQueue
from app.settings import BUNDLED_MODEL, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether questions can be answered now; ``message`` is for people."""

    state: Literal["warming", "ready", "failed"]
    message: str


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a page, a route, a command or an eval needs."""

    settings: Settings
    engine: Engine
    documents: DocumentStore
    writer: DocumentWriter
    answers: AnswerStore
    jobs: JobQueue
    library: Library
    search: Retriever
    asker: Asker
    embedder: ModelHolder[Embedder]
    reranker: ModelHolder[Reranker] | None

    def warm_up(self) -> None:
        """Load the models and open the indexes, so that the first question is not the slow one.

        Blocks for seconds; call it in a thread. Never raises: `readiness` says what went wrong.
        """
        try:
            self.embedder.get(wait=True).encode_query("warm up")
            if self.reranker is not None:
                self.reranker.get(wait=True)
            self.library.check_model()
            self.search.search("warm up", 1)
        except FootnoteError as error:
            log.error("%s", error.message)  # a sentence, not a traceback

    def readiness(self) -> Readiness:
        """Whether questions can be answered now."""
        holders = [holder for holder in (self.embedder, self.reranker) if holder is not None]
        try:
            self.library.check_model()
        except FootnoteError as error:
            return Readiness("failed", error.message)
        for holder in holders:
            if holder.error is not None:
                return Readiness("failed", holder.error.message)
            if not holder.loaded:
                return Readiness("warming", "The embedding model is loading.")
        return Readiness("ready", "Ready.")

    def close(self) -> None:
        """Let go of files and connections."""
        self.library.close()
        self.engine.dispose()


def build_services(settings: Settings, *, record_answers: bool = True) -> Services:
    """Everything, wired. Opens the database; loads no model and opens no index yet.

    ``record_answers`` False: questions leave no record (evals).

    Raises:
        SettingsError: a setting cannot work.
        IndexUnavailable: the database cannot be opened.
    """
    from app.knowledge.lexical_index import TantivyIndex  # noqa: PLC0415  # only here
    from app.knowledge.vector_index import embedded_chroma, server_chroma  # noqa: PLC0415

    engine = open_database(settings.resolved_database_url)
    embedder: ModelHolder[Embedder] = ModelHolder(lambda: _load_embedder(settings), "search model")
    reranker: ModelHolder[Reranker] | None = None
    if settings.reranker_model:
        reranker = ModelHolder(lambda: _load_reranker(settings), "reranker")
    library = Library(
        DocumentStore(engine),
        DocumentWriter(engine),
        data_dir=settings.data_dir,
        model_name=_model_name(settings),
        embedder=embedder,
        vectors=(
            server_chroma(settings.chroma_url)
            if settings.chroma_url
            else embedded_chroma(settings.data_dir / "chroma")
        ),
        lexical=TantivyIndex(settings.data_dir / "lexical"),
    )
    retriever = Retriever(
        library,
        embedder,
        reranker,
        RetrieverOptions(
            candidates=settings.candidates,
            dense_weight=settings.dense_weight,
        ),
    )
    answers = AnswerStore(engine)
    asker = Asker(
        retriever,
        answers if record_answers else None,
        AskOptions(
            quote_sentences=settings.quote_sentences,
            max_question_chars=settings.max_question_chars,
        ),
    )
    return Services(
        settings=settings,
        engine=engine,
        documents=library.documents,
        writer=library.writer,
        answers=answers,
        jobs=JobQueue(engine),
        library=library,
        search=retriever,
        asker=asker,
        embedder=embedder,
        reranker=reranker,
    )


def _load_embedder(settings: Settings) -> Embedder:
    from app.knowledge.embedder import TransformerEmbedder  # noqa: PLC0415  # imports torch

    return TransformerEmbedder(
        settings.embedding_model,
        precision=settings.embedding_precision,
        speed_file=settings.data_dir / "embedding-speed.json",
    )


def _load_reranker(settings: Settings) -> Reranker:
    from app.knowledge.reranker import CrossEncoderReranker  # noqa: PLC0415

    return CrossEncoderReranker(settings.reranker_model)


def _model_name(settings: Settings) -> str:
    """The embedder's name without loading it."""
    from app.knowledge.embedder import BUNDLED_NAME  # noqa: PLC0415

    return BUNDLED_NAME if settings.embedding_model == BUNDLED_MODEL else settings.embedding_model
