"""How near an answer is to the reference answer, by Ragas' metrics that ask no model.

Imports Ragas: import this inside a function, after `ragas_library.require_ragas`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ragas.embeddings.base import BaseRagasEmbedding
from ragas.metrics.collections import NonLLMStringSimilarity, RougeScore, SemanticSimilarity

from app.knowledge.ports import Embedder
from evals.running.records import CaseRecord

_DIGITS = 6
"""Of a score: what differs beyond is the order in which a processor adds."""


class KnownEmbeddings(BaseRagasEmbedding):
    """Ragas' view of the product's own embedder; texts are encoded together, once."""

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        super().__init__()
        unique = sorted(set(texts))  # the same batches for the same texts, in whatever order
        encoded = embedder.encode_passages(unique, [()] * len(unique)) if unique else []
        self._vectors = {text: one.vector for text, one in zip(unique, encoded, strict=True)}

    def embed_text(self, text: str, **_: Any) -> list[float]:
        """The vector of one of the texts given at first. Raises KeyError for another."""
        return [float(value) for value in self._vectors[text]]

    async def aembed_text(self, text: str, **_: Any) -> list[float]:
        """As `embed_text`."""
        return self.embed_text(text)


def scored(records: Sequence[CaseRecord], embedder: Embedder) -> tuple[CaseRecord, ...]:
    """The records, with ``rouge_l``, ``string_similarity`` and ``semantic_similarity``.

    Only of questions that were answered and have a reference answer: a refusal has no text to
    compare, and is counted elsewhere.
    """
    fitting = [record for record in records if _compared(record)]
    texts = [text for record in fitting for text in (record.text, record.case.reference)]
    metrics = {
        "rouge_l": RougeScore(rouge_type="rougeL"),
        "string_similarity": NonLLMStringSimilarity(),
        "semantic_similarity": SemanticSimilarity(KnownEmbeddings(embedder, texts)),
    }
    return asyncio.run(_scored(records, metrics))


async def _scored(records: Sequence[CaseRecord], metrics: dict[str, Any]) -> tuple[CaseRecord, ...]:
    made = []
    for record in records:
        own = {}
        if _compared(record):
            for name, metric in metrics.items():
                result = await metric.ascore(reference=record.case.reference, response=record.text)
                own[name] = round(float(result.value), _DIGITS)
        made.append(replace(record, scores=record.scores | own) if own else record)
    return tuple(made)


def _compared(record: CaseRecord) -> bool:
    return bool(
        record.case.answerable
        and record.case.reference.strip()
        and record.text.strip()
        and not record.refused
    )
