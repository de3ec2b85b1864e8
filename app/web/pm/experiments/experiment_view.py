"""Experiments as their pages show them: charts, rows and words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.ask.arm_settings import base_of
from app.errors import FootnoteError
from app.insights.columns import Columns
from app.insights.experiments.report import Guarded, MetricRow, Report, limit_of, plan
from app.insights.experiments.spec import FOLDER, read_spec
from app.insights.experiments.words import (
    SettingRow,
    amount,
    decision,
    setting_rows,
    signed,
    size,
    span,
    waiting,
)
from app.insights.targets import Target, Targets
from app.records.product.experiments import (
    INCONCLUSIVE,
    KEEP,
    SHIP,
    Experiment,
    Guardrail,
    Spec,
)
from app.settings import Settings
from app.web.charts import Interval, LineChart, RowChart, Series, interval_chart, line_chart

_ROLES = {"primary": "decides", "guardrail": "guardrail", "other": ""}
_STATES = {
    "kept": "Kept",
    "past": "Past its limit, which may be chance",
    "breached": "Breached",
    "unknown": "Nothing to compare",
}


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A specification in the PRD's folder.

    ``problem``: why it can't be started; ``started``: the id of the experiment it became;
    ``changed``: whether it says something else now.
    """

    name: str
    spec: Spec | None = None
    metric: str = ""
    advice: str = ""
    settings: tuple[SettingRow, ...] = ()
    guardrails: tuple[str, ...] = ()
    problem: str = ""
    started: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class ArmRow:
    """An arm with its counts and the questions behind them."""

    name: str
    control: bool
    sessions: int
    questions: int
    values: tuple[tuple[str, str, bool], ...]
    """Setting, its value in this arm, whether the arm changes it."""
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric in one arm: its value, what it was counted from, and how it differs."""

    value: str
    count: str
    gap: str = ""
    interval: str = ""
    kind: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A metric in every arm, the control first."""

    name: str
    href: str
    role: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class GuardRow:
    """A guardrail in one arm."""

    name: str
    arm: str
    value: str
    limit: str
    state: str
    words: str


# --- the list -------------------------------------------------------------------------------------


def ready_files(
    settings: Settings,
    known: Sequence[Experiment],
    columns: Columns,
    targets: Targets,
    now: datetime,
) -> list[ReadyFile]:
    """Every specification in the folder, by name."""
    started = {one.id: one for one in known}
    files = sorted((settings.prd_dir / FOLDER).glob("*.yaml"))
    return [_ready(path, settings, started, columns, targets, now) for path in files]


def _ready(
    path: Path,
    settings: Settings,
    started: dict[str, Experiment],
    columns: Columns,
    targets: Targets,
    now: datetime,
) -> ReadyFile:
    try:
        spec = read_spec(path)
    except FootnoteError as error:
        return ReadyFile(path.name, problem=error.message)
    before = started.get(spec.id)
    return ReadyFile(
        path.name,
        spec,
        targets.metrics[spec.metric].name,
        "" if before else needs(spec, columns, targets, now),
        setting_rows(spec, base_of(settings, [arm.settings for arm in spec.arms])),
        tuple(guardrail_words(one, targets.metrics[one.metric]) for one in spec.guardrails),
        started=spec.id if before else "",
        changed=before is not None and before.spec.to_json() != spec.to_json(),
    )


def needs(spec: Spec, columns: Columns, targets: Targets, now: datetime) -> str:
    """How long an experiment would take, in a sentence."""
    advice = plan(spec, columns, targets, now)
    if advice.needed is None or advice.effect is None:
        return "How long it takes can be said when some questions have been asked."
    found = size(advice.effect, targets.metrics[spec.metric].unit)
    told = f"To see a difference of {found}: {advice.needed:,} sessions per arm"
    if advice.days is None:
        return f"{told}."
    if advice.days > 365:
        return f"{told}, more than a year at today's traffic."
    return f"{told}, about {advice.days:,} day{'' if advice.days == 1 else 's'}."


def changed_file(experiment: Experiment, prd_dir: Path) -> str:
    """What became of the file that an experiment was started from; empty while it is the same."""
    if not experiment.file:
        return ""
    path = prd_dir / FOLDER / experiment.file
    if not path.is_file():
        return ""  # started from elsewhere, or removed since: nothing to compare with
    try:
        same = read_spec(path).to_json() == experiment.spec.to_json()
    except FootnoteError:
        same = False
    if same:
        return ""
    runs = "What runs is" if experiment.running else "What ran was"
    return f"{experiment.file} has changed since this was started. {runs} what it said then."


# --- one experiment -------------------------------------------------------------------------------


def arm_rows(report: Report) -> list[ArmRow]:
    """The arms, what each changes, and its questions."""
    spec = report.experiment.spec
    settings = setting_rows(spec, report.experiment.base)
    return [
        ArmRow(
            arm.name,
            arm.name == spec.control,
            report.sessions[arm.name],
            report.questions[arm.name],
            tuple((row.name, row.values[place], row.changed[place]) for row in settings),
            questions_of(report, arm.name),
        )
        for place, arm in enumerate(spec.arms)
    ]


def questions_of(report: Report, arm: str) -> str:
    """The address of an arm's questions."""
    wanted = {"period": "all", "experiment": report.experiment.id, "arm": arm}
    return f"/insights/questions?{urlencode(wanted)}"


def values_chart(report: Report) -> RowChart:
    """The deciding metric of every arm with its interval."""
    row = report.primary
    return interval_chart(
        [
            Interval(
                f"{one.arm}{' (control)' if one.verdict is None else ''}",
                one.estimate.interval.low if one.estimate.interval else None,
                one.estimate.value,
                one.estimate.interval.high if one.estimate.interval else None,
                href=questions_of(report, one.arm),
                note=f"of {one.estimate.n:,.0f}",
            )
            for one in row.arms
        ],
        unit=row.target.unit,
        title=row.target.name,
        label_name="Arm",
    )


def shares_chart(report: Report, arm: str) -> RowChart | None:
    """How the shares of one arm differ from the control, in points; None without any."""
    rows = [
        Interval(
            f"{row.target.name}{f' ({_ROLES[row.role]})' if _ROLES[row.role] else ''}",
            100 * one.interval.low,
            100 * one.gap,
            100 * one.interval.high,
            href=f"/insights/metrics/{row.target.id}",
            note=f"{row.target.better} is better",
        )
        for row in report.rows
        if row.target.unit == "ratio"
        for one in row.treatments
        if one.arm == arm and one.gap is not None and one.interval is not None
    ]
    if not rows:
        return None
    return interval_chart(
        rows,
        unit="points",
        title=f"“{arm}” minus “{report.experiment.spec.control}”, in points of 100",
        reference=0,
        signed=True,
        value_name="Difference",
        label_name="Metric",
    )


def table_rows(report: Report) -> list[TableRow]:
    """Every metric that has a value in some arm; the deciding one always."""
    return [
        _table_row(row)
        for row in report.rows
        if row.role != "other" or any(one.estimate.value is not None for one in row.arms)
    ]


def _table_row(row: MetricRow) -> TableRow:
    unit = row.target.unit
    cells = []
    for one in row.arms:
        cell = Cell(amount(one.estimate.value, unit), f"of {one.estimate.n:,.0f}")
        if one.verdict is not None:
            cell = Cell(
                cell.value,
                cell.count,
                signed(one.gap, unit),
                span(one.interval, unit),
                one.verdict.kind,
                one.verdict.words,
            )
        cells.append(cell)
    href = f"/insights/metrics/{row.target.id}"
    return TableRow(row.target.name, href, _ROLES[row.role], tuple(cells))


def guard_rows(guardrails: Iterable[Guarded]) -> list[GuardRow]:
    """Guardrails by metric and arm."""
    return [
        GuardRow(
            one.metric.name,
            one.arm,
            amount(one.estimate.value, one.metric.unit),
            _limit(one.limit, one.metric, at_most=one.at_most),
            one.state,
            _STATES[one.state],
        )
        for one in guardrails
    ]


def guardrail_words(guardrail: Guardrail, target: Target) -> str:
    """A guardrail of a specification in words."""
    limit, at_most = limit_of(guardrail, target)
    return f"{target.name} {_limit(limit, target, at_most=at_most)}"


def _limit(limit: float | None, target: Target, *, at_most: bool) -> str:
    if limit is None:
        return "without a limit in metrics.yaml"
    return f"{'at most' if at_most else 'at least'} {amount(limit, target.unit)}"


def traffic_chart(report: Report) -> LineChart:
    """New sessions a day in each arm."""
    return line_chart(
        [
            Series(
                arm.name,
                [(day.isoformat(), counts[arm.name]) for day, counts in report.by_day.items()],
            )
            for arm in report.experiment.spec.arms
        ],
        unit="count",
        title="New sessions a day",
    )


def choices(spec: Spec) -> dict[str, str]:
    """What an experiment can be decided as."""
    ships = (f"{SHIP}{arm.name}" for arm in spec.treatments)
    return {one: decision(one) for one in (*ships, KEEP, INCONCLUSIVE)}


def conclusion(report: Report) -> dict[str, Any]:
    """What the numbers say of the deciding metric, and whether it is time to read them."""
    advice, row = report.advice, report.primary
    effect = "" if advice.effect is None else size(advice.effect, row.target.unit)
    return {
        "words": [
            (one.arm, one.verdict.kind, one.verdict.words)
            for one in row.treatments
            if one.verdict is not None
        ],
        "early": not advice.reached,
        "waiting": waiting(advice, ended=not report.experiment.running),
        "have": advice.have,
        "needed": advice.needed,
        "effect": effect,
    }
