"""Judges the records of a run: every metric and criterion of every case, some at once.

What fails costs one verdict and no more; when the judge goes away, what was judged is kept. Figures
are only as good as the judge: `evals/rubric.yaml` and labels by hand say how far to trust it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.insights.evals.row import Claim
from app.knowledge.ports import Embedder
from evals.judging.cache import VerdictCache
from evals.judging.errors import REASONS, JudgeAway, VerdictFailed, VerdictMissing
from evals.judging.options import JudgeOptions
from evals.judging.ragas_library import ragas_version, require_ragas
from evals.judging.request import Answers
from evals.judging.tally import Outcome, Tally
from evals.running.records import CaseRecord, RunResult
from evals.running.runner import drawn

if TYPE_CHECKING:
    from evals.judging.client import Spent
    from evals.judging.scoring import Scorer

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """``records`` with scores and claims; ``notes``: what a report says, in sentences.

    ``summary``: who judged, what it took, and metric → outcome (`tally.OUTCOMES`) → cases.

    ``gone``: why the judge was not asked to the end; empty when it was.
    """

    records: tuple[CaseRecord, ...]
    summary: dict[str, Any]
    notes: tuple[str, ...]
    spent: Spent
    gone: str = ""


def check(options: JudgeOptions) -> None:
    """Raises JudgeAway or SettingsError when there is nobody to judge. Costs no tokens."""
    require_ragas()
    from evals.judging.client import JudgeClient  # noqa: PLC0415  # 5 s

    async def ask() -> None:
        client = JudgeClient(options, VerdictCache(None))
        try:
            await client.check()
        finally:
            await client.close()

    asyncio.run(ask())


async def judge(
    records: Sequence[CaseRecord],
    options: JudgeOptions,
    embedder: Embedder,
    progress: Progress = lambda _done, _all: None,
) -> Judged:
    """Scores and claims for ``records``. ``progress`` is told verdicts done and in all.

    ``embedder`` compares questions for the answer relevancy.

    Raises:
        JudgeAway: it went away before it gave a single verdict.
        SettingsError: Ragas is not installed.
        BadRequest: the cache cannot be used.
    """
    require_ragas()
    from evals.judging.client import JudgeClient  # noqa: PLC0415
    from evals.judging.scoring import scorers  # noqa: PLC0415

    chosen = chosen_ids(records, options)
    made = scorers(options, embedder)
    with VerdictCache(options.cache) as cache:
        client = JudgeClient(options, cache)
        try:
            work = _Work(records, chosen, made, client, progress)
            await work.all(options.parallel)
        finally:
            await client.close()
    if client.gone and not work.tally.total("scored"):
        raise JudgeAway(
            f"The judge {options.name} gave no verdict: {client.gone}.",
            "Check FOOTNOTE_JUDGE_MODEL, FOOTNOTE_JUDGE_BASE_URL and FOOTNOTE_JUDGE_API_KEY.",
        )
    order = [scorer.id for scorer in made]
    summary = {
        "model": options.name,
        "ragas": ragas_version(),
        "rubric": options.rubric.fingerprint if options.rubric else None,
        "cases": len(chosen),
        "limit": options.limit,
        "seed": options.seed,
        "tokens": {"input": client.spent.used_input, "output": client.spent.used_output},
        **work.tally.as_data(order),
    }
    return Judged(
        tuple(work.judged(record) for record in records),
        summary,
        tuple(_notes(options, work.tally, order, len(chosen), client.gone)),
        client.spent,
        client.gone,
    )


def with_judgement(result: RunResult, judged: Judged) -> RunResult:
    """A run with its records judged; who judged, and how much of it, is in its environment."""
    return replace(
        result,
        records=judged.records,
        environment={**result.environment, **flat(judged.summary)},
        notes=(*result.notes, *judged.notes),
    )


def flat(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A `Judged.summary` as rows of a report's table of what its figures depend on."""
    made = {
        "judge": summary["model"],
        "judge_ragas": summary["ragas"],
        "judge_rubric": summary["rubric"],
        "judge_cases": summary["cases"],
        "judge_limit": summary["limit"],
        "judge_seed": summary["seed"],
        "judge_input_tokens": summary["tokens"]["input"],
        "judge_output_tokens": summary["tokens"]["output"],
        "judge_failures": _counts(summary["failures"]) or "none",
    }
    for metric, outcomes in summary["outcomes"].items():
        made[f"judged_{metric}"] = _counts(outcomes) or "none"
    return made


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counted.items() if n)


def chosen_ids(records: Sequence[CaseRecord], options: JudgeOptions) -> frozenset[str]:
    """The cases that are judged: all that were asked, or ``limit`` of them drawn with ``seed``."""
    asked = [record.case for record in records if not record.error]
    return frozenset(case.id for case in drawn(asked, options.limit, options.seed))


class _Work:
    """One run of the judge, case by case, so that a judge that goes away leaves whole cases."""

    def __init__(
        self,
        records: Sequence[CaseRecord],
        chosen: frozenset[str],
        made: Sequence[Scorer],
        answers: Answers,
        progress: Progress,
    ) -> None:
        self.tally = Tally()
        self._answers = answers
        self._progress = progress
        self._scores: dict[str, dict[str, float]] = {}
        self._claims: dict[str, dict[str, tuple[Claim, ...]]] = {}
        self._order = [scorer.id for scorer in made]
        self._jobs: list[tuple[CaseRecord, Scorer]] = []
        for record in records:
            for scorer in made if record.case.id in chosen else ():
                outcome = scorer.skips(record)
                if outcome is None:
                    self._jobs.append((record, scorer))
                else:
                    self.tally.add(scorer.id, outcome)

    async def all(self, parallel: int) -> None:
        """Do every job."""
        waiting = iter(self._jobs)
        done = 0
        self._progress(done, len(self._jobs))

        async def work() -> None:
            nonlocal done
            for record, scorer in waiting:
                await self._one(record, scorer)
                done += 1
                self._progress(done, len(self._jobs))

        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, parallel)):
                group.create_task(work())

    def judged(self, record: CaseRecord) -> CaseRecord:
        """The record with what was said of it; metrics in their order, however they came."""
        key = record.case.id
        if key not in self._claims:
            return record
        scores = self._scores.get(key, {})
        claims = self._claims[key]
        return replace(
            record,
            scores={
                **record.scores,
                **{name: scores[name] for name in self._order if name in scores},
            },
            claims=tuple(claim for name in self._order for claim in claims.get(name, ())),
        )

    async def _one(self, record: CaseRecord, scorer: Scorer) -> None:
        outcome: Outcome
        try:
            scored = await scorer.score(record, self._answers)
        except VerdictFailed as failed:
            self.tally.add(scorer.id, "failed", failed.reason)
            return
        except VerdictMissing:
            self.tally.add(scorer.id, "missing")
            return
        except Exception:  # whatever Ragas makes of an odd verdict costs that verdict only
            log.warning("%s of %s failed", scorer.id, record.case.id, exc_info=True)
            self.tally.add(scorer.id, "failed", "error")
            return
        outcome = "undefined" if scored.value is None else "scored"
        self.tally.add(scorer.id, outcome)
        self._claims.setdefault(record.case.id, {})[scorer.id] = scored.claims
        if scored.value is not None:
            self._scores.setdefault(record.case.id, {})[scorer.id] = scored.value


def _notes(
    options: JudgeOptions, tally: Tally, order: Sequence[str], cases: int, gone: str
) -> Iterator[str]:
    yield (
        f"{options.name} judged {cases} cases, with Ragas {ragas_version()}: "
        f"{tally.total('scored')} verdicts; a figure's n says how many are its own."
    )
    short = []
    for metric in order:
        counted = tally.of(metric)
        parts = [
            f"{counted[name]} {name}"
            for name in ("undefined", "failed", "abstained", "missing")
            if counted[name]
        ]
        if parts:
            short.append(f"{metric} {', '.join(parts)}")
    if short:
        yield f"Without a verdict: {'; '.join(short)}."
    if tally.reasons:
        said = "; ".join(
            f"{count} × {REASONS[reason]}" for reason, count in tally.reasons.most_common()
        )
        yield f"Why verdicts of {options.name} failed: {said}."
    if gone:
        yield (
            f"The judge {options.name} was gone before the end ({gone}): "
            f"{tally.total('missing')} verdicts are missing. Figures are of what was judged before."
        )
