"""Any model that sentence-transformers runs, at the price of importing it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.domain import Span
from app.errors import SettingsError
from app.knowledge.encoding.pooling import unit
from app.knowledge.ports import Encoded, Vector

_ANY_LENGTH = 1_000_000
_BATCH = 16
"""Texts per forward pass where sentence-transformers makes the batches."""


class General:
    """A sentence-transformers model. Whole texts go through it one call at a time."""

    def __init__(self, model: str) -> None:
        """Load ``model``, a folder or a hub name; takes seconds.

        Raises:
            SettingsError: it cannot be found or loaded.
        """
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # 6 s
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

        disable_progress_bar()  # type: ignore[no-untyped-call]  # "Loading weights" would draw over our own progress
        try:
            self._model: Any = SentenceTransformer(model)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise cannot_load(model, error) from error
        self._model.eval()
        self._lock = threading.Lock()
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        tokenizer = self._model.tokenizer
        # Static models carry the fast tokenizer itself.
        self.tokenizer: Any = getattr(tokenizer, "backend_tokenizer", tokenizer)
        self._padding = int(getattr(tokenizer, "pad_token_id", 0) or 0)
        # Static models say infinity.
        self.window = int(min(self._model.max_seq_length or 512, _ANY_LENGTH))
        self.averages = _averages(self._model)
        self.can_be_halved = type(self._model[0]).__name__ == "Transformer"

    def in_precision(self, precision: str) -> General:
        """A copy: weights that were rounded once stay rounded."""
        if precision == "float32":
            return self
        made = copy.copy(self)
        made._model = copy.deepcopy(self._model).to(getattr(torch, precision))
        return made

    def states(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The token states of each text: shape (its tokens, dimension). From any threads."""
        width = max(len(one) for one in ids)
        words = np.full((len(ids), width), self._padding, dtype=np.int64)
        real = np.zeros((len(ids), width), dtype=np.int64)
        for row, one in enumerate(ids):
            words[row, : len(one)] = one
            real[row, : len(one)] = 1
        features = {
            "input_ids": torch.from_numpy(words).to(self._model.device),
            "attention_mask": torch.from_numpy(real).to(self._model.device),
        }
        with torch.inference_mode():
            states = self._model[0](features)["token_embeddings"].float().cpu().numpy()
        return [states[row, : len(one)] for row, one in enumerate(ids)]

    def encode_query(self, text: str) -> Vector:
        """With the model's own prompt for questions, if it has one."""
        with self._lock, torch.inference_mode():
            vector = self._model.encode_query(text, convert_to_tensor=True, show_progress_bar=False)
        made: Vector = unit(vector.float().cpu().numpy())
        return made

    def encode_apart(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        """For models that pool otherwise (CLS, last token): sentences are encoded on their own."""
        sentences = [t[a:b] for t, own in zip(texts, spans, strict=True) for a, b in own]
        with self._lock, torch.inference_mode():
            vectors = self._model.encode_document(
                [*texts, *sentences],
                batch_size=_BATCH,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
        flat = unit(vectors.float().cpu().numpy())
        encoded = []
        offset = len(texts)
        for i, own in enumerate(spans):
            encoded.append(Encoded(flat[i], flat[offset : offset + len(own)]))
            offset += len(own)
        return encoded


def cannot_load(model: str, error: BaseException) -> SettingsError:
    """What to tell of a model that cannot be loaded."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return SettingsError(
        f"The embedding model “{model}” can't be loaded: {reason}.",
        "Set FOOTNOTE_EMBEDDING_MODEL to `bundled`, to a folder that holds a "
        "sentence-transformers model, or to a name that the model hub knows.",
    )


def _averages(model: Any) -> bool:
    modules = list(model)
    pooling = next((m for m in modules if type(m).__name__ == "Pooling"), None)
    known = {"Transformer", "Pooling", "Normalize"}
    return (
        pooling is not None
        and pooling.get_config_dict().get("pooling_mode") == "mean"
        and all(type(m).__name__ in known for m in modules)
        and getattr(model, "default_prompt_name", None) is None
        and not any(getattr(model, "prompts", {}).values())
    )
