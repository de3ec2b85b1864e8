"""Settings → `Services`: every implementation is chosen here or beside."""

from __future__ import annotations

from app.ask.arms import ArmedAsker
from app.ask.pipeline import Asker
from app.ask.searching import TracedSearch
from app.ask.writing.budget import BudgetedChatModel
from app.ask.writing.embedding_cost import PricedEmbedder
from app.bootstrap import models
from app.bootstrap.answering import (
    asker_of,
    budget_of,
    chat_model_of,
    confidence_of,
    price_file_of,
    prices_of,
    retriever_of,
)
from app.bootstrap.services import Services
from app.insights.alerts.rules import from_gaps, watch_of
from app.insights.facts import Facts
from app.insights.feedback.desk import feedback_desk
from app.insights.gaps.finder import GapFinder
from app.insights.overview import Insights
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.records.answers import AnswerStore
from app.records.behavior.backfill import catch_up
from app.records.behavior.event_store import EventStore
from app.records.behavior.recorder import QuestionRecorder
from app.records.behavior.searches import SearchRecorder
from app.records.database import open_database
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.jobs import JobQueue
from app.records.product.alerts import AlertStore
from app.records.product.costs import CostStore
from app.records.product.experiments import ExperimentStore
from app.records.product.fact_reads import COLUMNS, reading
from app.records.product.failure_reads import FailureReads
from app.records.product.feedback_items import FeedbackItemStore
from app.records.product.feedback_reads import FeedbackReads
from app.records.product.gap_store import GapStore
from app.records.product.question_reads import QuestionReads
from app.records.product.reviews import ReviewStore
from app.records.requests import RequestStore
from app.records.tracing.gathered import StoreSink
from app.records.tracing.store import TraceStore
from app.settings import Settings, release_name
from app.telemetry import Tracing


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
    priced = price_file_of(settings).embeddings.get(settings.embedding_model)

    def load_embedder() -> Embedder:
        loaded = models.load_embedder(settings)
        if priced is None or not record_answers:
            return loaded
        return PricedEmbedder(loaded, priced, CostStore(engine))

    embedder: ModelHolder[Embedder] = ModelHolder(load_embedder, "search model")
    reranker: ModelHolder[Reranker] | None = None
    if settings.reranker_model:
        reranker = ModelHolder(lambda: models.load_reranker(settings), "reranker")
    library = Library(
        DocumentStore(engine),
        DocumentWriter(engine),
        data_dir=settings.data_dir,
        model_name=models.model_name(settings),
        embedder=embedder,
        vectors=(
            server_chroma(settings.chroma_url)
            if settings.chroma_url
            else embedded_chroma(settings.data_dir / "chroma")
        ),
        lexical=TantivyIndex(settings.data_dir / "lexical"),
    )
    retriever = retriever_of(settings, library, embedder, reranker)
    release = release_name(settings)
    catch_up(engine)
    answers = AnswerStore(engine, release)
    chat = chat_model_of(settings)
    recorded = answers if record_answers else None
    recorder = QuestionRecorder(engine, answers, release)
    traces = TraceStore(engine)
    tracing = Tracing(StoreSink(traces, release) if record_answers else None, release)
    costs = CostStore(engine) if record_answers else None
    budget = budget_of(settings, costs)
    writes_here = BudgetedChatModel(chat, prices_of(settings), budget, costs) if chat else None
    asker = asker_of(
        settings,
        library,
        retriever,
        embedder,
        answers=recorded,
        recorder=recorder if record_answers else None,
        tracing=tracing,
        chat=writes_here,
    )
    rerankers = {settings.reranker_model: reranker}

    def arm(own: Settings) -> Asker:
        """The asker of an experiment's arm: its own settings, everybody's library and budget."""
        if own.reranker_model not in rerankers:
            holder = ModelHolder(lambda: models.load_reranker(own), "reranker")
            holder.get(wait=True)  # a name that is wrong is told now, not to whoever asks
            rerankers[own.reranker_model] = holder
        writes = chat_model_of(own)
        return asker_of(
            own,
            library,
            retriever_of(own, library, embedder, rerankers[own.reranker_model]),
            embedder,
            answers=answers,
            recorder=recorder,
            tracing=tracing,
            chat=BudgetedChatModel(writes, prices_of(own), budget, costs) if writes else None,
        )

    experiments = ExperimentStore(engine)
    facts = Facts(lambda: reading(engine), COLUMNS)
    gaps = GapFinder(
        FailureReads(engine),
        GapStore(engine),
        lambda text: models.if_loaded(embedder).encode_query(text),
        settings.prd_dir,
    )
    return Services(
        settings=settings,
        engine=engine,
        documents=library.documents,
        writer=library.writer,
        answers=answers,
        requests=RequestStore(engine, release),
        events=EventStore(engine, release),
        searches=SearchRecorder(engine, release),
        jobs=JobQueue(engine),
        library=library,
        search=TracedSearch(retriever, tracing),
        # Evals measure the settings as they are, whatever is being tried out.
        asker=ArmedAsker(asker, settings, arm, experiments.running) if record_answers else asker,
        experiments=experiments,
        facts=facts,
        insights=Insights(
            facts,
            prd_dir=settings.prd_dir,
            eval_report=settings.eval_report,
            promises=confidence_of(settings).levels,
            extra=from_gaps(gaps),
        ),
        costs=CostStore(engine),
        watch=watch_of(
            *(settings, AlertStore(engine), CostStore(engine), facts, experiments),
            elsewhere=from_gaps(gaps),
        ),
        questions=QuestionReads(engine),
        reviews=ReviewStore(engine),
        gaps=gaps,
        feedback=feedback_desk(
            FeedbackItemStore(engine),
            FeedbackReads(engine),
            settings.data_dir / "feedback",
            embedder=embedder,
            search=retriever,
            gaps=GapStore(engine),
            chat=writes_here,
        ),
        embedder=embedder,
        reranker=reranker,
        chat_model=chat,
        traces=traces,
        tracing=tracing,
    )
