"""Everything about feedback from elsewhere, wired: what pages and commands use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.ask.ports import Searches
from app.ask.writing.chat_model import ChatModel
from app.insights.feedback.analysis import FeedbackAnalysis
from app.insights.feedback.importing import FeedbackImporter
from app.insights.feedback.theme_summary import ThemeSummarizer
from app.insights.feedback.uploads import FeedbackUploads
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from app.records.product.feedback_items import FeedbackItemStore
from app.records.product.feedback_reads import FeedbackReads
from app.records.product.gap_store import GapStore


@dataclass(frozen=True, slots=True)
class FeedbackDesk:
    """Imports, items, themes and their summaries."""

    store: FeedbackItemStore
    reads: FeedbackReads
    importer: FeedbackImporter
    analysis: FeedbackAnalysis
    summarizer: ThemeSummarizer
    gaps: GapStore

    @property
    def uploads(self) -> FeedbackUploads:
        """Files that wait to be imported."""
        return self.importer.uploads

    def close(self) -> None:
        """End an import that is running; it can be started again."""
        self.importer.stop()


def feedback_desk(
    store: FeedbackItemStore,
    reads: FeedbackReads,
    folder: Path,
    *,
    embedder: ModelHolder[Embedder],
    search: Searches,
    gaps: GapStore,
    chat: ChatModel | None,
) -> FeedbackDesk:
    """All of it. ``folder``: where uploaded files wait; ``chat``: who may write summaries."""
    analysis = FeedbackAnalysis(store, reads, embedder, search, gaps)
    uploads = FeedbackUploads(store, folder)
    importer = FeedbackImporter(store, uploads, analysis, folder)
    return FeedbackDesk(store, reads, importer, analysis, ThemeSummarizer(chat), gaps)
