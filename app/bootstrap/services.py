"""Everything a page, a route, a command or an eval needs, in one place."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Engine

from app.ask.arms import ArmedAsker
from app.ask.pipeline import Asker
from app.ask.searching import TracedSearch
from app.ask.writing.chat_model import LangChainChatModel
from app.ask.writing.embedding_cost import PricedEmbedder
from app.errors import FootnoteError, IndexUnavailable
from app.insights.alerts.watching import Watch
from app.insights.facts import Facts
from app.insights.feedback.desk import FeedbackDesk
from app.insights.gaps.finder import GapFinder
from app.insights.overview import Insights
from app.knowledge.library import Library
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.records.accounts import AccountStore
from app.records.answers import AnswerStore
from app.records.behavior.event_store import EventStore
from app.records.behavior.searches import SearchRecorder
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.jobs import JobQueue
from app.records.product.costs import CostStore
from app.records.product.experiments import ExperimentStore
from app.records.product.labels import LabelStore
from app.records.product.question_reads import QuestionReads
from app.records.product.reviews import ReviewStore
from app.records.requests import RequestStore
from app.records.tracing.store import TraceStore
from app.settings import Settings
from app.telemetry import Tracing

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
    events: EventStore
    searches: SearchRecorder
    jobs: JobQueue
    library: Library
    search: TracedSearch
    asker: Asker | ArmedAsker
    experiments: ExperimentStore
    facts: Facts
    insights: Insights
    costs: CostStore
    watch: Watch
    questions: QuestionReads
    reviews: ReviewStore
    labels: LabelStore
    gaps: GapFinder
    feedback: FeedbackDesk
    embedder: ModelHolder[Embedder]
    reranker: ModelHolder[Reranker] | None
    chat_model: LangChainChatModel | None
    traces: TraceStore
    tracing: Tracing
    accounts: AccountStore

    @property
    def chat_model_name(self) -> str | None:
        """``provider:model`` of who writes answers; None when they are only quoted."""
        return None if self.chat_model is None else self.chat_model.name

    def warm_up(self) -> None:
        """Load the models and open the indexes, so that the first question is not the slow one.

        Blocks for seconds; call it in a thread. Never raises: `readiness` says what went wrong.
        """
        opening = threading.Thread(target=self._open_indexes, name="open-indexes", daemon=True)
        opening.start()
        try:
            try:
                self.embedder.get(wait=True).encode_query("warm up")
                if self.reranker is not None:
                    self.reranker.get(wait=True)
            finally:
                opening.join()
            self.library.check_model()
            self.search.warm_up()
            if self.chat_model is not None:
                self.chat_model.load(self.settings.chat_max_output_tokens)
            if isinstance(self.asker, ArmedAsker):
                self.asker.look()
        except FootnoteError as error:
            log.error("%s", error.message)  # a sentence, not a traceback
            if isinstance(error, IndexUnavailable):
                self.library.trouble = error

    def _open_indexes(self) -> None:
        """Beside the models. What goes wrong is met again, and told, by whoever searches."""
        with suppress(FootnoteError):
            self.library.vectors.count()
            self.library.lexical.count()

    def look_after(self) -> None:
        """See whether the indexes answer, and again where they did not: `readiness` tells.

        Blocks for as long as a server takes to be given up. Never raises.
        """
        try:
            if self.library.trouble is not None:
                self.library.refresh()
                self.search.warm_up()
            else:
                self.library.vectors.count()
                self.library.lexical.count()
            if self.library.trouble is not None:
                log.info("the indexes answer again")
            self.library.trouble = None
        except IndexUnavailable as error:
            if self.library.trouble is None:
                log.error("%s", error.message)
            self.library.trouble = error
        except FootnoteError:
            log.debug("could not look at the indexes", exc_info=True)

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
        if self.library.trouble is not None:
            return Readiness("failed", self.library.trouble.message)
        return Readiness("ready", "Ready.")

    def close(self) -> None:
        """Let go of files and connections."""
        embedder = self.embedder.get() if self.embedder.loaded else None
        if isinstance(embedder, PricedEmbedder):
            embedder.write_down()
        self.feedback.close()
        self.gaps.close()
        self.library.close()
        self.engine.dispose()
