"""Where the rules of alerts come from: ``prd/metrics.yaml`` and the guardrails of experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.insights.alerts.verdict import Reading
from app.insights.alerts.watching import Watch
from app.insights.alerts.webhook import Webhook
from app.insights.budgets import Budgets
from app.insights.eval_report import load_report
from app.insights.experiments.report import guardrail_breaches, stop_breached
from app.insights.facts import Facts
from app.insights.gaps.finder import GapFinder
from app.insights.measures import NO_VALUE
from app.insights.metric_table import METRICS
from app.insights.metrics import Metrics, Value
from app.insights.overview import Extra, no_extra
from app.insights.periods import Period
from app.insights.slices import EVERYTHING, Slice
from app.insights.targets import AlertRule, Target, load_targets
from app.records.product.alerts import AlertStore
from app.records.product.costs import CostStore
from app.records.product.experiments import ExperimentStore
from app.settings import Settings, release_name

_DERIVED = frozenset({"time_saved"})
_LONGEST_RULE = 80


def from_gaps(finder: GapFinder) -> Extra:
    """The metrics that clusters are counted for, as far as they are found already; never waits."""

    def found(period: Period, slice_: Slice) -> Mapping[str, Value]:
        report = None if slice_ else finder.report(period, wait=0)
        if report is None:
            return {}
        gaps, share = float(len(report.gaps)), report.unexpected_share
        return {
            "coverage_gaps": Value(gaps, gaps, report.failures),
            "unexpected_use": Value(share, report.unexpected_count, report.judged),
        }

    return found


@dataclass(frozen=True)
class MetricRules:
    """``alerts:`` of ``prd/metrics.yaml``, each with its metric over the rule's own window."""

    prd_dir: Path
    facts: Facts
    eval_report: Path
    elsewhere: Extra = no_extra

    def check(self) -> None:
        """Read the rules.

        Raises:
            SettingsError: saying what is wrong with them.
        """
        load_targets(self.prd_dir)

    def readings(self, now: datetime) -> Sequence[Reading]:
        """Raises SettingsError when the file can't be used."""
        targets = load_targets(self.prd_dir)
        if not targets.alerts:
            return []
        columns = self.facts.columns()
        windows: dict[timedelta, Metrics] = {}
        for rule in targets.alerts:
            if rule.over not in windows:
                watched = {one.metric for one in targets.alerts if one.over == rule.over}
                others = self._others(now, rule.over) if watched - METRICS.keys() else {}
                period = Period(now - rule.over, now)
                windows[rule.over] = Metrics(columns, period, now, extra=others)
        return [
            _reading(rule, targets.metrics[rule.metric], windows[rule.over].value(rule.metric))
            for rule in targets.alerts
        ]

    def _others(self, now: datetime, over: timedelta) -> Mapping[str, Value]:
        """What is not computed from questions, up to the last full hour.

        Clusters take long to find and are kept by their period, so that is not a new one each time.
        """
        hour = now.replace(minute=0, second=0, microsecond=0)
        found = self.elsewhere(Period(hour - over, hour), EVERYTHING)
        return {**load_report(self.eval_report).values, **found}


@dataclass(frozen=True)
class ExperimentRules:
    """The guardrails that the running experiment breaks."""

    store: ExperimentStore
    prd_dir: Path
    facts: Facts

    def readings(self, now: datetime) -> Sequence[Reading]:
        """Raises SettingsError when the file with the targets can't be used."""
        running = self.store.running()
        if running is None or not running.spec.guardrails:
            return []
        targets = load_targets(self.prd_dir)
        return [
            Reading(
                rule=f"experiment-{one.experiment}-{one.arm}-{one.metric}"[:_LONGEST_RULE],
                metric=one.metric,
                name=f"{targets.metrics[one.metric].name}, arm “{one.arm}”",
                unit=targets.metrics[one.metric].unit,
                value=one.value,
                threshold=one.limit,
                above=one.at_most,
                count=one.n,
                message="Guardrail of an experiment.",
                told=one.message,
                forced=True,
            )
            for one in guardrail_breaches(running, self.facts.columns(), targets, now)
        ]

    def act(self, now: datetime) -> None:
        """End the running experiment where it says so itself; see `stop_breached`."""
        running = self.store.running()
        if running is not None and running.spec.guardrails:
            stop_breached(self.store, self.facts.columns(), load_targets(self.prd_dir), now)


def budgets_of(settings: Settings, costs: CostStore) -> Budgets:
    """The budgets that are set."""
    return Budgets(costs, day_usd=settings.budget_day_usd, month_usd=settings.budget_month_usd)


def watch_of(
    settings: Settings,
    alerts: AlertStore,
    costs: CostStore,
    facts: Facts,
    experiments: ExperimentStore,
    elsewhere: Extra = no_extra,
) -> Watch:
    """Everything that alerts are made of, as the settings say.

    Raises:
        SettingsError: FOOTNOTE_ALERT_WEBHOOK is no address.
    """
    address = settings.alert_webhook.get_secret_value().strip()
    metrics = MetricRules(settings.prd_dir, facts, settings.eval_report, elsewhere)
    guardrails = ExperimentRules(experiments, settings.prd_dir, facts)
    return Watch(
        alerts,
        (budgets_of(settings, costs).readings, metrics.readings, guardrails.readings),
        check=metrics.check,
        act=guardrails.act,
        webhook=Webhook(address) if address else None,
        every=timedelta(seconds=settings.alert_seconds),
        release=release_name(settings),
    )


def _reading(rule: AlertRule, target: Target, value: Value) -> Reading:
    problem = ""
    measured = rule.metric in METRICS or rule.metric in _DERIVED or value != NO_VALUE
    if not measured:
        problem = (
            f"“{rule.metric}” has no value yet: it comes from the eval report, or from clusters "
            "that are still being looked for."
        )
    above = rule.above is not None
    threshold = rule.above if rule.above is not None else rule.below
    return Reading(
        rule=rule.id[:_LONGEST_RULE],
        metric=rule.metric,
        name=target.name,
        unit=target.unit,
        value=value.value,
        threshold=threshold or 0.0,
        above=above,
        count=value.denominator,
        minimum=rule.minimum,
        over=rule.over,
        message=rule.message if rule.message != target.name else "",
        problem=problem,
    )
