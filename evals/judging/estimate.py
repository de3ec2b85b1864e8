"""What judging will take, before it is paid: requests and tokens, by asking nobody.

The same metrics run with made-up verdicts: prompts are as long as they will be, verdicts as long as
they usually are. What the cache holds is not counted. Imports Ragas.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from app.ask.writing.price_file import PriceFile
from app.ask.writing.prices import Cost, Prices, estimated_tokens
from app.domain import Span
from app.knowledge.ports import Encoded, Vector
from evals.judging.cache import VerdictCache
from evals.judging.client import JudgeClient
from evals.judging.errors import VerdictFailed
from evals.judging.judge import chosen_ids
from evals.judging.options import JudgeOptions
from evals.judging.request import Request
from evals.judging.scoring import scorers
from evals.running.records import CaseRecord

_STATEMENTS = 4
"""Claims of an answer or a reference answer: two sentences have about so many."""
_STATEMENT = "The employee has 25 days of paid annual leave in each calendar year."
_REASON = "The passage says so in its second sentence, with the same number and the same unit."
_FRAME_TOKENS = 150
"""What instructor adds to each request: how to write JSON, and the schema once more."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """``requests`` to the judge, with the tokens they send and get; ``known``: from the cache."""

    cases: int
    requests: int
    known: int
    input_tokens: int
    output_tokens: int


async def estimate(records: Sequence[CaseRecord], options: JudgeOptions) -> Estimate:
    """What judging ``records`` will take. Raises BadRequest when the cache cannot be used."""
    chosen = chosen_ids(records, options)
    with VerdictCache(options.cache) as cache:
        client = JudgeClient(options, cache)
        made_up = _MadeUp(cache, client.identity, keeps=options.cache is not None)
        try:
            for scorer in scorers(options, _NoEmbedder()):
                for record in records:
                    if record.case.id in chosen and scorer.skips(record) is None:
                        with suppress(VerdictFailed):  # a made-up point may be off a scale
                            await scorer.score(record, made_up)
        finally:
            await client.close()
    return Estimate(len(chosen), made_up.requests, made_up.known, made_up.read, made_up.wrote)


def cost(
    options: JudgeOptions, input_tokens: int, output_tokens: int, file: PriceFile
) -> Cost | None:
    """USD of so many tokens; None when the judge's price is unknown."""
    prices = Prices(options.name, base_url=options.base_url, file=file)
    return prices.cost(input_tokens, output_tokens)


class _MadeUp:
    """Verdicts from the cache, else made up, and counted."""

    def __init__(self, cache: VerdictCache, identity: dict[str, object], *, keeps: bool) -> None:
        self._cache = cache
        self._identity = identity
        self._keeps = keeps
        self._asked: set[str] = set()
        self.requests = self.known = self.read = self.wrote = 0

    async def ask(self, request: Request) -> BaseModel:
        """As `Answers`."""
        key = request.key(self._identity)
        kept = self._cache.get(key)
        if kept is not None:
            self.known += 1
            return request.shape.model_validate_json(kept.text)
        output = request.shape.model_validate(_filled(request))
        if self._keeps and key in self._asked:
            return output  # the second of two cases that ask the same
        self._asked.add(key)
        self.requests += 1
        self.read += estimated_tokens(request.prompt) + _FRAME_TOKENS
        self.wrote += estimated_tokens(output.model_dump_json())
        return output


def _filled(request: Request) -> dict[str, object]:
    """Usual values for the fields of Ragas' outputs and of the rubric's."""
    said = {"statement": _STATEMENT, "reason": _REASON, "verdict": 1, "attributed": 1}
    values: dict[str, object] = {
        "claims": [_STATEMENT] * _STATEMENTS,
        "classifications": [said] * _STATEMENTS,
        "question": _STATEMENT,
        "noncommittal": 0,
        "reason": _REASON,
        "verdict": 1,
        "points": 1,
    }
    judged = "StatementFaithfulnessAnswer" in request.shape.model_json_schema().get("$defs", {})
    values["statements"] = [said if judged else _STATEMENT] * _STATEMENTS
    return {name: values[name] for name in request.shape.model_fields}


class _NoEmbedder:
    """Every text points the same way: no model has to be loaded to count requests."""

    name = "none"
    dimension = 1

    def encode_query(self, text: str) -> Vector:  # noqa: ARG002  # part of the interface
        return np.ones(1, dtype=np.float32)

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        return [
            Encoded(np.ones(1, dtype=np.float32), np.ones((len(own), 1), dtype=np.float32))
            for _, own in zip(texts, spans, strict=True)
        ]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [0 for _ in texts]
