"""A judge that judges by substrings, so that every score can be worked out by hand.

A statement is supported when the context contains it. It stands for a model's form, not for its
judgement: no test that uses it says anything about the quality of an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from evals.running.records import CaseRecord
from tests.evals.made import record
from tests.fakes.openai_server import Script, Shown

QUESTION = "How long is a term?"
ANSWER = "A term is four years. A term can be renewed twice. The chair is elected."
REFERENCE = "A term is four years. It starts in May."
CONTEXTS = (
    "A term is four years. The chair is elected by the board.",
    "Lunch is at noon.",
    "A term can be renewed once. Also here: a term is four years.",
)
EXPECTED = {
    "faithfulness": 2 / 3,  # of three statements, "renewed twice" is in no passage
    "answer_relevancy": 1.0,  # the question that the judge makes up is the one asked
    "context_precision": (1 / 1 + 2 / 3) / 2,  # useful: the first and the third passage
    "context_recall": 1 / 2,  # "It starts in May" is in no passage
    "factual_correctness": 0.4,  # precision 1/3, recall 1/2
}
"""Ragas' scores of `case`, by hand."""


def case(case_id: str = "term", **changes: Any) -> CaseRecord:
    """An answered case that every metric can be asked of."""
    reference = changes.pop("reference", REFERENCE)
    made = record(id=case_id, question=QUESTION, text=ANSWER, contexts=CONTEXTS, **changes)
    return replace(made, case=replace(made.case, reference=reference))


def judging(shown: Shown) -> str:
    """The verdicts asked for, as JSON."""
    return json.dumps(_ANSWERS[wanted(shown)](given(shown)))


def wanted(shown: Shown) -> str:
    """The output class that a prompt asks for."""
    schemas = re.findall(
        r"following schema as specified in JSON Schema:\n(\{.*\})Do not", shown.user
    )
    title: str = json.loads(schemas[0])["title"]
    return title


def given(shown: Shown) -> dict[str, Any]:
    """The input that a prompt ends with."""
    _, _, told = shown.user.partition("Now perform the same with the following input\n")
    found: dict[str, Any] = json.JSONDecoder().raw_decode(told.partition(":")[2].strip())[0]
    return found


JUDGING = Script(judging)


@dataclass
class Sometimes:
    """Answers as ``usual``, but a request for ``shape`` as ``other`` does."""

    shape: str
    other: str
    asked: list[str] = field(default_factory=list)

    def __call__(self, shown: Shown) -> str:
        """The text."""
        self.asked.append(wanted(shown))
        return self.other if self.asked[-1] == self.shape else judging(shown)


def sentences(text: str) -> list[str]:
    """Without their full stops."""
    return [part.strip() for part in text.split(".") if part.strip()]


def _holds(text: str, statement: str) -> int:
    return int(statement.lower() in text.lower())


def _verdicts(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "statements": [
            {"statement": one, "reason": "looked up", "verdict": _holds(asked["context"], one)}
            for one in asked["statements"]
        ]
    }


def _recall(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "classifications": [
            {"statement": one, "reason": "looked up", "attributed": _holds(asked["context"], one)}
            for one in sentences(asked["answer"])
        ]
    }


_ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "StatementGeneratorOutput": lambda asked: {"statements": sentences(asked["answer"])},
    "NLIStatementOutput": _verdicts,
    "AnswerRelevanceOutput": lambda asked: {
        "question": QUESTION,
        "noncommittal": int("depends" in asked["response"]),
    },
    "ContextPrecisionOutput": lambda asked: {
        "reason": "looked up",
        "verdict": _holds(asked["context"], sentences(asked["answer"])[0]),
    },
    "ContextRecallOutput": _recall,
    "ClaimDecompositionOutput": lambda asked: {"claims": sentences(asked["response"])},
    "Points": lambda asked: {"reason": "as good as it gets", "points": int(max(asked["points"]))},
}
