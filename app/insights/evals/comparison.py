"""Two runs beside each other: what was set otherwise, what that did, and to which cases.

Only cases that ask the same and want the same in both runs are compared; every other is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from app.insights.evals.paired import Difference, holm, paired_difference
from app.insights.evals.row import Row
from app.insights.evals.run_figures import run_figures
from app.insights.evals.run_file import RunFigure, RunFile
from app.insights.targets import Target, Targets, Unit

Verdict = Literal[
    "better", "worse", "maybe better", "maybe worse", "unclear", "same", "few", "shown"
]
"""``maybe``: alone it would be significant, among so many metrics it may be chance. ``few``: too
few cases to say. ``shown``: not tested."""

PRIMARY = "correct"
"""The metric that is looked at first, whatever the others say: it is tested alone, not as one of
many."""
LEVEL = 0.05
"""p below this is called a difference."""
FEWEST_CASES = 20
"""Below so many paired cases nothing is said; the gates' limit too."""
LARGEST_DROPS = 20
"""Cases listed whose scores fell most without becoming wrong."""
BY_REFERENCE = frozenset(
    {
        *("rouge_l", "string_similarity", "semantic_similarity"),
        *("factual_correctness", "context_recall", "context_precision"),
    }
)
"""Scores that a changed reference answer changes."""
RUBRIC = "rubric."
"""How scores begin that are points of the product manager's own criteria."""
_SPEED = ("ms", "s", "usd")
_NO_QUALITY = ("_ms", "_usd", "words")
"""How scores end that are times, costs or lengths."""
_MACHINE = ("processors", "python", "precision", "parallel", "platform", "machine")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in both runs; None where a run doesn't have it."""

    name: str
    a: Any
    b: Any
    changed: bool


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric in both runs. ``corrected``: p after Holm's correction, see `_corrected`."""

    target: Target
    a: RunFigure | None
    b: RunFigure | None
    difference: Difference
    corrected: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that came out otherwise. ``score`` and ``drop``: what fell most, in ``drops`` only."""

    a: Row
    b: Row
    score: str = ""
    drop: float = 0.0


@dataclass(frozen=True, slots=True)
class SliceDifference:
    """How `correct` differs among the cases with a tag; p corrected over the slices."""

    name: str
    difference: Difference
    corrected: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run b against run a, paired by case. Lists of cases: the surest answer of run b first.

    ``warnings``: what stands in the way, and what can be compared nonetheless. ``altered``: ids of
    cases in both runs that ask or want something else, and are not compared.
    """

    a: RunFile
    b: RunFile
    paired: int
    configuration: tuple[Setting, ...]
    environment: tuple[Setting, ...]
    metrics: tuple[MetricDifference, ...]
    slices: tuple[SliceDifference, ...]
    regressions: tuple[CaseChange, ...]
    improvements: tuple[CaseChange, ...]
    states: tuple[CaseChange, ...]
    drops: tuple[CaseChange, ...]
    only_a: tuple[Row, ...]
    only_b: tuple[Row, ...]
    altered: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def headline(self) -> MetricDifference | None:
        """How `correct` differs."""
        return next((one for one in self.metrics if one.target.id == PRIMARY), None)


def compare(a: RunFile, b: RunFile, targets: Targets) -> Comparison:
    """What differs between two runs, regressions first. Pure: the same runs, the same result."""
    of_a, of_b = {row.id: row for row in a.rows}, {row.id: row for row in b.rows}
    both = [name for name in of_a if name in of_b]
    altered = tuple(name for name in both if _altered(of_a[name], of_b[name]))
    pairs = [(of_a[name], of_b[name]) for name in both if name not in set(altered)]
    changes = list(_changes(pairs))
    return Comparison(
        a=a,
        b=b,
        paired=len(pairs),
        configuration=_settings(a.configuration, b.configuration),
        environment=_settings(_around(a), _around(b)),
        metrics=_metrics(a, b, pairs, targets),
        slices=_slices(pairs, targets),
        regressions=_surest([one for kind, one in changes if kind == "regression"]),
        improvements=_surest([one for kind, one in changes if kind == "improvement"]),
        states=_surest([one for kind, one in changes if kind == "state"]),
        drops=_drops([one for kind, one in changes if kind == "same"], targets),
        only_a=tuple(row for name, row in of_a.items() if name not in of_b),
        only_b=tuple(row for name, row in of_b.items() if name not in of_a),
        altered=altered,
        warnings=tuple(_warnings(a, b, len(both), altered)),
    )


def is_quality(target: Target) -> bool:
    """Whether it says how good answers are, not how quick or dear on some machine."""
    return target.unit not in _SPEED and not target.id.endswith(_NO_QUALITY)


# --- settings -------------------------------------------------------------------------------------


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Setting, ...]:
    """Changed ones first, each in the order of the second run."""
    names = [*b, *(name for name in a if name not in b)]
    found = [
        Setting(name, a.get(name), b.get(name), a.get(name, _ABSENT) != b.get(name, _ABSENT))
        for name in names
    ]
    return tuple(sorted(found, key=lambda one: not one.changed))


def _around(run: RunFile) -> dict[str, Any]:
    """What is said of the environment and not already of the configuration."""
    return {name: said for name, said in run.environment.items() if name not in run.configuration}


def _warnings(a: RunFile, b: RunFile, both: int, altered: Sequence[str]) -> Iterator[str]:
    if not (a.rows and b.rows):
        yield "One of the runs keeps no cases, so only whole figures stand beside each other."
        return
    if not both:
        yield (
            "No case is in both runs: figures stand beside each other, and nothing can be said of "
            "their difference."
        )
        return
    if altered:
        many = "1 case asks or wants" if len(altered) == 1 else f"{len(altered)} cases ask or want"
        rest = both - len(altered)
        yield (
            f"{many} something else in the second run under the same id and can't be compared; "
            f"{rest} {'is' if rest == 1 else 'are'}."
        )
    if not (_has_texts(a) and _has_texts(b)):
        yield (
            "A report is without texts, so it can't be checked that the same was asked; cases are "
            "compared by their ids."
        )
    if _differs(a, b, "documents_sha256"):
        yield (
            "The documents differ: answers and refusals can be compared as what a person gets, but "
            "a difference may come from the documents, not from the settings."
        )
    if any(_differs(a, b, name) for name in _MACHINE):
        yield "The runs were not made on the same machine, so times can't be compared."


def _differs(a: RunFile, b: RunFile, name: str) -> bool:
    return a.environment.get(name) != b.environment.get(name)


def _has_texts(run: RunFile) -> bool:
    return any(row.question for row in run.rows)


# --- cases ----------------------------------------------------------------------------------------


def _altered(a: Row, b: Row) -> bool:
    """Whether the case is another one; texts that a report doesn't have are not compared."""
    if (a.answerable, a.expected) != (b.answerable, b.expected):
        return True
    if not (a.question and b.question):
        return False
    asked = (a.question, a.after) != (b.question, b.after)
    return asked or (set(a.answers), set(a.wanted)) != (set(b.answers), set(b.wanted))


def _changes(pairs: Sequence[tuple[Row, Row]]) -> Iterator[tuple[str, CaseChange]]:
    for a, b in pairs:
        change = CaseChange(a, b)
        if a.right and b.right is False:
            yield "regression", change
        elif a.right is False and b.right:
            yield "improvement", change
        elif a.state != b.state:
            yield "state", change
        else:
            yield "same", change


def _surest(changes: Sequence[CaseChange]) -> tuple[CaseChange, ...]:
    return tuple(sorted(changes, key=lambda one: (-one.b.probability, one.b.id)))


def _drops(changes: Sequence[CaseChange], targets: Targets) -> tuple[CaseChange, ...]:
    """The greatest falls of a share, the score that fell most for each case."""
    found = []
    for change in changes:
        falls = [
            (_worse(name, change.b.scores[name] - value, targets), name)
            for name, value in change.a.scores.items()
            if name in change.b.scores and _is_share(name, targets)
        ]
        drop, name = max(falls, default=(0.0, ""))
        if drop > 1e-9:
            found.append(replace(change, score=name, drop=drop))
    found.sort(key=lambda one: (-one.drop, one.b.id))
    return tuple(found[:LARGEST_DROPS])


def _worse(name: str, difference: float, targets: Targets) -> float:
    """By how much it got worse; negative when better."""
    return difference if _target(name, targets).better == "lower" else -difference


def _is_share(name: str, targets: Targets) -> bool:
    return name in targets.quality and targets.quality[name].unit == "ratio"


# --- metrics --------------------------------------------------------------------------------------


def _metrics(
    a: RunFile, b: RunFile, pairs: Sequence[tuple[Row, Row]], targets: Targets
) -> tuple[MetricDifference, ...]:
    """Every metric of either run: those with scores are tested, others stand side by side."""
    rows_a, rows_b = [one for one, _ in pairs], [other for _, other in pairs]
    same_reference = {one.id for one, other in pairs if one.reference == other.reference}
    every = {name for row in (*rows_a, *rows_b) for name in row.scores}
    scored = {name for name in every if not name.endswith(_NO_QUALITY)}
    figures_a, figures_b = run_figures(a), run_figures(b)
    known = [name for name in targets.quality if name in {*scored, *figures_a, *figures_b}]
    names = [*known, *sorted(scored - set(known))]
    differences = []
    for name in names:
        kept = rows_a
        if name in BY_REFERENCE:
            kept = [row for row in rows_a if row.id in same_reference]
        tested = name in scored and is_quality(_target(name, targets))
        differences.append(paired_difference(kept if tested else (), rows_b, name))
    corrected = _corrected(differences, [name == PRIMARY for name in names])
    return tuple(
        MetricDifference(
            target := _target(name, targets),
            figures_a.get(name),
            figures_b.get(name),
            difference,
            p,
            _verdict(difference, p, target),
        )
        for name, difference, p in zip(names, differences, corrected, strict=True)
    )


def _slices(pairs: Sequence[tuple[Row, Row]], targets: Targets) -> tuple[SliceDifference, ...]:
    """By each tag of the second run's cases, the largest first."""
    tagged: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for a, b in pairs:
        for tag in b.tags:
            tagged[tag].append((a, b))
    names = sorted(tagged, key=lambda tag: (-len(tagged[tag]), tag))
    differences = [
        paired_difference([a for a, _ in tagged[tag]], [b for _, b in tagged[tag]], PRIMARY)
        for tag in names
    ]
    target = _target(PRIMARY, targets)
    return tuple(
        SliceDifference(tag, difference, p, _verdict(difference, p, target))
        for tag, difference, p in zip(names, differences, _corrected(differences), strict=True)
        if difference.n
    )


def _corrected(
    differences: Sequence[Difference], primary: Sequence[bool] = ()
) -> list[float | None]:
    """Holm's correction; what is ``primary`` keeps its p.

    What can't come out significant is no test that could mislead, and is not counted (Tarone 1990):
    too few cases, or none that differs.
    """
    alone = primary or [False] * len(differences)
    known = [one.p if one.n >= FEWEST_CASES else None for one in differences]
    many = holm(
        [
            p if one.changed and not first else None
            for p, one, first in zip(known, differences, alone, strict=True)
        ]
    )
    return [
        p if first or not one.changed else corrected
        for p, one, first, corrected in zip(known, differences, alone, many, strict=True)
    ]


def _verdict(difference: Difference, corrected: float | None, target: Target) -> Verdict:
    if difference.difference is None or difference.p is None:
        return "shown"
    if not difference.changed:
        return "same"
    if corrected is None:
        return "few"
    better = (difference.difference > 0) == (target.better == "higher")
    if corrected < LEVEL:
        return "better" if better else "worse"
    if difference.p < LEVEL:
        return "maybe better" if better else "maybe worse"
    return "unclear"


def _target(name: str, targets: Targets) -> Target:
    """A score without words of its own is called by its id; more of it is better."""
    known = targets.quality.get(name)
    unit: Unit = "count" if name.startswith(RUBRIC) else "ratio"
    return known or Target(name, name.replace("_", " "), "", unit, "higher", source="evals")
