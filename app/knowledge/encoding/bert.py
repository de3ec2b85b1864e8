"""The forward pass of BERT, for texts of any lengths without padding.

The texts of a batch stand one after the other in one matrix, so that every product is computed over
all of their tokens at once and none is spent on padding; only attention looks at each by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from app.knowledge.encoding.folder import BertFolder

log = logging.getLogger(__name__)

Linear = Callable[[Tensor], Tensor]

_FINE, _COARSE = 8, 16
"""Rows are filled up to a multiple of these, below and above `_FEW`: kernels are compiled for each
number of rows (a millisecond or two), so that few numbers should occur."""
_FEW = 64
_TRIAL_ROWS = 5


class Bert:
    """One model in one precision. Safe to use from several threads at once."""

    def __init__(self, folder: BertFolder, precision: str) -> None:
        """Load the weights. ``precision``: a name of torch's, such as `bfloat16`.

        Raises:
            OSError, ValueError, KeyError, RuntimeError: they cannot be read.
        """
        self._gpu = torch.cuda.is_available()
        self._heads, self._dimension, self._epsilon = folder.heads, folder.dimension, folder.epsilon
        self._type = getattr(torch, precision)
        weights = load_file(folder.weights, device="cuda" if self._gpu else "cpu")
        # Tables stay in float32: rows are looked up, and the sum is rounded once.
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + types[0]
        self._first = self._norm(weights, "embeddings.LayerNorm", torch.float32)
        with torch.inference_mode():
            self._layers = [
                self._layer(weights, f"encoder.layer.{i}") for i in range(folder.layers)
            ]

    def states(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The last layer's states of each text: shape (its tokens, dimension)."""
        lengths = [len(one) for one in ids]
        with torch.inference_mode():
            attend, width = self._grid(lengths) if self._gpu else self._row(lengths)
            starts = (
                [i * width for i in range(len(ids))]
                if self._gpu
                else [0, *np.cumsum(lengths)[:-1].tolist()]
            )
            rows = width * len(ids) if self._gpu else width
            words = np.zeros(rows, dtype=np.int64)
            places = np.zeros(rows, dtype=np.int64)
            for one, start, length in zip(ids, starts, lengths, strict=True):
                words[start : start + length] = one
                places[start : start + length] = np.arange(length)
            device = self._words.device
            hidden = self._words[torch.from_numpy(words).to(device)]
            hidden = hidden + self._places[torch.from_numpy(places).to(device)]
            hidden = self._first(hidden).to(self._type)
            for layer in self._layers:
                hidden = layer(hidden, attend)
            states: NDArray[np.float32] = hidden.float().cpu().numpy()
        return [states[a : a + n] for a, n in zip(starts, lengths, strict=True)]

    def _layer(self, weights: dict[str, Tensor], name: str) -> Callable[[Tensor, Any], Tensor]:
        own = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        mix = self._linear(
            torch.cat([weights[f"{part}.weight"] for part in own]),
            torch.cat([weights[f"{part}.bias"] for part in own]),
        )
        attended = self._of(weights, f"{name}.attention.output.dense")
        wide = self._of(weights, f"{name}.intermediate.dense", gelu=True)
        narrow = self._of(weights, f"{name}.output.dense")
        norm = self._norm(weights, f"{name}.attention.output.LayerNorm", self._type)
        last = self._norm(weights, f"{name}.output.LayerNorm", self._type)

        def run(hidden: Tensor, attend: Linear) -> Tensor:
            hidden = norm(attended(attend(mix(hidden))) + hidden)
            return last(narrow(wide(hidden)) + hidden)

        return run

    def _row(self, lengths: Sequence[int]) -> tuple[Linear, int]:
        """Attention over texts that stand one after the other, and how many rows they take."""
        total = sum(lengths)
        step = _FINE if total <= _FEW else _COARSE
        rows = -(-total // step) * step
        heads, dimension = self._heads, self._dimension

        def attend(mixed: Tensor) -> Tensor:
            parts = mixed.view(1, rows, 3, heads, dimension // heads).permute(2, 0, 3, 1, 4)
            out = mixed.new_empty((rows, heads, dimension // heads))
            out[total:].zero_()
            start = 0
            for length in lengths:
                q, k, v = parts[:, :, :, start : start + length].unbind(0)
                found = functional.scaled_dot_product_attention(q, k, v)
                out[start : start + length] = found[0].transpose(0, 1)
                start += length
            return out.view(rows, dimension)

        return attend, rows

    def _grid(self, lengths: Sequence[int]) -> tuple[Linear, int]:
        """Attention over texts that are filled up to the longest: a GPU wants few large steps."""
        width, count = max(lengths), len(lengths)
        heads, dimension = self._heads, self._dimension
        device = self._words.device
        real = torch.arange(width, device=device) < torch.tensor(lengths, device=device)[:, None]

        def attend(mixed: Tensor) -> Tensor:
            grid = mixed.view(count, width, 3, heads, dimension // heads).permute(2, 0, 3, 1, 4)
            q, k, v = grid.unbind(0)
            found = functional.scaled_dot_product_attention(q, k, v, attn_mask=real[:, None, None])
            return found.transpose(1, 2).reshape(count * width, dimension)

        return attend, width

    def _of(self, weights: dict[str, Tensor], name: str, *, gelu: bool = False) -> Linear:
        return self._linear(weights[f"{name}.weight"], weights[f"{name}.bias"], gelu=gelu)

    def _linear(self, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> Linear:
        weight, bias = weight.to(self._type), bias.to(self._type)

        def plain(hidden: Tensor) -> Tensor:
            product = functional.linear(hidden, weight, bias)
            return functional.gelu(product) if gelu else product

        return plain if self._gpu else _packed(weight, bias, plain, gelu=gelu)

    def _norm(self, weights: dict[str, Tensor], name: str, kind: torch.dtype) -> Linear:
        weight, bias = (weights[f"{name}.{part}"].to(kind) for part in ("weight", "bias"))
        shape, epsilon = (self._dimension,), self._epsilon
        return lambda hidden: functional.layer_norm(hidden, shape, weight, bias, epsilon)


def _packed(weight: Tensor, bias: Tensor, plain: Linear, *, gelu: bool) -> Linear:
    """``plain`` with weights laid out once as the processor's kernels want them.

    What torch's compiler does to a frozen model; 10 to 40 % quicker where rows are few. Not part
    of torch's promises: where it is missing or gives other numbers, ``plain`` stays.
    """
    kernels: Any = torch.ops.mkldnn
    way: tuple[str, list[float], str] = ("gelu", [], "none") if gelu else ("none", [], "")
    try:
        ready = kernels._reorder_linear_weight(weight)
        probe = torch.linspace(-1, 1, _TRIAL_ROWS * weight.shape[1]).view(_TRIAL_ROWS, -1)
        probe = probe.to(weight.dtype)
        packed = kernels._linear_pointwise(probe, ready, bias, *way)
        if not torch.allclose(packed.float(), plain(probe).float(), rtol=0.02, atol=0.02):
            return plain
    except (AttributeError, NotImplementedError, RuntimeError, TypeError) as error:
        log.debug("plain products: %s", error)
        return plain
    run: Linear = lambda hidden: kernels._linear_pointwise(hidden, ready, bias, *way)  # noqa: E731
    return run
