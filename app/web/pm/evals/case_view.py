"""One case of a run in full: scores, verdicts of a judge, steps in time, and other runs of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.errors import FootnoteError
from app.insights.evals.figure_text import value_text
from app.insights.evals.row import Claim, Row, TraceStep
from app.insights.evals.run_file import RunFile
from app.insights.evals.runs import Runs
from app.insights.targets import Targets
from app.web.pm.evals import run_words as words
from app.web.pm.traces.trace_words import step_words, took

MOST_RUNS = 12
"""Newest runs in which the same case is looked up: each is a file to read whole."""
_THINNEST = 0.4
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score of the case, in words; ``definition`` is empty where nobody wrote one."""

    name: str
    definition: str
    value: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step; ``x`` and ``width`` in percent of the lane."""

    words: str
    note: str
    depth: int
    took: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Past:
    """The same case in another run. ``differs``: it was asked or wanted otherwise there."""

    run: RunFile
    row: Row
    href: str
    made: str
    outcome: str
    differs: bool
    here: bool


def score_rows(row: Row, targets: Targets) -> list[ScoreRow]:
    """Every score, those with words first."""
    known = [name for name in targets.quality if name in row.scores]
    found = [
        ScoreRow(
            targets.quality[name].name,
            targets.quality[name].definition,
            _score(row.scores[name], targets.quality[name].unit),
        )
        for name in known
    ]
    rest = sorted(set(row.scores) - set(known))
    return [*found, *(ScoreRow(_named(name), "", _score(row.scores[name], name)) for name in rest)]


def claim_groups(row: Row, targets: Targets) -> list[tuple[str, list[tuple[Claim, str]]]]:
    """A judge's verdicts by the score that they are part of, each with its verdict in words."""
    found = []
    for metric in dict.fromkeys(claim.metric for claim in row.claims):
        known = targets.quality.get(metric)
        own = [(claim, _verdict(claim)) for claim in row.claims if claim.metric == metric]
        found.append((known.name if known else _named(metric), own))
    return found


def step_rows(steps: Sequence[TraceStep]) -> list[StepRow]:
    """The waterfall."""
    total = max((step.start_ms + step.ms for step in steps), default=0.0)
    scale = 100.0 / total if total > 0 else 0.0
    found = []
    for step in steps:
        width = min(100.0, max(_THINNEST, step.ms * scale))
        found.append(
            StepRow(
                step_words(step.name),
                step.note,
                min(step.depth, _DEEPEST),
                took(step.ms),
                round(min(step.start_ms * scale, 100.0 - width), 2),
                round(width, 2),
            )
        )
    return found


def ticks(steps: Sequence[TraceStep]) -> list[str]:
    """Five times along the waterfall's axis."""
    total = max((step.start_ms + step.ms for step in steps), default=0.0)
    return [took(total * part / 4) if part else "0" for part in range(5)]


def past(runs: Runs, run: RunFile, row: Row) -> list[Past]:
    """The case in the newest runs of the same dataset, newest first, this one among them."""
    found = []
    heads = [head for head in runs.heads() if head.run and head.run.dataset == run.dataset]
    for head in heads[:MOST_RUNS]:
        if head.name == run.name:
            other, own = run, row
        else:
            try:
                other = runs.find(head.name)
            except FootnoteError:  # it went, or broke, since the list was read
                continue
            same = next((one for one in other.rows if one.id == row.id), None)
            if same is None:
                continue
            own = same
        found.append(
            Past(
                other,
                own,
                words.case_url(other.name, own.id),
                words.made_words(other.made_at),
                words.outcome(own),
                bool(own.question and row.question) and own.question != row.question,
                other.name == run.name,
            )
        )
    return found


def neighbors(run: RunFile, row: Row) -> tuple[Row | None, Row | None]:
    """The case before and the one after."""
    at = next((number for number, one in enumerate(run.rows) if one.id == row.id), 0)
    before = run.rows[at - 1] if at > 0 else None
    return before, run.rows[at + 1] if at + 1 < len(run.rows) else None


def family(run: RunFile, row: Row) -> Iterator[Row]:
    """Other cases of the group: the same question in other words."""
    if row.group:
        yield from (one for one in run.rows if one.group == row.group and one.id != row.id)


def _verdict(claim: Claim) -> str:
    if claim.metric.startswith("rubric."):
        return f"{claim.verdict} points" if claim.verdict != 1 else "1 point"
    return "yes" if claim.verdict else "no"


def _named(name: str) -> str:
    text = name.removeprefix("rubric.").replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def _score(value: float, unit: str) -> str:
    """Shares that are 0 or 1 are said as no and yes would be: plainly."""
    for end in ("ms", "usd"):
        if unit.endswith(f"_{end}"):
            return value_text(value, end)
    if unit in ("ratio", "share"):
        return {0.0: "0", 1.0: "1"}.get(value) or f"{value:.3f}".rstrip("0")
    return value_text(value, unit) if unit in ("ms", "usd", "count") else f"{value:g}"
