"""Settings → `Services`: every implementation is chosen here or beside."""

from __future__ import annotations

from app.ask.arms import ArmedAsker
from app.ask.searching import TracedSearch
from app.ask.writing.embedding_cost import PricedEmbedder
from app.bootstrap import models
from app.bootstrap.answering import (
    Answering,
    Arms,
    budget_of,
    chat_model_of,
    confidence_of,
    price_file_of,
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
from app.records.accounts import AccountStore
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
from app.records.product.labels import LabelStore
from app.records.product.question_reads import QuestionReads
from app.records.product.reviews import ReviewStore
from app.records.requests import RequestStore
from app.records.tracing.gathered import StoreSink
from app.records.tracing.store import TraceStore
from app.redaction import redactor
from app.settings import Settings, release_name
from app.telemetry import Sink, Tracing


def build_services(
    settings: Settings, *, record_answers: bool = True, sink: Sink | None = None
) -> Services:
    """Everything, wired. Opens the database; loads no model and opens no index yet.

    ``record_answers`` False: questions leave no record (evals); their spans go to ``sink``.

    Raises:
        SettingsError: a setting cannot work.
        IndexUnavailable: the database cannot be opened.
    """
    from app.knowledge.chroma import embedded_chroma, server_chroma  # noqa: PLC0415
    from app.knowledge.lexical_index import TantivyIndex  # noqa: PLC0415  # only here

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
    catch_up(engine)
    release = release_name(settings)
    redact = redactor(settings.redact)
    answers = AnswerStore(engine, release, redact)
    traces, costs = TraceStore(engine), CostStore(engine)
    tracing = Tracing(StoreSink(traces, release, redact) if record_answers else sink, release)
    written_down = costs if record_answers else None
    answering = Answering(
        library,
        embedder,
        answers if record_answers else None,
        QuestionRecorder(engine, answers, release, redact) if record_answers else None,
        tracing,
        budget_of(settings, written_down),
        written_down,
    )
    retriever = answering.retriever(settings, reranker)
    chat = chat_model_of(settings)
    writes = answering.writes(settings, chat)
    plain = answering.asker(settings, retriever, writes)
    experiments = ExperimentStore(engine)
    arms = Arms(answering, settings, reranker)
    # Evals measure the settings as they are, whatever is being tried out.
    asker = ArmedAsker(plain, settings, arms, experiments.running) if record_answers else plain
    facts = Facts(lambda: reading(engine), COLUMNS)
    gap_store = GapStore(engine)
    gaps = GapFinder(
        FailureReads(engine),
        gap_store,
        lambda text: models.if_loaded(embedder).encode_query(text),
        settings.prd_dir,
    )
    extra = from_gaps(gaps)
    return Services(
        settings=settings,
        engine=engine,
        documents=library.documents,
        writer=library.writer,
        answers=answers,
        requests=RequestStore(engine, release, redact),
        events=EventStore(engine, release),
        searches=SearchRecorder(engine, release, redact),
        jobs=JobQueue(engine),
        library=library,
        search=TracedSearch(retriever, tracing),
        asker=asker,
        experiments=experiments,
        facts=facts,
        insights=Insights(
            facts,
            prd_dir=settings.prd_dir,
            eval_report=settings.eval_report,
            promises=confidence_of(settings).levels,
            extra=extra,
        ),
        costs=costs,
        watch=watch_of(*(settings, AlertStore(engine), costs, facts, experiments), elsewhere=extra),
        questions=QuestionReads(engine),
        reviews=ReviewStore(engine),
        labels=LabelStore(engine),
        gaps=gaps,
        feedback=feedback_desk(
            FeedbackItemStore(engine, redact),
            FeedbackReads(engine),
            settings.data_dir / "feedback",
            embedder=embedder,
            search=retriever,
            gaps=gap_store,
            chat=writes,
        ),
        embedder=embedder,
        reranker=reranker,
        chat_model=chat,
        traces=traces,
        tracing=tracing,
        accounts=AccountStore.of(engine, settings),
    )
