"""``prd/metrics.yaml``: what each metric means, where it should be, and when somebody is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from app.errors import SettingsError
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.metric_words import WORDS

Unit = Literal["ratio", "count", "per_100", "ms", "s", "usd", "rating"]
Better = Literal["higher", "lower"]
Source = Literal["events", "survey", "traces", "evals"]
FILE = "metrics.yaml"
_FIELDS = (
    "name", "definition", "unit", "better", "target", "guardrail", "why", "owner", "source",
    "tolerance",
)  # fmt: skip
_SPANS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Target:
    """A metric in words, and where it should be. ``guardrail``: worse than this is an incident.

    ``owner``: who answers for it; ``source``: what it is taken from. ``tolerance``, of a quality
    metric: how much worse than the baseline it may get before a gate turns red.
    """

    id: str
    name: str
    definition: str
    unit: Unit
    better: Better
    target: float | None = None
    guardrail: float | None = None
    why: str = ""
    owner: str = ""
    source: Source = "events"
    tolerance: float | None = None

    def meets(self, value: float | None) -> bool | None:
        """Whether the target is met; None where there is no value or no target."""
        return _as_good(value, self.target, self.better)

    def holds(self, value: float | None) -> bool | None:
        """Whether the guardrail holds; None where there is no value or no guardrail."""
        return _as_good(value, self.guardrail, self.better)


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Tell somebody when ``metric`` was above or below a value ``over`` the last time.

    ``minimum``: with fewer questions (the metric's denominator) nothing is said.
    """

    id: str
    metric: str
    above: float | None
    below: float | None
    over: timedelta
    minimum: int
    message: str


@dataclass(frozen=True, slots=True)
class Targets:
    """Every metric by its id, in the order in which they are shown; and the alerts.

    ``metrics``: what people did; ``quality``: what `footnote eval` measures.
    """

    metrics: Mapping[str, Target] = field(default_factory=dict)
    alerts: tuple[AlertRule, ...] = ()
    quality: Mapping[str, Target] = field(default_factory=dict)
    found: bool = True
    """False: there is no file, so that nothing has a target."""


def load_targets(prd_dir: Path) -> Targets:
    """The file in ``prd_dir``; read again when it was changed. Without it: definitions alone.

    Raises:
        SettingsError: saying what is wrong in the file, and what to write instead.
    """
    path = prd_dir / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return Targets(dict(_BUILT_IN), (), dict(_QUALITY), found=False)
    return _load(path, changed)


def built_in() -> Mapping[str, Target]:
    """Every metric with its definition, without a target."""
    return _BUILT_IN


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> Targets:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        what = str(error).splitlines()[0]
        raise _wrong(path, f"it can't be read ({what})", "Correct it; it is YAML.") from error
    if not isinstance(data, dict) or not isinstance(data.get("metrics"), dict):
        raise _wrong(path, "it has no `metrics:`", "See prd/metrics.yaml of the project.")
    metrics = _merged(path, data["metrics"], _BUILT_IN)
    quality = data.get("quality") or {}
    if not isinstance(quality, dict):
        raise _wrong(path, "`quality:` is not a map", "Write ids below it, as below `metrics:`.")
    alerts = data.get("alerts") or []
    if not isinstance(alerts, list):
        raise _wrong(path, "`alerts:` is not a list", "Begin each alert with `- id:`.")
    rules = tuple(_rule(path, given, metrics) for given in alerts)
    twice = {rule.id for rule in rules if [one.id for one in rules].count(rule.id) > 1}
    if twice:
        raise _wrong(path, f"alert {min(twice)!r} is there twice", "Give each an id of its own.")
    return Targets(metrics, rules, _merged(path, quality, _QUALITY))


def _merged(path: Path, given: Any, known: Mapping[str, Target]) -> dict[str, Target]:
    """``known`` with what the file says of them."""
    merged = dict(known)
    for name, fields in given.items():
        merged[str(name)] = _target(path, str(name), fields, known)
    return merged


def _target(path: Path, name: str, given: Any, built_in: Mapping[str, Target]) -> Target:
    before = built_in.get(name)
    if before is None:
        known = ", ".join(built_in)
        raise _wrong(path, f"there is no metric {name!r}", f"The metrics are: {known}.")
    if not isinstance(given, dict):
        raise _wrong(path, f"{name} is not a list of fields", "Write `target: 0.6` below it.")
    unknown = set(given) - set(_FIELDS)
    if unknown:
        raise _wrong(
            path,
            f"{name} has a field {min(map(str, unknown))!r}",
            f"Fields are {', '.join(_FIELDS)}.",
        )
    if given.get("unit", before.unit) != before.unit:
        raise _wrong(path, f"{name} is measured in {before.unit}", f"Write `unit: {before.unit}`.")
    source = given.get("source", before.source)
    if source not in get_args(Source):
        sources = ", ".join(get_args(Source))
        raise _wrong(path, f"{name}: source is {source!r}", f"Write one of {sources}.")
    better = given.get("better", before.better)
    if better not in get_args(Better):
        raise _wrong(path, f"{name}: better is {better!r}", "Write `higher` or `lower`.")
    made = replace(
        before,
        name=str(given.get("name", before.name)),
        definition=str(given.get("definition", before.definition)),
        better=cast("Better", better),
        target=_number(path, f"{name}: target", given.get("target")),
        guardrail=_number(path, f"{name}: guardrail", given.get("guardrail")),
        why=str(given.get("why", "")),
        owner=str(given.get("owner", "")),
        source=cast("Source", source),
        tolerance=_number(path, f"{name}: tolerance", given.get("tolerance")),
    )
    if made.guardrail is not None and made.holds(made.target) is False:
        raise _wrong(
            path,
            f"{name}: the guardrail {made.guardrail:g} is better than the target {made.target:g}",
            "The guardrail is the worst value that is acceptable.",
        )
    return made


def _rule(path: Path, given: Any, metrics: Mapping[str, Target]) -> AlertRule:
    if not isinstance(given, dict) or not given.get("id"):
        raise _wrong(path, "an alert has no id", "Begin each alert with `- id: its-name`.")
    name = str(given["id"])
    metric = str(given.get("metric", ""))
    if metric not in metrics:
        raise _wrong(
            path, f"alert {name}: there is no metric {metric!r}", "Use the id of a metric."
        )
    above = _number(path, f"alert {name}: above", given.get("above"))
    below = _number(path, f"alert {name}: below", given.get("below"))
    if (above is None) == (below is None):
        raise _wrong(path, f"alert {name} has no threshold, or two", "Give above or below.")
    minimum = _number(path, f"alert {name}: minimum", given.get("minimum", 1))
    return AlertRule(
        id=name,
        metric=metric,
        above=above,
        below=below,
        over=_span(path, name, given.get("over", "1d")),
        minimum=max(1, int(minimum or 1)),
        message=str(given.get("message", "")) or metrics[metric].name,
    )


def _span(path: Path, name: str, given: Any) -> timedelta:
    found = re.fullmatch(r"\s*(\d+)\s*([mhdw])\s*", str(given))
    if not found or int(found[1]) == 0:
        raise _wrong(path, f"alert {name}: over is {given!r}", "Write 30m, 1h, 1d or 2w.")
    return timedelta(**{_SPANS[found[2]]: int(found[1])})


def _number(path: Path, what: str, given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise _wrong(path, f"{what} is {given!r}", "Write a number; ratios from 0 to 1.")
    return float(given)


def _as_good(value: float | None, than: float | None, better: Better) -> bool | None:
    if value is None or than is None:
        return None
    return value >= than if better == "higher" else value <= than


def _wrong(path: Path, what: str, action: str) -> SettingsError:
    return SettingsError(f"{path} can't be used: {what}.", action)


def _known(words: Mapping[str, tuple[str, str, str, str]], source: Source) -> dict[str, Target]:
    return {
        name: Target(
            name, title, definition, cast("Unit", unit), cast("Better", better), source=source
        )
        for name, (title, unit, better, definition) in words.items()
    }


_BUILT_IN = _known(WORDS, "events")
_QUALITY = _known(QUALITY_WORDS, "evals")
