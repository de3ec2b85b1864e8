"""Ragas' five metrics that need a judge: what each is asked of, and its verdicts. Imports Ragas.

The scores are Ragas' own. What is added: each verdict is kept as a `Claim`, and where nothing was
there to be judged the score is undefined, where Ragas gives 0 for some metrics and NaN for others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from ragas.metrics.collections import (
    AnswerRelevancy,
    ContextPrecision,
    ContextRecall,
    FactualCorrectness,
    Faithfulness,
)
from ragas.metrics.collections.factual_correctness import util as factual_correctness
from ragas.metrics.collections.faithfulness import util as faithfulness

from app.insights.evals.row import Claim
from evals.judging.model import EmbedderAdapter, RecordingModel
from evals.judging.request import Answers
from evals.running.records import CaseRecord

_VERDICTS = (faithfulness.NLIStatementOutput, factual_correctness.NLIStatementOutput)
_SHOWN = 200
"""Characters of a passage that a claim about it is shown with."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A score with the verdicts behind it; ``value`` None: there was nothing to judge."""

    value: float | None
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """``of_the_answer``: a refusal has none, and abstains. ``needs``: attributes of the sample."""

    id: str
    of_the_answer: bool
    needs: tuple[str, ...]
    make: Callable[[RecordingModel, EmbedderAdapter], Any]
    claims: Callable[[Sequence[BaseModel], Mapping[str, Any]], Iterator[Claim]]


def sample(record: CaseRecord) -> dict[str, Any]:
    """A record in Ragas' words; what it lacks is left out.

    ``reference`` is only there for an answerable question: that of another says that nothing is
    known, which no passage and no answer can be compared with.
    """
    case = record.case
    given = {
        "user_input": "\n".join([*case.after, case.question]),
        "response": "" if record.refused else record.text,
        "retrieved_contexts": [text for text in record.contexts if text.strip()],
        "reference": case.reference if case.answerable else "",
    }
    return {name: value for name, value in given.items() if value}


async def score(
    metric: Metric, given: Mapping[str, Any], answers: Answers, embeddings: EmbedderAdapter
) -> Scored:
    """One metric of one sample that has what it ``needs``. Raises as `Answers.ask`."""
    model = RecordingModel(answers, metric.id)
    scorer = metric.make(model, embeddings)
    result = await scorer.ascore(**{name: given[name] for name in metric.needs})
    claims = tuple(metric.claims(model.outputs, given))
    value = float(result.value)
    if not claims or not math.isfinite(value):
        return Scored(None, claims)
    return Scored(value, claims)


def _faithfulness(outputs: Sequence[BaseModel], _: Mapping[str, Any]) -> Iterator[Claim]:
    yield from _statements("faithfulness", outputs, ("answer",))


def _factual(outputs: Sequence[BaseModel], _: Mapping[str, Any]) -> Iterator[Claim]:
    # First the answer's claims against the reference, then the reference's against the answer.
    yield from _statements("factual_correctness", outputs, ("answer", "reference"))


def _statements(metric: str, outputs: Sequence[Any], sides: Sequence[str]) -> Iterator[Claim]:
    side = -1
    for output in outputs:
        if not isinstance(output, _VERDICTS):
            side += 1  # a text was split into statements; verdicts on them come next, if it had any
            continue
        for said in output.statements:
            yield Claim(metric, said.statement, said.verdict, said.reason, sides[side])


def _relevancy(outputs: Sequence[Any], _: Mapping[str, Any]) -> Iterator[Claim]:
    for said in outputs:
        if said.question:
            evasive = bool(said.noncommittal)
            reason = "The answer is evasive." if evasive else ""
            yield Claim("answer_relevancy", said.question, int(not evasive), reason, "question")


def _precision(outputs: Sequence[Any], given: Mapping[str, Any]) -> Iterator[Claim]:
    for number, (said, passage) in enumerate(
        zip(outputs, given["retrieved_contexts"], strict=True), 1
    ):
        text = passage if len(passage) <= _SHOWN else passage[: _SHOWN - 1].rstrip() + "…"
        yield Claim("context_precision", text, said.verdict, said.reason, f"passage {number}")


def _recall(outputs: Sequence[Any], _: Mapping[str, Any]) -> Iterator[Claim]:
    for output in outputs:
        for said in output.classifications:
            yield Claim("context_recall", said.statement, said.attributed, said.reason, "reference")


METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            "faithfulness",
            True,
            ("user_input", "response", "retrieved_contexts"),
            lambda model, _: Faithfulness(llm=model),
            _faithfulness,
        ),
        Metric(
            "answer_relevancy",
            True,
            ("user_input", "response"),
            lambda model, embeddings: AnswerRelevancy(llm=model, embeddings=embeddings),
            _relevancy,
        ),
        Metric(
            "context_precision",
            False,
            ("user_input", "reference", "retrieved_contexts"),
            lambda model, _: ContextPrecision(llm=model),
            _precision,
        ),
        Metric(
            "context_recall",
            False,
            ("user_input", "retrieved_contexts", "reference"),
            lambda model, _: ContextRecall(llm=model),
            _recall,
        ),
        Metric(
            "factual_correctness",
            True,
            ("response", "reference"),
            lambda model, _: FactualCorrectness(llm=model),
            _factual,
        ),
    )
}
"""By id, in the order they are asked."""
