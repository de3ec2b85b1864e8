"""Tells by its files whether a folder holds a plain BERT whose token states are averaged.

Such a model (the bundled one, and most small ones) needs little code to run. Importing
sentence-transformers, which runs everything, takes six seconds and transformers with it; so only
folders that say anything else are left to it, and whatever is not understood counts as else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Config = Mapping[str, Any]

_LAYER = (
    *(f"attention.self.{name}" for name in ("query", "key", "value")),
    *("attention.output.dense", "attention.output.LayerNorm"),
    *("intermediate.dense", "output.dense", "output.LayerNorm"),
)
_EMBEDDINGS = tuple(f"{n}_embeddings.weight" for n in ("word", "position", "token_type"))
_UNUSED = {"embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"}
_OTHER_FILES = ("adapter_config.json", "model.safetensors.index.json", "router_config.json")


@dataclass(frozen=True, slots=True)
class BertFolder:
    """A mean-pooled BERT. ``window``: tokens it reads, special ones included."""

    path: Path
    window: int
    dimension: int
    layers: int
    heads: int
    epsilon: float

    @property
    def weights(self) -> Path:
        """The safetensors file."""
        return self.path / "model.safetensors"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's file."""
        return self.path / "tokenizer.json"


def recognize(path: Path) -> BertFolder | None:
    """What ``path`` holds, or None for any other model, or when it isn't a folder."""
    try:
        if not path.is_dir() or any((path / name).exists() for name in _OTHER_FILES):
            return None
        bert = _read(path / "config.json")
        if not (_averages(path) and _has_no_prompts(path) and _is_plain(bert)):
            return None
        found = BertFolder(
            path,
            _window(path, bert),
            int(bert["hidden_size"]),
            int(bert["num_hidden_layers"]),
            int(bert["num_attention_heads"]),
            float(bert["layer_norm_eps"]),
        )
        known = found.window > 2 and _tokenizer_is_known(path) and _weights_are_known(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if known else None


def _averages(path: Path) -> bool:
    """Whether the modules are a transformer, the mean of its tokens, and perhaps unit length."""
    modules = sorted(_read(path / "modules.json"), key=lambda one: one["idx"])
    names = [str(one["type"]).rpartition(".")[2] for one in modules]
    if names not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return False
    if modules[0]["path"] or not all(
        str(one["type"]).startswith("sentence_transformers.") for one in modules
    ):
        return False
    pooling = _read(path / modules[1]["path"] / "config.json")
    ways = {key for key, on in pooling.items() if key.startswith("pooling_mode_") and on}
    return ways == {"pooling_mode_mean_tokens"} or (
        not ways and pooling.get("pooling_mode") == "mean"
    )


def _has_no_prompts(path: Path) -> bool:
    config = path / "config_sentence_transformers.json"
    said = _read(config) if config.exists() else {}
    return not any((said.get("prompts") or {}).values()) and not said.get("default_prompt_name")


def _is_plain(bert: Config) -> bool:
    return (
        bert["model_type"] == "bert"
        and bert["hidden_act"] == "gelu"
        and bert.get("position_embedding_type", "absolute") == "absolute"
        and not any(bert.get(key) for key in ("is_decoder", "add_cross_attention", "auto_map"))
        and "quantization_config" not in bert
    )


def _window(path: Path, bert: Config) -> int:
    """0 where it is not said in a way that is known."""
    said = _read(path / "sentence_bert_config.json")
    text = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
    expected: Config = {
        "do_lower_case": False,
        "transformer_task": "feature-extraction",
        "modality_config": text,
        "module_output_name": "token_embeddings",
    }
    if any(said[key] != expected.get(key) for key in said if key != "max_seq_length"):
        return 0
    tokens = said.get("max_seq_length", _read(path / "tokenizer_config.json")["model_max_length"])
    return min(int(tokens), int(bert["max_position_embeddings"]))


def _tokenizer_is_known(path: Path) -> bool:
    """Whether the tokenizer's file says what transformers would make of its settings."""
    said, made = _read(path / "tokenizer_config.json"), _read(path / "tokenizer.json")
    normal = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": said.get("tokenize_chinese_chars", True),
        "strip_accents": said.get("strip_accents"),
        "lowercase": said.get("do_lower_case", True),
    }
    ends = [next(iter(one)) for one in made["post_processor"]["single"]]
    return (
        said["tokenizer_class"] in ("BertTokenizer", "BertTokenizerFast")
        and made["model"]["type"] == "WordPiece"
        and made["model"]["continuing_subword_prefix"] == "##"
        and made["normalizer"] == normal
        and made["pre_tokenizer"] == {"type": "BertPreTokenizer"}
        and made["post_processor"]["type"] == "TemplateProcessing"
        and ends == ["SpecialToken", "Sequence", "SpecialToken"]
    )


def _weights_are_known(found: BertFolder) -> bool:
    """Whether the file holds exactly the weights of such a BERT, in float32."""
    with found.weights.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > 10_000_000:
            return False
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    names = {f"embeddings.{name}" for name in _EMBEDDINGS}
    parts = [f"encoder.layer.{i}.{part}" for i in range(found.layers) for part in _LAYER]
    for part in ["embeddings.LayerNorm", *parts]:
        names |= {f"{part}.weight", f"{part}.bias"}
    return set(header) - _UNUSED == names and all(header[n]["dtype"] == "F32" for n in names)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
