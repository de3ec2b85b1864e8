"""Differences and intervals in plain words: “between 2 and 9 points better”, “can't tell yet”."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.insights.experiments.sample_size import Advice
from app.insights.experiments.statistics import Interval
from app.insights.targets import Better
from app.records.product.experiments import INCONCLUSIVE, KEEP, SHIP, Spec

Kind = Literal["better", "worse", "unclear", "none"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an interval says. ``kind`` "none": there is no interval."""

    kind: Kind
    words: str


def verdict(interval: Interval | None, unit: str, better: Better) -> Verdict:
    """A difference to the control in words; better and worse are the metric's own."""
    if interval is None:
        return Verdict("none", "no interval yet: too few sessions")
    low, high = interval.low, interval.high
    if better == "lower":
        low, high = -high, -low
    if low > 0:
        return Verdict("better", f"{_between(low, high, unit)} better")
    if high < 0:
        return Verdict("worse", f"{_between(-high, -low, unit)} worse")
    if low == high == 0:
        return Verdict("unclear", "no difference seen")
    down = f"{size(-low, unit)} worse" if low < 0 else "no worse"
    up = f"{size(high, unit)} better" if high > 0 else "no better"
    return Verdict("unclear", f"can't tell yet: anything from {down} to {up}")


def amount(value: float | None, unit: str) -> str:
    """A value with its unit; an en dash where there is none."""
    if value is None:
        return "–"
    return f"{f'{100 * value:.1f}'.removesuffix('.0')} %" if unit == "ratio" else size(value, unit)


def size(value: float, unit: str) -> str:
    """How large a difference is: a share's in points."""
    return _SIZES.get(unit, _plain)(value)


def signed(value: float | None, unit: str) -> str:
    """A difference with its sign."""
    if value is None:
        return "–"
    sign = "" if value == 0 else "−" if value < 0 else "+"
    return f"{sign}{size(abs(value), unit)}"


def span(interval: Interval | None, unit: str) -> str:
    """An interval of differences with signs."""
    if interval is None:
        return "–"
    return f"{signed(interval.low, unit)} to {signed(interval.high, unit)}"


def waiting(advice: Advice, *, ended: bool = False) -> str:
    """How much longer it takes, in a sentence; or, where it has ended, how far it came."""
    if ended and advice.needed is not None and not advice.reached:
        return (
            f"It ended with {advice.have:,} of {advice.needed:,} sessions per arm: too early for "
            "the difference that it was planned to find."
        )
    if ended and advice.needed is None:
        return "It ended before anybody could say how many sessions it needs."
    if advice.needed is None:
        return "How long it takes can be said when a few sessions have been seen."
    if advice.reached:
        return f"{advice.have:,} sessions per arm have been seen, of {advice.needed:,} needed."
    left = f"{advice.have:,} of {advice.needed:,} sessions per arm have been seen"
    if advice.days is None:
        return f"{left}; nobody comes at present."
    if advice.days > 365:
        return f"{left}: more than a year at today's traffic. Look for a larger effect."
    days = f"about {advice.days:,} more day{'' if advice.days == 1 else 's'}"
    return f"{left}: {days} at today's traffic."


def decision(words: str) -> str:
    """A stored decision as people say it."""
    if words.startswith(SHIP):
        return f"Ship “{words.removeprefix(SHIP)}”"
    return {KEEP: "Keep the control", INCONCLUSIVE: "Inconclusive"}.get(words, words)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting that an arm changes: its value in each arm, and where it isn't everybody's."""

    name: str
    values: tuple[str, ...]
    changed: tuple[bool, ...]


def setting_rows(spec: Spec, base: Mapping[str, Any]) -> tuple[SettingRow, ...]:
    """What differs between the arms; empty where nothing does (an A/A test)."""
    names = dict.fromkeys(name for arm in spec.arms for name in arm.settings)
    rows = []
    for name in names:
        usual = base.get(name)
        values = [arm.settings.get(name, usual) for arm in spec.arms]
        rows.append(
            SettingRow(
                name,
                tuple(_value(value) for value in values),
                tuple(value != usual for value in values),
            )
        )
    return tuple(rows)


def _value(value: Any) -> str:
    return "–" if value in ("", None) else f"{value:g}" if isinstance(value, float) else str(value)


def _between(low: float, high: float, unit: str) -> str:
    one, two = size(low, unit), size(high, unit)
    if unit == "ratio":  # the unit once: between 2 and 9 points
        one = one.rsplit(" ", 1)[0]
    return f"between {one} and {two}"


def _points(value: float) -> str:
    number = _digits(100 * value)
    return f"{number} point" if number == "1" else f"{number} points"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if abs(value) < 1000 else f"{value / 1000:.2g} s"


def _seconds(value: float) -> str:
    return f"{_digits(value)} s" if abs(value) < 120 else f"{_digits(value / 60)} min"


def _usd(value: float) -> str:
    return f"${value:.2f}" if value >= 0.1 or value == 0 else f"${value:.2g}"


def _plain(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 100 else f"{value:,.0f}"


_SIZES: dict[str, Callable[[float], str]] = {
    "ratio": _points,
    "ms": _ms,
    "s": _seconds,
    "usd": _usd,
    "per_100": lambda value: f"{_plain(value)} per 100",
}
