"""Haystack: an indexing pipeline into its document store; then a query pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evals.bench import measuring
from evals.bench.peers import program

WORDS = 150
"""Haystack splits by words; 150 English ones are about 200 of the model's tokens."""
_FILE = "store.json"


def ingest(corpus: Path, store: Path, clock: measuring.Clock) -> list[str]:
    """Ingest ``corpus`` into ``store``; the passages that were embedded."""
    with clock.measure("import"):
        from haystack import Document, Pipeline  # noqa: PLC0415
        from haystack.components.preprocessors import DocumentSplitter  # noqa: PLC0415
        from haystack.components.writers import DocumentWriter  # noqa: PLC0415
        from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: PLC0415
        from haystack_integrations.components.embedders.sentence_transformers import (  # noqa: PLC0415
            SentenceTransformersDocumentEmbedder,
        )
    with clock.measure("load_model"):
        embedder = SentenceTransformersDocumentEmbedder(
            model=measuring.bundled_model(), progress_bar=False
        )
        embedder.warm_up()
        embedder.run([Document(content="warm up")])
    with clock.measure("ingest"):
        kept = InMemoryDocumentStore()
        pipeline = Pipeline()
        pipeline.add_component("split", DocumentSplitter(split_by="word", split_length=WORDS))
        pipeline.add_component("embed", embedder)
        pipeline.add_component("write", DocumentWriter(kept))
        pipeline.connect("split", "embed")
        pipeline.connect("embed", "write")
        documents = [Document(content=text) for _, text in program.contents(corpus)]
        pipeline.run({"split": {"documents": documents}})
        store.mkdir(parents=True, exist_ok=True)
        kept.save_to_disk(str(store / _FILE))
    return [document.content or "" for document in kept.filter_documents()]


def serve(store: Path) -> Callable[[str], object]:
    """Finds passages in an ingested ``store``."""
    from haystack import Pipeline  # noqa: PLC0415
    from haystack.components.retrievers.in_memory import (  # noqa: PLC0415
        InMemoryEmbeddingRetriever,
    )
    from haystack.document_stores.in_memory import InMemoryDocumentStore  # noqa: PLC0415
    from haystack_integrations.components.embedders.sentence_transformers import (  # noqa: PLC0415
        SentenceTransformersTextEmbedder,
    )

    kept = InMemoryDocumentStore.load_from_disk(str(store / _FILE))
    pipeline = Pipeline()
    pipeline.add_component(
        "embed",
        SentenceTransformersTextEmbedder(model=measuring.bundled_model(), progress_bar=False),
    )
    pipeline.add_component("find", InMemoryEmbeddingRetriever(kept, top_k=program.K))
    pipeline.connect("embed.embedding", "find.query_embedding")
    return lambda question: pipeline.run({"embed": {"text": question}})


if __name__ == "__main__":
    program.run(ingest, serve)
