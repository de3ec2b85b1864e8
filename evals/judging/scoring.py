"""All that a judge is asked about a record: Ragas' metrics, then the rubric. Imports Ragas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.knowledge.ports import Embedder
from evals.judging.criteria import RubricScorer
from evals.judging.metrics import METRICS, Metric, Scored, sample, score
from evals.judging.model import EmbedderAdapter
from evals.judging.options import JudgeOptions
from evals.judging.request import Answers
from evals.judging.tally import Outcome
from evals.running.records import CaseRecord


class Scorer(Protocol):
    """One score of a record."""

    @property
    def id(self) -> str:
        """Of the score."""

    def skips(self, record: CaseRecord) -> Outcome | None:
        """Why the judge is not asked; None: it is."""

    async def score(self, record: CaseRecord, answers: Answers) -> Scored:
        """The score. Raises VerdictFailed or VerdictMissing."""


def scorers(options: JudgeOptions, embedder: Embedder) -> list[Scorer]:
    """What ``options`` ask for, in order."""
    embeddings = EmbedderAdapter(embedder)
    made: list[Scorer] = [_OfRagas(METRICS[name], embeddings) for name in options.metrics]
    if options.rubric is not None:
        made += [_OfRubric(RubricScorer(one)) for one in options.rubric.criteria]
    return made


@dataclass(frozen=True, slots=True)
class _OfRagas:
    metric: Metric
    embeddings: EmbedderAdapter

    @property
    def id(self) -> str:
        return self.metric.id

    def skips(self, record: CaseRecord) -> Outcome | None:
        if self.metric.of_the_answer and record.refused:
            return "abstained"
        given = sample(record)
        return None if all(name in given for name in self.metric.needs) else "not_asked"

    async def score(self, record: CaseRecord, answers: Answers) -> Scored:
        return await score(self.metric, sample(record), answers, self.embeddings)


@dataclass(frozen=True, slots=True)
class _OfRubric:
    scorer: RubricScorer

    @property
    def id(self) -> str:
        return self.scorer.criterion.score_id

    def skips(self, record: CaseRecord) -> Outcome | None:
        if self.scorer.criterion.applies(refused=record.refused):
            return None
        return "abstained" if record.refused else "not_asked"

    async def score(self, record: CaseRecord, answers: Answers) -> Scored:
        return await self.scorer.score(record, answers)
