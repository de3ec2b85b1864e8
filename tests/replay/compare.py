"""What the product says of a day, beside what it must say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.replay.day import FIRST, SECOND, Replayed
from tests.replay.truth import Question, metrics


@dataclass(frozen=True)
class Compared:
    """One number. ``slice``: which part of the day, in words."""

    slice: str
    metric: str
    told: Any
    truth: Any

    @property
    def same(self) -> bool:
        """To the last digit that a float64 keeps through another order of summing."""
        return _same(self.told, self.truth)


def compare(found: Replayed) -> list[Compared]:
    """Every metric of the whole day, and of each release, the mode and the door."""
    noon = found.noon
    parts: list[tuple[str, dict[str, str], Callable[[Question], bool]]] = [
        ("whole day", {}, lambda _one: True),
        (FIRST, {"release": FIRST}, lambda one: one.at < noon),
        (SECOND, {"release": SECOND}, lambda one: one.at >= noon),
        ("web", {"channel": "web"}, lambda one: one.done.door in ("web", "private")),
        ("api", {"channel": "api"}, lambda one: one.done.door in ("api", "conversation")),
    ]
    return [
        row
        for words, chosen, part in parts
        for row in _compare(words, found.told(**chosen), metrics(found.log, found.now, part))
    ]


def differences(found: Replayed) -> list[Compared]:
    """Those that are not as they must be."""
    return [one for one in compare(found) if not one.same]


def table(found: Replayed) -> str:
    """All of them, for a person."""
    rows = [("slice", "metric", "told", "truth", "")]
    rows += [
        (one.slice, one.metric, _short(one.told), _short(one.truth), "" if one.same else "DIFFERS")
        for one in compare(found)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _compare(words: str, told: Mapping[str, Any], truth: Mapping[str, Any]) -> list[Compared]:
    metrics = told["metrics"]
    plain = [name for name in truth if name not in ("funnel", "marks_by_level")]
    rows = [
        Compared(words, name, metrics[name]["value"] if name in metrics else "missing", truth[name])
        for name in plain
    ]
    steps = [step["count"] for step in told["funnel"]]
    rows.append(Compared(words, "funnel", steps, truth["funnel"]))
    marks = {
        row["level"]: (row["helpful"], row["marked"])
        for row in told["calibration"]
        if row["marked"]
    }
    rows.append(Compared(words, "marks_by_level", marks, truth["marks_by_level"]))
    return rows


def _same(told: Any, truth: Any) -> bool:
    if isinstance(told, float) or isinstance(truth, float):
        if not isinstance(told, int | float) or not isinstance(truth, int | float):
            return False
        return math.isclose(told, truth, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(told, Mapping) and isinstance(truth, Mapping):
        return told.keys() == truth.keys() and all(_same(told[k], truth[k]) for k in truth)
    if isinstance(told, Sequence) and isinstance(truth, Sequence) and not isinstance(told, str):
        return len(told) == len(truth) and all(map(_same, told, truth))
    return bool(told == truth)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
