"""``acceptance.yaml``: how each acceptance criterion is decided, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NoReturn, cast

import yaml

from app.errors import SettingsError

FILE = "acceptance.yaml"
LIVE = "live"
"""In place of a report's name: what people did in the last 28 days."""
VALID_DAYS = 30
"""How long evidence holds where the file says nothing else."""
_FIELDS = {"owner", "tests", "metric", "hand"}


@dataclass(frozen=True, slots=True)
class MetricRule:
    """A figure has to reach ``limit``: the metric's target, its guardrail, or a number.

    ``report``: a folder in ``evals/reports``, or `LIVE`.
    """

    id: str
    report: str
    limit: Literal["target", "guardrail"] | float


@dataclass(frozen=True, slots=True)
class HandRule:
    """Somebody looked, on a day, and says what came of it."""

    passed: bool
    on: date
    by: str
    note: str
    valid_days: int


@dataclass(frozen=True, slots=True)
class Rule:
    """How one criterion is decided: everything that is named has to hold."""

    owner: str = ""
    tests: tuple[str, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    hand: HandRule | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Every criterion's rule by its id."""

    criteria: Mapping[str, Rule] = field(default_factory=dict)
    valid_days: int = VALID_DAYS


def load_rules(prd_dir: Path) -> Rules:
    """The file in ``prd_dir``, read again when it was changed; no rules without a file.

    Raises:
        SettingsError: saying what is wrong in the file, and what to write instead.
    """
    path = prd_dir / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return Rules()
    return _load(path, changed)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> Rules:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        _wrong(path, f"it can't be read ({str(error).splitlines()[0]})", "Correct it; it is YAML.")
    if not isinstance(data, dict) or not isinstance(data.get("criteria"), dict):
        _wrong(path, "it has no `criteria:`", "See prd/acceptance.yaml of the project.")
    days = data.get("valid_days", VALID_DAYS)
    if not isinstance(days, int) or days < 1:
        _wrong(path, f"valid_days is {days!r}", "Write a number of days.")
    return Rules(
        {str(key): _rule(path, str(key), of) for key, of in data["criteria"].items()}, days
    )


def _rule(path: Path, name: str, given: Any) -> Rule:
    if not isinstance(given, dict) or not set(given) <= _FIELDS or set(given) <= {"owner"}:
        _wrong(path, f"{name} is not decided by anything", "Give tests, metric or hand.")
    tests = given.get("tests") or []
    if not isinstance(tests, list) or not all(isinstance(one, str) for one in tests):
        _wrong(path, f"{name}: tests is no list", "Write one test in a line, after a hyphen.")
    metrics = given.get("metric") or []
    return Rule(
        owner=str(given.get("owner", "")),
        tests=tuple(tests),
        metrics=tuple(
            _metric(path, name, one)
            for one in (metrics if isinstance(metrics, list) else [metrics])
        ),
        hand=_hand(path, name, given["hand"]) if given.get("hand") else None,
    )


def _metric(path: Path, name: str, given: Any) -> MetricRule:
    if not isinstance(given, dict) or set(given) != {"id", "report", "limit"}:
        _wrong(path, f"{name}: a metric lacks something", "Write id, report and limit.")
    limit = given["limit"]
    if limit not in ("target", "guardrail"):
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            _wrong(path, f"{name}: limit is {limit!r}", "Write target, guardrail or a number.")
        limit = float(limit)
    return MetricRule(str(given["id"]), str(given["report"]), limit)


def _hand(path: Path, name: str, given: Any) -> HandRule:
    if not isinstance(given, dict) or not isinstance(given.get("date"), date):
        _wrong(path, f"{name}: hand has no date", "Write date: 2026-11-30.")
    if given.get("result") not in ("pass", "fail") or not given.get("by") or not given.get("note"):
        _wrong(path, f"{name}: hand lacks something", "Write result (pass or fail), by and note.")
    return HandRule(
        passed=given["result"] == "pass",
        on=cast("date", given["date"]),
        by=str(given["by"]),
        note=" ".join(str(given["note"]).split()),
        valid_days=int(given.get("valid_days", VALID_DAYS)),
    )


def _wrong(path: Path, what: str, action: str) -> NoReturn:
    raise SettingsError(f"{path} can't be used: {what}.", action)
