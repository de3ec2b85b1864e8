"""Text → unit vectors, with any sentence-transformers model; the default one comes as a package.

One forward pass of a passage also gives its sentences' vectors: the token states of each sentence
are mean-pooled by themselves ("late chunking", arXiv 2409.04701). They carry the passage's context
and cost nothing extra, where encoding every sentence alone would double the work of an ingest.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from app.domain import Span
from app.knowledge.encoding.bundled import BUNDLED_NAME, bundled_path
from app.knowledge.encoding.folder import BertFolder, recognize
from app.knowledge.ports import Encoded, Vector
from app.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    from app.knowledge.encoding.averaging import TokenModel
    from app.knowledge.encoding.general import General

Precision = Literal["auto", "float32", "bfloat16"]


class TransformerEmbedder:
    """A sentence-transformers model. Construct in a thread: loading takes seconds.

    Safe to use from several threads.
    """

    def __init__(
        self, model: str, *, precision: Precision = "auto", speed_file: Path | None = None
    ) -> None:
        """Load ``model``: `bundled`, a folder, or a hub name.

        ``speed_file`` remembers which precision and how many threads were quickest here; they are
        tried only with ``precision`` auto.

        Raises:
            SettingsError: the model cannot be found or loaded, or is not the one it claims to be.
        """
        bundled = model == BUNDLED_MODEL
        path = str(bundled_path()) if bundled else model
        self.name = BUNDLED_NAME if bundled else model
        if bundled:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        folder = recognize(Path(path))
        self._general: General | None = None
        make = self._plain(model, folder) if folder else self._any(path)
        self._choose(make, precision, speed_file)

    def encode_query(self, text: str) -> Vector:
        """Shape (dimension,), unit length."""
        if self._general is not None:
            return self._general.encode_query(text)
        return self._averaging.encode_query(text)

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        """Embed ``texts``; results in the given order."""
        if self._general is not None and not self._general.averages:
            return self._general.encode_apart(texts, spans)
        return self._averaging.encode(texts, spans)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without truncation."""
        counted = self._whole.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in counted]

    def _plain(self, model: str, folder: BertFolder) -> Callable[[str], TokenModel]:
        from safetensors import SafetensorError  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        from app.knowledge.encoding.bert import Bert  # noqa: PLC0415  # imports torch: 1 to 2 s
        from app.knowledge.encoding.general import cannot_load  # noqa: PLC0415

        def make(precision: str) -> TokenModel:
            try:
                return Bert(folder, precision)
            except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
                raise cannot_load(model, error) from error

        self.dimension, self._window = folder.dimension, folder.window
        self._set_tokenizer(Tokenizer.from_file(str(folder.tokenizer)))
        return make

    def _any(self, path: str) -> Callable[[str], TokenModel]:
        from app.knowledge.encoding.general import General  # noqa: PLC0415

        loaded = self._general = General(path)
        self.dimension, self._window = loaded.dimension, loaded.window
        self._set_tokenizer(loaded.tokenizer)
        return loaded.in_precision

    def _set_tokenizer(self, tokenizer: Any) -> None:
        """Two copies of it: one that cuts at the model's window, and one that reads to the end."""
        self._whole = copy.deepcopy(tokenizer)
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = copy.deepcopy(self._whole)
        self._cut.enable_truncation(max_length=self._window)

    def _choose(
        self, make: Callable[[str], TokenModel], precision: Precision, speed_file: Path | None
    ) -> None:
        """Decide on precision and threads, and keep the model that goes with them."""
        from app.knowledge.encoding.averaging import Averaging  # noqa: PLC0415
        from app.knowledge.encoding.pace import pace, usual_pace  # noqa: PLC0415

        made = functools.cache(make)
        if precision != "auto":
            chosen = usual_pace(precision)
        elif self._general is not None and not self._general.can_be_halved:
            chosen = usual_pace("float32")  # nothing to gain: static models only look vectors up
        else:
            chosen = pace(self.name, speed_file, made, self._cut)
        self.precision = chosen.precision
        model = made(chosen.precision)
        if self._general is not None:
            self._general = cast("General", model)
        self._averaging = Averaging(model, self._cut, chosen.threads, chosen.query_threads)
