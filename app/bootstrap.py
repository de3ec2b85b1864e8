"""Settings → Services. The only place that chooses implementations."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from app.ask.checking.checker import SupportChecker
from app.ask.confidence import Model, load_model
from app.ask.conversation.interpreting import Interpreter
from app.ask.conversation.spelling import Speller
from app.ask.conversation.trying import Suggester
from app.ask.drafting import Drafter
from app.ask.pipeline import Asker, AskOptions, Writing
from app.ask.reading import Reader
from app.ask.state.freshness import successor_in
from app.ask.word_match import WordMatcher
from app.ask.writing.budget import Budget, BudgetedChatModel
from app.ask.writing.chat_model import ChatModel, LangChainChatModel
from app.ask.writing.prices import Prices
from app.ask.writing.written import Writer
from app.errors import FootnoteError, SettingsError
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.knowledge.retriever import Retriever, RetrieverOptions
from app.records.answers import AnswerStore
from app.records.behavior.recorder import QuestionRecorder
from app.records.database import open_database
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.jobs import JobQueue
from app.records.requests import RequestStore
from app.records.spending import Spending
from app.settings import BUNDLED_MODEL, Settings, release_name

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
    requests: RequestStore
    jobs: JobQueue
    library: Library
    search: Retriever
    asker: Asker
    embedder: ModelHolder[Embedder]
    reranker: ModelHolder[Reranker] | None
    chat_model: LangChainChatModel | None

    @property
    def chat_model_name(self) -> str | None:
        """``provider:model`` of who writes answers; None when they are only quoted."""
        return None if self.chat_model is None else self.chat_model.name

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
            if self.chat_model is not None:
                self.chat_model.load(self.settings.chat_max_output_tokens)
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
    chat = _chat_model(settings)
    recorded = answers if record_answers else None
    recorder = QuestionRecorder(engine, answers, release_name(settings))
    asker = _asker(
        settings,
        library,
        retriever,
        embedder,
        answers=recorded,
        recorder=recorder if record_answers else None,
        chat=_budgeted(chat, settings, engine if recorded else None) if chat else None,
    )
    return Services(
        settings=settings,
        engine=engine,
        documents=library.documents,
        writer=library.writer,
        answers=answers,
        requests=RequestStore(engine),
        jobs=JobQueue(engine),
        library=library,
        search=retriever,
        asker=asker,
        embedder=embedder,
        reranker=reranker,
        chat_model=chat,
    )


def _asker(
    settings: Settings,
    library: Library,
    retriever: Retriever,
    embedder: ModelHolder[Embedder],
    *,
    answers: AnswerStore | None,
    recorder: QuestionRecorder | None,
    chat: ChatModel | None,
) -> Asker:
    documents = library.documents
    options = AskOptions(
        max_question_chars=settings.max_question_chars, unsupported=settings.unsupported_sentences
    )
    reader = Reader(
        retriever,
        WordMatcher(embedder),
        _confidence(settings),
        passages=settings.read_passages,
        closest=options.closest,
    )
    speller = Speller(
        library.lexical,
        documents.passages,
        # The embedding model's tokenizer has most of a language's words whole.
        lambda word: embedder.get().count_tokens([word])[0] == 1,
    )
    writing = None
    if chat is not None:
        writer = Writer(chat, max_tokens=settings.chat_max_output_tokens)
        writing = Writing(writer, SupportChecker(embedder))
    return Asker(
        reader,
        Drafter(settings.quote_sentences, successor_in(documents), documents.vectors),
        Interpreter(speller, answers=answers, chat=chat),
        Suggester(reader, documents, speller),
        options,
        answers=answers,
        recorder=recorder,
        writing=writing,
    )


def _confidence(settings: Settings) -> Model:
    """The shipped model, or one refitted on the user's own golden set."""
    if not settings.confidence_file:
        return load_model()
    try:
        return load_model(Path(settings.confidence_file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"The confidence file {settings.confidence_file} can't be read.",
            "Correct FOOTNOTE_CONFIDENCE_FILE, or leave it out for the model that is shipped.",
        ) from error


def _chat_model(settings: Settings) -> LangChainChatModel | None:
    if not settings.chat_model:
        return None
    return LangChainChatModel(
        settings.chat_model,
        base_url=settings.chat_base_url,
        api_key=settings.chat_api_key,
        first_token_timeout_s=settings.chat_first_token_timeout_s,
        timeout_s=settings.chat_timeout_s,
        prices=_prices(settings),
    )


def _budgeted(model: ChatModel, settings: Settings, engine: Engine | None) -> ChatModel:
    """``engine``: where a day's spending is recorded; None when nothing is."""
    budget = Budget(
        question_usd=settings.budget_question_usd,
        day_usd=settings.budget_day_usd,
        spending=Spending(engine).usd_on if engine is not None else None,
    )
    return BudgetedChatModel(model, _prices(settings), budget)


def _prices(settings: Settings) -> Prices:
    return Prices(
        settings.chat_model, base_url=settings.chat_base_url, override=settings.chat_price
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
