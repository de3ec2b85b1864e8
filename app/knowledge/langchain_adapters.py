"""Footnote's retrieval and embeddings behind LangChain's interfaces, for use in anybody's chain."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from app.domain import Filters, Hit, Retrieval
from app.knowledge.passage_text import heading_line
from app.knowledge.ports import Embedder


@runtime_checkable
class Searches(Protocol):
    """The product's `Retriever`, or whatever wraps it."""

    def search(self, question: str, k: int, filters: Filters = ...) -> Retrieval:
        """The best ``k`` passages."""


class FootnoteRetriever(BaseRetriever):
    """The product's own `Retriever` as a LangChain retriever."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Searches
    k: int = 10
    filters: Filters = Filters()

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # part of the interface
    ) -> list[LangChainDocument]:
        found = self.retriever.search(query, self.k, self.filters)
        return [to_langchain(hit) for hit in found.hits]


class FootnoteEmbeddings(Embeddings):
    """The product's own `Embedder` as LangChain embeddings."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors of passages."""
        encoded = self._embedder.encode_passages(texts, [()] * len(texts))
        return [[float(value) for value in one.vector] for one in encoded]

    def embed_query(self, text: str) -> list[float]:
        """Unit vector of a question."""
        return [float(value) for value in self._embedder.encode_query(text)]


def to_langchain(hit: Hit) -> LangChainDocument:
    """A hit as a LangChain document: its text, and in the metadata where it stands."""
    passage, document = hit.passage, hit.document
    return LangChainDocument(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "document_id": document.id,
            "title": document.title,
            "source": document.source,
            "collection": document.collection,
            "heading": heading_line(passage.heading),
            "page": passage.page,
            "start": passage.start,
            "end": passage.end,
            "score": hit.score,
        },
    )
