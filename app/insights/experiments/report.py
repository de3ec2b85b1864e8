"""What an experiment says: each metric by arm, how it differs from the control, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Literal

import numpy as np

from app.ask.arms import ranges
from app.insights.columns import Columns, Mask, Whole, micros, moment_of
from app.insights.experiments.sample_size import Advice, advise
from app.insights.experiments.statistics import (
    LEVEL,
    SRM_ALARM,
    Estimate,
    Interval,
    difference,
    mismatch,
)
from app.insights.experiments.units import MEASURES, Seen, seen
from app.insights.experiments.words import Verdict, amount, verdict
from app.insights.targets import Target, Targets
from app.records.product.experiments import KEEP, Experiment, ExperimentStore, Guardrail, Spec

Role = Literal["primary", "guardrail", "other"]
PLANNED_FROM = timedelta(days=28)
"""How much of the past says what to expect: four whole weeks."""
_DAY_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Compared:
    """An arm and how it differs from the control; the control itself differs by nothing."""

    arm: str
    estimate: Estimate
    gap: float | None = None
    interval: Interval | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of every arm, the control first."""

    target: Target
    role: Role
    arms: tuple[Compared, ...]

    @property
    def treatments(self) -> tuple[Compared, ...]:
        """Without the control."""
        return tuple(one for one in self.arms if one.verdict is not None)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guardrail in one arm.

    ``state``: "kept"; "past" where the value is beyond the limit but may be so by chance;
    "breached" where the whole interval is; "unknown" without a limit or a value.
    """

    metric: Target
    arm: str
    limit: float | None
    at_most: bool
    estimate: Estimate
    state: Literal["kept", "past", "breached", "unknown"]


@dataclass(frozen=True, slots=True)
class Breach:
    """A guardrail that an arm has broken, for alerts."""

    experiment: str
    arm: str
    metric: str
    value: float
    limit: float
    at_most: bool
    n: float
    message: str


@dataclass(frozen=True)
class Report:
    """Everything an experiment's page and note show.

    ``level``: of each interval, so that those of one metric hold together 95 times in 100.
    ``sessions``, ``questions``: per arm. ``by_day``: day → new sessions per arm.
    ``unequal``: the probability of arms at least so unequal by chance.
    """

    experiment: Experiment
    rows: tuple[MetricRow, ...]
    guardrails: tuple[Guarded, ...]
    advice: Advice
    sessions: Mapping[str, int]
    questions: Mapping[str, int]
    by_day: Mapping[date, Mapping[str, int]]
    unequal: float
    level: float

    @property
    def primary(self) -> MetricRow:
        """The metric that decides."""
        return next(row for row in self.rows if row.role == "primary")

    @property
    def breached(self) -> tuple[Guarded, ...]:
        """Guardrails that an arm other than the control has broken."""
        control = self.experiment.spec.control
        return tuple(
            one for one in self.guardrails if one.state == "breached" and one.arm != control
        )

    @property
    def mismatched(self) -> bool:
        """Whether the arms are so unequal that something is wrong with the counting."""
        return self.unequal < SRM_ALARM

    @cached_property
    def same_arms(self) -> bool:
        """Whether every arm answers alike: an A/A test, which should find nothing."""
        return len({str(sorted(arm.settings.items())) for arm in self.experiment.spec.arms}) == 1


def report(experiment: Experiment, columns: Columns, targets: Targets, now: datetime) -> Report:
    """The state of an experiment. Pure; about 1 s for 20,000 questions (percentiles)."""
    spec = experiment.spec
    level = 1 - (1 - LEVEL) / max(1, len(spec.treatments))
    every = seen(columns, columns.has("experiment", spec.id), experiment.started_at, now)
    inside = {arm.name: columns.has("arm", arm.name) for arm in spec.arms}
    guarded = {one.metric for one in spec.guardrails}
    known = _Estimates(every, inside)
    rows = []
    for name in sorted(MEASURES, key=lambda one: (one != spec.metric, one not in guarded)):
        role: Role = "other"
        if name == spec.metric or name in guarded:
            role = "primary" if name == spec.metric else "guardrail"
        rows.append(_row(targets.metrics[name], role, spec, known, level))
    units = {arm: _units(every, rows_in) for arm, rows_in in inside.items()}
    sessions = {arm: len(own) for arm, own in units.items()}
    control = rows[0].arms[0].estimate
    elapsed = (experiment.stopped_at or now) - experiment.started_at
    have = min(sessions.values())
    return Report(
        experiment=experiment,
        rows=tuple(rows),
        guardrails=_guardrails(spec, known, targets),
        advice=advise(
            unit=rows[0].target.unit,
            baseline=control.value,
            spread=control.spread,
            effect=spec.minimum_effect,
            have=have,
            # A first hour says little about a day: less than a day counts as one.
            per_day=have / max(elapsed / timedelta(days=1), 1.0),
            level=level,
        ),
        sessions=sessions,
        questions={arm: int(rows_in[every.asks].sum()) for arm, rows_in in inside.items()},
        by_day=_by_day(experiment, units, now),
        unequal=mismatch(list(sessions.values()), [len(own) for own in ranges(spec).values()]),
        level=level,
    )


def plan(spec: Spec, columns: Columns, targets: Targets, now: datetime) -> Advice:
    """What an experiment would need that is not running yet, from the last four weeks."""
    since = now - PLANNED_FROM
    past = columns["asked_at"] >= micros(since)
    every = seen(columns, past, since, now)
    estimate = MEASURES[spec.metric].estimate(every, past)
    first = moment_of(columns["asked_at"][every.asks[0]]) if len(every.asks) else now
    days = max((now - max(first, since)) / timedelta(days=1), 1.0)
    visitors = len(np.unique(every.unit[every.asks]))
    return advise(
        unit=targets.metrics[spec.metric].unit,
        baseline=estimate.value,
        spread=estimate.spread,
        effect=spec.minimum_effect,
        have=0,
        per_day=visitors / days * spec.share / len(spec.arms),
        level=1 - (1 - LEVEL) / max(1, len(spec.treatments)),
    )


def guardrail_breaches(
    experiment: Experiment, columns: Columns, targets: Targets, now: datetime
) -> tuple[Breach, ...]:
    """The guardrails that an arm breaks beyond chance; the control's own are no experiment's."""
    spec = experiment.spec
    every = seen(columns, columns.has("experiment", spec.id), experiment.started_at, now)
    inside = {arm.name: columns.has("arm", arm.name) for arm in spec.treatments}
    found = []
    for one in _guardrails(spec, _Estimates(every, inside), targets):
        value = one.estimate.value
        if one.state != "breached" or value is None or one.limit is None:
            continue
        side = "above" if one.at_most else "below"
        told = (
            f"Experiment “{spec.id}”: {one.metric.name} of the arm “{one.arm}” is "
            f"{amount(value, one.metric.unit)}, {side} its guardrail of "
            f"{amount(one.limit, one.metric.unit)}."
        )
        found.append(
            Breach(
                *(spec.id, one.arm, one.metric.id, value, one.limit, one.at_most),
                one.estimate.n,
                told,
            )
        )
    return tuple(found)


def stop_breached(
    store: ExperimentStore, columns: Columns, targets: Targets, now: datetime
) -> tuple[Breach, ...]:
    """The breaches of the running experiment, which ends where its specification says so.

    Looking often finds a breach that is chance more often than 1 time in 20: it errs on the side
    of stopping, which costs a repetition, not a bad week.
    """
    running = store.running()
    if running is None or not running.spec.guardrails:
        return ()
    breaches = guardrail_breaches(running, columns, targets, now)
    if breaches and running.spec.stop_on_breach:
        store.stop(running.id, KEEP, f"Stopped by itself. {breaches[0].message}")
    return breaches


# --- steps ----------------------------------------------------------------------------------------


class _Estimates:
    """Each metric of each arm, reckoned once: guardrails and the table share them."""

    def __init__(self, every: Seen, inside: Mapping[str, Mask]) -> None:
        self.inside = inside
        self._every = every
        self._known: dict[tuple[str, str, float], Estimate] = {}

    def of(self, metric: str, arm: str, level: float) -> Estimate:
        key = metric, arm, level
        if key not in self._known:
            self._known[key] = MEASURES[metric].estimate(self._every, self.inside[arm], level)
        return self._known[key]


def _row(target: Target, role: Role, spec: Spec, known: _Estimates, level: float) -> MetricRow:
    control = known.of(target.id, spec.control, level)
    arms = [Compared(spec.control, control)]
    for arm in spec.treatments:
        own = known.of(target.id, arm.name, level)
        gap = None
        if own.value is not None and control.value is not None:
            gap = own.value - control.value
        interval = difference(own, control, level)
        words = verdict(interval, target.unit, target.better)
        arms.append(Compared(arm.name, own, gap, interval, words))
    return MetricRow(target, role, tuple(arms))


def _guardrails(spec: Spec, known: _Estimates, targets: Targets) -> tuple[Guarded, ...]:
    found = []
    for guardrail in spec.guardrails:
        target = targets.metrics[guardrail.metric]
        limit, at_most = limit_of(guardrail, target)
        for arm in known.inside:
            estimate = known.of(guardrail.metric, arm, LEVEL)
            state = _state(estimate, limit, at_most)
            found.append(Guarded(target, arm, limit, at_most, estimate, state))
    return tuple(found)


def limit_of(guardrail: Guardrail, target: Target) -> tuple[float | None, bool]:
    """The limit, and whether the value must be at most as large; else at least."""
    if guardrail.at_most is not None:
        return guardrail.at_most, True
    if guardrail.at_least is not None:
        return guardrail.at_least, False
    return target.guardrail, target.better == "lower"


def _state(
    estimate: Estimate, limit: float | None, at_most: bool
) -> Literal["kept", "past", "breached", "unknown"]:
    if limit is None or estimate.value is None:
        return "unknown"
    interval = estimate.interval
    if at_most:
        past, whole = estimate.value > limit, interval is not None and interval.low > limit
    else:
        past, whole = estimate.value < limit, interval is not None and interval.high < limit
    return "breached" if whole else "past" if past else "kept"


def _units(every: Seen, inside: Mask) -> Whole:
    """When each session of an arm was first seen, in microseconds."""
    rows = every.asks[inside[every.asks]]
    _, first = np.unique(every.unit[rows], return_index=True)  # rows are in order of time
    times: Whole = every.columns["asked_at"][rows[first]]
    return times


def _by_day(
    experiment: Experiment, units: Mapping[str, Whole], now: datetime
) -> dict[date, dict[str, int]]:
    """Days without anybody too."""
    first = experiment.started_at.astimezone(UTC).date()
    last = (experiment.stopped_at or now).astimezone(UTC).date()
    begin = micros(datetime(first.year, first.month, first.day, tzinfo=UTC))
    count = (last - first).days + 1
    days = {first + timedelta(days=number): dict.fromkeys(units, 0) for number in range(count)}
    for arm, times in units.items():
        numbers, counts = np.unique((times - begin) // _DAY_US, return_counts=True)
        for number, found in zip(numbers.tolist(), counts.tolist(), strict=True):
            day = first + timedelta(days=number)
            days.setdefault(day, dict.fromkeys(units, 0))[arm] = found
    return days
