"""Settings → models, loaded when they are first needed."""

from __future__ import annotations

from app.errors import NotReady
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Reranker
from app.settings import BUNDLED_MODEL, Settings


def if_loaded(embedder: ModelHolder[Embedder]) -> Embedder:
    """The model where it is there; work beside the requests doesn't load one."""
    if not embedder.loaded:
        raise NotReady("The search model is still loading.", "Try again in a few seconds.")
    return embedder.get()


def load_embedder(settings: Settings) -> Embedder:
    """The embedding model; takes seconds."""
    from app.knowledge.embedder import TransformerEmbedder  # noqa: PLC0415  # imports torch

    return TransformerEmbedder(
        settings.embedding_model,
        precision=settings.embedding_precision,
        speed_file=settings.data_dir / "embedding-speed.json",
    )


def load_reranker(settings: Settings) -> Reranker:
    """The cross-encoder; takes seconds."""
    from app.knowledge.reranker import CrossEncoderReranker  # noqa: PLC0415

    return CrossEncoderReranker(settings.reranker_model)


def model_name(settings: Settings) -> str:
    """The embedder's name without loading it."""
    from app.knowledge.encoding.bundled import BUNDLED_NAME  # noqa: PLC0415

    return BUNDLED_NAME if settings.embedding_model == BUNDLED_MODEL else settings.embedding_model
