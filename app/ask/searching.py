"""Plain search as people and programs use it: the retriever, with a trace of each search."""

from __future__ import annotations

from app.domain import Channel, Filters, Retrieval
from app.knowledge.retriever import Retriever
from app.telemetry import (
    Attribute,
    SpanName,
    Tracing,
    captures_content,
    get_tracer,
    quietly,
    start_workflow,
    within,
)

tracer = get_tracer(__name__)


class TracedSearch:
    """`Retriever.search` as a workflow of its own."""

    def __init__(self, retriever: Retriever, tracing: Tracing = Tracing()) -> None:
        self._retriever = retriever
        self._tracing = tracing

    def search(
        self,
        question: str,
        k: int,
        filters: Filters = Filters(),
        *,
        channel: Channel = "api",
        answer_id: str = "",
    ) -> Retrieval:
        """The best ``k`` passages. ``answer_id``: what the search is recorded as, if it is.

        Raises as `Retriever.search` does.
        """
        span = start_workflow(tracer, SpanName.SEARCH, self._tracing, {Attribute.CHANNEL: channel})
        if answer_id:
            span.set_attribute(Attribute.ANSWER_ID, answer_id)
        if captures_content():
            span.set_attribute(Attribute.INPUT, question)
        try:
            with within(span):
                found = self._retriever.search(question, k, filters)
                span.set_attribute(Attribute.HITS, len(found.hits))
                return found
        finally:
            span.end()

    def warm_up(self) -> None:
        """A search that is nobody's: it opens the indexes, and leaves no trace."""
        with quietly():
            self._retriever.search("warm up", 1)
