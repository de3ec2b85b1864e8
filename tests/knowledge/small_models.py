"""Tiny models with random weights, saved to a folder as real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *("the", "a", "of", "to", "and", "is", "are", "in", "on", "every", "boat", "harbor", "river"),
    *("water", "sensor", "report", "office", "##s", "##ing", "cat", "dog", "night", "day", "price"),
    *("hotel", "train", ".", ",", ":", "?", "!", "1", "2", "3", "4", "5"),
]
WINDOW = 48


def _tokenizer(folder: Path) -> BertTokenizer:
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [*SPECIAL, *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    unique = list(dict.fromkeys(vocabulary))
    (folder / "vocab.txt").write_text("\n".join(unique), encoding="utf-8")
    return BertTokenizer(str(folder / "vocab.txt"))


def _config(tokenizer: BertTokenizer, outputs: int = 2) -> BertConfig:
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.3,  # so that texts differ clearly
    )
    config.num_labels = outputs
    return config


def make_embedder(
    folder: Path,
    pooling: Literal["mean", "cls"],
    *,
    seed: int = 0,
    prompts: dict[str, str] | None = None,
) -> str:
    """A BERT of 32 dimensions that reads 48 tokens; gives its path."""
    torch.manual_seed(seed)
    parts = folder.with_name(f"{folder.name}-parts")
    tokenizer = _tokenizer(parts)
    BertModel(_config(tokenizer)).save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    modules = [Transformer(str(parts), max_seq_length=WINDOW), Pooling(32, pooling)]
    SentenceTransformer(modules=modules, prompts=prompts).save(str(folder))
    return str(folder)


def make_static_embedder(folder: Path) -> str:
    """A table of word vectors, as model2vec makes them; gives its path."""
    torch.manual_seed(0)
    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)]).save(str(folder))
    return str(folder)


def make_cross_encoder(folder: Path, outputs: int = 1, *, seed: int = 0) -> str:
    """A BERT that scores pairs; gives its path."""
    torch.manual_seed(seed)
    tokenizer = _tokenizer(folder)
    config = _config(tokenizer, outputs)
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
