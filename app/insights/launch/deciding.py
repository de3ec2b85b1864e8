"""One acceptance criterion → the evidence for and against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from app.errors import BadRequest, NotFound
from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.gates import figure_of
from app.insights.evals.run_file import RunFigure, RunFile, read_run_file
from app.insights.experiments.words import amount
from app.insights.launch.evidence import FILE as EVIDENCE
from app.insights.launch.evidence import SuiteRun
from app.insights.launch.finding import Finding, Status, too_old
from app.insights.launch.rules import LIVE, HandRule, MetricRule, Rule
from app.insights.measures import NO_VALUE, Value
from app.insights.metrics import Metrics
from app.insights.targets import Target, Targets

MINIMUM = 30
"""Fewest questions, threads or marks a live number may stand on. With 30, a share's 95 % interval
reaches at most 17 points to either side (Wilson); below, a handful of people decides."""
DAYS = 28
"""Live numbers are those of so many days: what `/insights` shows where nobody chose."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that criteria are decided by. ``reports``: the folder of committed reports."""

    reports: Path
    targets: Targets
    live: Metrics
    tests: Mapping[str, SuiteRun]
    release: str
    now: datetime
    valid_days: int

    @property
    def today(self) -> date:
        """The day, in UTC."""
        return self.now.astimezone(UTC).date()


def findings(name: str, rule: Rule, known: Known) -> tuple[Finding, ...]:
    """What is known about criterion ``name``; one "unknown" where nothing decides it."""
    found = tuple(_findings(name, rule, known))
    todo = f"Say in prd/acceptance.yaml what decides {name}."
    return found or (Finding("none", "unknown", "nothing", "Nothing decides it.", todo),)


def live_guardrail(target: Target, known: Known) -> Finding:
    """A behavior metric against its guardrail."""
    return _behavior(MetricRule(target.id, LIVE, "guardrail"), known)


def run_of(known: Known, report: str) -> RunFile | None:
    """A committed report; None where there is none that can be read."""
    try:
        return read_run_file(known.reports / report / "report.json")
    except (NotFound, BadRequest):
        return None


def run_problem(run: RunFile, known: Known) -> str:
    """Why a report no longer counts; empty where it does."""
    release = str(run.environment.get("release", ""))
    if release and release != known.release:
        return f"it is of release {release}, and this is {known.release}"
    return too_old(_moment(run.made_at), known.valid_days, known.today)


# --- kinds of evidence ----------------------------------------------------------------------------


def _findings(name: str, rule: Rule, known: Known) -> Iterator[Finding]:
    if rule.tests:
        yield _tests(rule.tests, known.tests.get(name), known)
    for metric in rule.metrics:
        yield _behavior(metric, known) if metric.report == LIVE else _quality(metric, known)
    if rule.hand:
        yield _hand(rule.hand, known)


def _tests(tests: tuple[str, ...], run: SuiteRun | None, known: Known) -> Finding:
    again = f"Run its tests with --evidence=evals/reports/{EVIDENCE}."
    found = Finding("tests", "unknown", ", ".join(tests), "Its tests were not run.", again)
    if run is None or run.at is None or run.outcome == "not_run":
        return found
    changes = ", with changes not committed" if run.dirty else ""
    source = f"commit {run.commit[:10]}{changes}; {run.machine}"
    found = replace(found, on=run.at.date(), source=source)
    ran = f"{run.passed:,} {'test' if run.passed == 1 else 'tests'} passed"
    if run.outcome == "failed":
        first = f": {run.failures[0]}" if run.failures else ""
        words = f"{run.failed:,} failed, {ran}{first}"
        return replace(found, status="fail", said=f"{words}.", todo=f"Repair it. {again}")
    problem = too_old(run.at, known.valid_days, known.today)
    if set(run.tests) != set(tests):
        problem = "other tests decide it now"
    elif run.release != known.release:
        problem = f"that was release {run.release}, and this is {known.release}"
    if problem:
        return replace(found, said=f"{ran}, but {problem}.")
    return replace(found, status="pass", said=f"{ran}.", todo="")


def _quality(rule: MetricRule, known: Known) -> Finding:
    target = known.targets.quality.get(rule.id)
    name = target.name if target else rule.id
    measure = f"Measure it: footnote eval, into evals/reports/{rule.report}."
    found = Finding("quality", "unknown", name, "There is no such metric.", measure)
    if target is None:
        return found
    run = run_of(known, rule.report)
    if run is None:
        return replace(found, said=f"There is no report “{rule.report}”.")
    made = _moment(run.made_at)
    found = replace(
        found,
        href=f"/evals/{rule.report}",
        on=made.date() if made else None,
        source=f"report {rule.report}, {run.cases:,} cases",
    )
    figure = figure_of(run, rule.id)
    if figure is None or figure.value is None:
        return replace(found, said=f"The report “{rule.report}” does not have it.")
    unit = "score" if figure.unit == "score" else target.unit
    status, said, todo = _held(rule, target, figure.value, _spread(figure), unit)
    if status == "pass" and (problem := run_problem(run, known)):
        return replace(found, said=f"{said}, but {problem}.", todo=measure)
    return replace(found, status=status, said=f"{said}.", todo=todo)


def _behavior(rule: MetricRule, known: Known) -> Finding:
    target = known.targets.metrics.get(rule.id)
    name = target.name if target else rule.id
    found = Finding("behavior", "unknown", name, "There is no such metric.")
    if target is None:
        return found
    value: Value = known.live.value(rule.id)
    found = replace(
        found,
        href=f"/insights/metrics/{rule.id}",
        on=known.today,
        source="the eval report" if target.source == "evals" else f"the last {DAYS} days",
    )
    n = int(value.denominator)
    if value is NO_VALUE or value.value is None or n < MINIMUM:
        return replace(
            found,
            said=f"Counted {n:,} times so far; {MINIMUM} are needed to say anything.",
            todo=f"Let {MINIMUM} be counted: more use, or a longer pilot.",
        )
    status, said, todo = _held(rule, target, value.value, f"of {n:,}", target.unit)
    return replace(found, status=status, said=f"{said}.", todo=todo)


def _hand(rule: HandRule, known: Known) -> Finding:
    found = Finding("hand", "pass", f"Looked at by {rule.by}", rule.note, on=rule.on)
    if not rule.passed:
        return replace(found, status="fail", todo="Change it, look again, and write what you see.")
    if problem := too_old(rule.on, rule.valid_days, known.today):
        return replace(
            found,
            status="unknown",
            said=f"{rule.note} But {problem}.",
            todo="Look again, and write it into prd/acceptance.yaml.",
        )
    return found


def _held(
    rule: MetricRule, target: Target, value: float, note: str, unit: str
) -> tuple[Status, str, str]:
    """Status, sentence without its full stop, and what would have to change."""
    limit = {"target": target.target, "guardrail": target.guardrail}.get(
        str(rule.limit), rule.limit if isinstance(rule.limit, float) else None
    )
    said = f"{_number(value, unit)}{f' ({note})' if note else ''}"
    if limit is None:
        return "unknown", f"{said}; it has no {rule.limit}", f"Give it a {rule.limit}."
    side = "at least" if target.better == "higher" else "at most"
    wanted = f"{side} {_number(limit, unit)}"
    holds = value >= limit if target.better == "higher" else value <= limit
    if holds:
        return "pass", f"{said}; {wanted} is wanted", ""
    return "fail", f"{said}, and {wanted} is wanted", f"{target.name} has to come to {wanted}."


def _spread(figure: RunFigure) -> str:
    interval = interval_text(figure.low, figure.high, figure.unit)
    return f"{interval}, n {figure.n:,}" if interval else f"n {figure.n:,}"


def _number(value: float, unit: str) -> str:
    """Shares as percent, scores with three decimals, everything else with its unit."""
    return value_text(value, unit) if unit == "score" else amount(value, unit)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
