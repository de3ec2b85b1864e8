"""Ship or hold: every criterion, the gates of quality and the guardrails of behavior, together.

The rule, which nothing overrides:

- **Hold** when a criterion fails or nobody can say whether it holds, when a quality metric is worse
  than its guardrail, when there is no eval report of this release, or when a live guardrail is
  broken.
- A live guardrail that too few people have reached does not hold a release: nobody would ever use
  it. It is said. So is a quality metric that the report does not have (a judge model's, for one).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from app.insights.evals.gates import judge
from app.insights.launch.criteria import Criterion, read_stories
from app.insights.launch.deciding import Known, findings, live_guardrail, run_of, run_problem
from app.insights.launch.evidence import FILE, read_evidence
from app.insights.launch.finding import Finding, Status, together
from app.insights.launch.rules import Rule, load_rules
from app.insights.overview import Look

Verdict = Literal["ship", "hold"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A criterion with everything that is known about it."""

    criterion: Criterion
    owner: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """All of its evidence together."""
        return together(one.status for one in self.findings)


@dataclass(frozen=True, slots=True)
class DecidedStory:
    """A story with its criteria."""

    title: str
    told: str
    criteria: tuple[Decided, ...]

    def count(self, status: Status) -> int:
        """How many of its criteria stand so."""
        return sum(one.status == status for one in self.criteria)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a release is held: what, and what would change that. ``id``: of a criterion or metric.

    ``about``: the criterion (Markdown on one line), or the metric's name.
    """

    id: str
    kind: Literal["criterion", "gate", "guardrail", "report", "prd"]
    status: Status
    said: str
    todo: str
    href: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A metric against its guardrail. ``owner``: who answers for it."""

    id: str
    owner: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `/launch` shows. ``found``: there is a PRD with criteria at all."""

    release: str
    made: datetime
    report: str
    stories: tuple[DecidedStory, ...]
    gates: tuple[Guarded, ...]
    guardrails: tuple[Guarded, ...]
    reasons: tuple[Reason, ...]
    found: bool = True

    @property
    def verdict(self) -> Verdict:
        """Ship only where there is no reason not to."""
        return "hold" if self.reasons else "ship"

    @property
    def criteria(self) -> tuple[Decided, ...]:
        """All of them, in the PRD's order."""
        return tuple(one for story in self.stories for one in story.criteria)

    def count(self, status: Status) -> int:
        """How many criteria stand so."""
        return sum(one.status == status for one in self.criteria)


def readiness(look: Look, *, prd_dir: Path, eval_report: Path, release: str) -> Readiness:
    """Everything that speaks for and against this release, as of ``look.now``.

    ``look``: the last 28 days. ``eval_report``: the baseline's; the evidence of tests lies beside
    its folder.

    Raises:
        SettingsError: a file in ``prd_dir`` is broken; the sentence says where.
        BadEvidence: acceptance.json is something else.
    """
    rules = load_rules(prd_dir)
    reports = eval_report.parent.parent
    known = Known(
        reports=reports,
        targets=look.targets,
        live=look.metrics,
        tests=read_evidence(reports / FILE),
        release=release,
        now=look.now,
        valid_days=rules.valid_days,
    )
    stories = tuple(
        DecidedStory(
            story.title,
            story.told,
            tuple(
                _decided(criterion, rules.criteria.get(criterion.id, Rule()), known)
                for criterion in story.criteria
            ),
        )
        for story in read_stories(prd_dir)
    )
    report = eval_report.parent.name
    gates = tuple(_gates(report, known))
    guardrails = tuple(
        Guarded(target.id, target.owner, live_guardrail(target, known))
        for target in look.targets.metrics.values()
        if target.guardrail is not None and target.source != "evals"  # those are gates
    )
    reasons = (*_of_criteria(stories), *_of_report(report, known), *_of_metrics(gates, guardrails))
    return Readiness(
        release=release,
        made=look.now,
        report=report,
        stories=stories,
        gates=gates,
        guardrails=guardrails,
        reasons=reasons,
        found=bool(stories),
    )


# --- steps ----------------------------------------------------------------------------------------


def _decided(criterion: Criterion, rule: Rule, known: Known) -> Decided:
    return Decided(criterion, rule.owner, findings(criterion.id, rule, known))


def _gates(report: str, known: Known) -> Iterator[Guarded]:
    """The committed report against the guardrails of quality."""
    run = run_of(known, report)
    if run is None:
        return
    status: dict[str, Status] = {"red": "fail", "unknown": "unknown", "green": "pass"}
    for gate in judge(run, known.targets.quality).gates:
        if gate.guardrail is None:
            continue
        target = known.targets.quality[gate.metric]
        side = "at least" if gate.better == "higher" else "at most"
        todo = "" if gate.verdict == "green" else f"{gate.name}: {side} the limit is wanted."
        if gate.verdict == "unknown":
            todo = "Measure it, and commit the report."
        yield Guarded(
            gate.metric,
            target.owner,
            Finding(
                "quality", status[gate.verdict], gate.name, gate.reason, todo, f"/evals/{report}"
            ),
        )


def _of_criteria(stories: tuple[DecidedStory, ...]) -> Iterator[Reason]:
    """Failed ones first, then unknown ones, each in the PRD's order."""
    if not stories:
        yield Reason(
            "PRD",
            "prd",
            "unknown",
            "There is no PRD with acceptance criteria here.",
            "Set FOOTNOTE_PRD_DIR to the project's prd folder.",
        )
    statuses: tuple[Status, ...] = ("fail", "unknown")
    for status in statuses:
        for one in (one for story in stories for one in story.criteria):
            if one.status == status:
                which = next(found for found in one.findings if found.status == status)
                named = which.kind in ("quality", "behavior")
                said = f"{which.what}: {which.said}" if named else which.said
                yield Reason(
                    id=one.criterion.id,
                    kind="criterion",
                    status=status,
                    said=said,
                    todo=which.todo,
                    href=which.href,
                    about=one.criterion.text,
                )


def _of_report(report: str, known: Known) -> Iterator[Reason]:
    run = run_of(known, report)
    measure = "Make it anew with `footnote eval`, and commit it."
    if run is None:
        said = f"There is no eval report “{report}”."
        yield Reason(report, "report", "unknown", said, measure)
    elif problem := run_problem(run, known):
        said = f"The eval report “{report}” does not count: {problem}."
        yield Reason(report, "report", "unknown", said, measure, f"/evals/{report}")


def _of_metrics(gates: tuple[Guarded, ...], guardrails: tuple[Guarded, ...]) -> Iterator[Reason]:
    for one in gates:
        if one.finding.status == "fail":
            found = one.finding
            yield Reason(one.id, "gate", "fail", found.said, found.todo, found.href, found.what)
    for one in guardrails:
        if one.finding.status == "fail":
            found = one.finding
            yield Reason(
                one.id, "guardrail", "fail", found.said, found.todo, found.href, found.what
            )
