"""One request for a verdict, and what it is found by again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from evals.judging.errors import VerdictFailed

_YES_OR_NO = ("verdict", "attributed", "noncommittal")
"""Fields of Ragas' outputs that are 0 or 1; their types allow any number, and Ragas adds them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the judge. ``nth``: the same is asked for the nth time within one score."""

    metric: str
    prompt: str
    shape: type[BaseModel]
    nth: int = 1

    def key(self, judge: Mapping[str, object]) -> str:
        """A hash of the whole request and of ``judge``: model, address, options, Ragas' version."""
        told = {
            "judge": dict(judge),
            "metric": self.metric,
            "prompt": self.prompt,
            "shape": self.shape.model_json_schema(),
            "nth": self.nth,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


class Answers(Protocol):
    """Whoever gives verdicts: the judge, or an estimate of it."""

    async def ask(self, request: Request) -> BaseModel:
        """An instance of ``request.shape``. Raises VerdictFailed or VerdictMissing."""


def check_yes_or_no(output: BaseModel) -> None:
    """Raises VerdictFailed when a verdict is neither 0 nor 1."""
    _check(output.model_dump())


def _check(data: object) -> None:
    if isinstance(data, dict):
        for name, value in data.items():
            if name in _YES_OR_NO and value not in (0, 1):
                raise VerdictFailed("malformed")
            _check(value)
    elif isinstance(data, list):
        for item in data:
            _check(item)
