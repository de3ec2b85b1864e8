"""What Ragas takes as its model and its embeddings. Imports Ragas."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from pydantic import BaseModel
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM

from app.knowledge.ports import Embedder
from evals.judging.request import Answers, Request


class RecordingModel(InstructorBaseRagasLLM):
    """Passes one score's requests on, and keeps every output: Ragas gives only the number.

    ``outputs``: instances of Ragas' output classes in the order asked. ``error``: what ended the
    asking, which Ragas may have wrapped.
    """

    is_async = True
    """Ragas' test-set prompts look at it."""

    def __init__(self, answers: Answers, metric: str) -> None:
        self._answers = answers
        self._metric = metric
        self._asked: Counter[str] = Counter()
        self.outputs: list[BaseModel] = []

    def generate(self, prompt: str, response_model: type[Any]) -> Any:
        """Not used: everything here is asynchronous."""
        raise TypeError(f"{prompt[:20]!r} for {response_model.__name__} was asked synchronously")

    async def agenerate(self, prompt: str, response_model: type[Any]) -> Any:
        """An instance of ``response_model``. Raises as `Answers.ask`."""
        self._asked[prompt] += 1
        request = Request(self._metric, prompt, response_model, self._asked[prompt])
        output = await self._answers.ask(request)
        self.outputs.append(output)
        return output


class EmbedderAdapter(BaseRagasEmbedding):
    """The product's own embedding model, for Ragas."""

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self._embedder = embedder

    def embed_text(self, text: str, **_: Any) -> list[float]:
        """Unit vector."""
        return [float(value) for value in self._embedder.encode_query(text)]

    async def aembed_text(self, text: str, **_: Any) -> list[float]:
        """As `embed_text`, beside the event loop."""
        return await asyncio.to_thread(self.embed_text, text)
