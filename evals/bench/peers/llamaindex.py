"""LlamaIndex: read a folder, split, embed, keep; then the retriever of its index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evals.bench import measuring
from evals.bench.peers import program


def ingest(corpus: Path, store: Path, clock: measuring.Clock) -> list[str]:
    """Ingest ``corpus`` into ``store``; the passages that were embedded."""
    with clock.measure("import"):
        from llama_index.core import (  # noqa: PLC0415
            Document,
            Settings,
            VectorStoreIndex,
        )
        from llama_index.core.node_parser import SentenceSplitter  # noqa: PLC0415
        from llama_index.core.schema import MetadataMode  # noqa: PLC0415
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # noqa: PLC0415
    with clock.measure("load_model"):
        Settings.embed_model = HuggingFaceEmbedding(model_name=measuring.bundled_model())
        Settings.embed_model.get_query_embedding("warm up")
    with clock.measure("ingest"):
        documents = [Document(text=text) for _, text in program.contents(corpus)]
        splitter = SentenceSplitter(chunk_size=program.PASSAGE_TOKENS, chunk_overlap=20)
        index = VectorStoreIndex.from_documents(documents, transformations=[splitter])
        index.storage_context.persist(str(store))
    nodes = index.docstore.docs.values()
    return [node.get_content(metadata_mode=MetadataMode.EMBED) for node in nodes]


def serve(store: Path) -> Callable[[str], object]:
    """Finds passages in an ingested ``store``."""
    from llama_index.core import (  # noqa: PLC0415
        Settings,
        StorageContext,
        load_index_from_storage,
    )
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # noqa: PLC0415

    Settings.embed_model = HuggingFaceEmbedding(model_name=measuring.bundled_model())
    index = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(store)))
    retriever = index.as_retriever(similarity_top_k=program.K)
    found: Callable[[str], object] = retriever.retrieve
    return found


if __name__ == "__main__":
    program.run(ingest, serve)
