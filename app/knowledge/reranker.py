"""A cross-encoder reads question and passage together; optional, by name or path."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from app.errors import SettingsError


class CrossEncoderReranker:
    """Any sentence-transformers cross-encoder with one output. Loading takes seconds."""

    def __init__(self, model: str) -> None:
        """Load ``model``, a folder or a hub name.

        Raises:
            SettingsError: it cannot be found, loaded, or has more than one output.
        """
        from sentence_transformers import CrossEncoder  # noqa: PLC0415  # 6 s

        self.name = model
        try:
            self._model = CrossEncoder(model)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise SettingsError(
                f"The reranker “{model}” can't be loaded: {reason}.",
                "Set FOOTNOTE_RERANKER_MODEL to a folder or a hub name of a cross-encoder, "
                "or leave it empty.",
            ) from error
        outputs = int(self._model.config.num_labels)
        if outputs != 1:
            raise SettingsError(
                f"The reranker “{model}” has {outputs} outputs; one relevance score is needed.",
                "Choose a cross-encoder made for ranking, such as the ms-marco family.",
            )
        self._lock = threading.Lock()

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One relevance in 0–1 per text."""
        import torch  # noqa: PLC0415

        with self._lock:
            logits = self._model.predict(
                [(question, text) for text in texts],
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        scores = 1 / (1 + np.exp(-np.asarray(logits, dtype=np.float64)))
        return [float(score) for score in scores]
