"""A sweep in words: Markdown for people, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.paired import Difference
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.run_file import RunFile
from evals.sweep.standing import ALPHA, SHOWN, Decision, Standing, told_apart

PICTURE = "tradeoff.svg"
_COUNTS = {"words": "words_mean"}
"""Scores that are no shares, and the figures that their means are."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything that a sweep found. ``standings``: the best first.

    ``split``: the questions that points were chosen on. ``again``: the shipped defaults measured
    once more in the end, which shows how steady times were. ``failed``: points that could not be
    measured, with the reason; ``left``: those that there was no time for.
    """

    about: str
    dataset: str
    split: str
    quality: str
    made_at: str
    standings: Sequence[Standing]
    decision: Decision
    again: RunFile | None = None
    failed: Mapping[str, str] | None = None
    left: Sequence[str] = ()
    command: str = ""


def to_json(sweep: Sweep) -> str:
    """The figures of every point, without the runs' rows."""
    shipped = _shipped(sweep)
    data = {
        "dataset": sweep.dataset,
        "split": sweep.split,
        "quality": sweep.quality,
        "made_at": sweep.made_at,
        "environment": dict(shipped.run.environment) if shipped else {},
        "points": [_point(one) for one in sweep.standings],
        "decision": _decision(sweep.decision),
        "failed": dict(sweep.failed or {}),
        "left": list(sweep.left),
    }
    return json.dumps(_rounded(data), ensure_ascii=False, indent=1) + "\n"


def to_markdown(sweep: Sweep) -> str:
    """The report: the decision first, then the picture, every point, and how it was measured."""
    parts = [f"# Sweep of configurations on {sweep.dataset}\n", f"{sweep.about.strip()}\n"]
    parts += ["## Decision\n", *_decided(sweep)]
    parts += [f"\n![Quality against time of each configuration]({PICTURE})\n"]
    parts += ["## Points\n", *_points(sweep)]
    parts += ["\n## One setting at a time\n", *_axes(sweep)]
    parts += ["\n## How it was measured\n", *_method(sweep)]
    return "\n".join(parts) + "\n"


# --- the decision ---------------------------------------------------------------------


def _decided(sweep: Sweep) -> Iterator[str]:
    shipped, decision = _shipped(sweep), sweep.decision
    if shipped is None or decision.best is None:
        yield "Nothing can be decided: too few points were measured."
        return
    best = decision.best
    here = f"{_value(shipped.quality)} at {_ms(shipped)}"
    word = _word(sweep.quality)
    match decision.verdict:
        case "stands" if best.point.shipped:
            yield f"**The shipped defaults stand**: no point has a higher figure ({word} {here})."
        case "stands":
            yield (
                f"**The shipped defaults stand**: {word} {here}, within the interval of the best, "
                f"{best.point.label} ({_value(best.quality)} at {_ms(best)}; "
                f"difference {_difference(decision.chosen_on)})."
            )
        case "dev only":
            yield (
                f"**The shipped defaults stand**, though {best.point.label} is better on the "
                f"questions that it was chosen on ({_difference(decision.chosen_on)}): on the "
                "others that is not so."
            )
        case "beaten":
            yield (
                f"**{best.point.label} is better than the shipped defaults**, on the questions "
                f"that it was chosen on ({_difference(decision.chosen_on)}) and on the others. "
                "Change the defaults, or write down why not."
            )
        case _:
            yield (
                f"{best.point.label} is better on these questions "
                f"({_difference(decision.chosen_on)}), and there are no others to check it on."
            )
    if decision.checked is not None and not best.point.shipped:
        first, second = decision.checked
        n = decision.checked_on.n if decision.checked_on else 0
        yield (
            f"\nOn {n} questions that nothing was chosen on: shipped {_value(first)}, "
            f"{best.point.label} {_value(second)}, difference {_difference(decision.checked_on)}."
        )
    elif decision.checked is not None:
        yield f"\nOn questions that nothing was chosen on: shipped {_value(decision.checked[0])}."
    worse = [one for one in told_apart(sweep.standings) if (one.against.difference or 0) < 0]
    better = [one for one in told_apart(sweep.standings) if (one.against.difference or 0) > 0]
    yield (
        f"\nTold apart from the shipped defaults (p < {ALPHA} after Holm's correction for "
        f"{len(sweep.standings) - 1} points): {_list(better)} better; {_list(worse)} worse. "
        "The rest differ by no more than chance would."
    )
    if (longer := _longer(best, shipped)) and not best.point.shipped:
        yield (
            f"\nMind the length: answers of {best.point.label} have {longer}. An answer counts as "
            "right when it contains a gold answer, which a longer one does more easily."
        )
    quicker = [one for one in sweep.standings if one.front and _quicker(one, shipped)]
    trades = [one for one in quicker if one.quality < shipped.quality]
    free = [one for one in quicker if one.quality >= shipped.quality]
    if trades:
        yield (
            f"\nQuicker, for less quality: {_list(trades)}. A team may want such a trade; it is "
            "not free."
        )
    if free:
        yield (
            f"\nQuicker by a tenth or more, and no worse here: {_list(free)}. Look whether times "
            "were steady (below) before believing it."
        )


def _longer(one: Standing, shipped: Standing) -> str:
    """Words of both, where the one's answers are longer by a tenth or more; else empty."""
    own, usual = one.figures.get("words"), shipped.figures.get("words")
    if own is None or usual is None or not own.value or not usual.value:
        return ""
    if own.value < 1.1 * usual.value:
        return ""
    return f"{own.value:.0f} words, not {usual.value:.0f}"


def _quicker(one: Standing, shipped: Standing) -> bool:
    return (one.p50.value or 0) < 0.9 * (shipped.p50.value or 0)  # a tenth, or it is noise


# --- the tables ---------------------------------------------------------------------


def _points(sweep: Sweep) -> Iterator[str]:
    names = [name for name in SHOWN if any(name in one.figures for one in sweep.standings)]
    names = [sweep.quality, *(name for name in names if name != sweep.quality)]
    words = " | ".join(_word(name) for name in names)
    yield (
        f"| configuration | front | {words} | less shipped | p (Holm) | median time | "
        "cost of a question |"
    )
    yield "|---" * (len(names) + 6) + "|"
    for one in sweep.standings:
        figures = " | ".join(_figure(one, name, whole=name == sweep.quality) for name in names)
        shipped = one.point.shipped
        label = f"**{one.point.label}**" if shipped else one.point.label
        against = "–" if shipped else _difference(one.against)
        p = "–" if one.p is None else f"{one.p:.3f}"
        interval = interval_text(one.p50.low, one.p50.high, "ms")
        yield (
            f"| {label} | {'yes' if one.front else ''} | {figures} | {against} | {p} | "
            f"{_ms(one)} ({interval}) | {value_text(one.cost, 'usd')} |"
        )
    for label, reason in (sweep.failed or {}).items():
        yield f"\nNot measured: {label}. {reason}"
    if sweep.left:
        yield f"\nNo time was left for: {', '.join(sweep.left)}. Run the command again to go on."


def _axes(sweep: Sweep) -> Iterator[str]:
    shipped = _shipped(sweep)
    axes = dict.fromkeys(one.point.axis for one in sweep.standings if one.point.axis)
    if shipped is None or not axes:
        yield "No setting was changed alone."
        return
    yield f"| setting | shipped | {_word(sweep.quality)} by value (median time) |\n|---|---|---|"
    for axis in sorted(axes):
        own = [(one.point.changes[axis], one) for one in sweep.standings if one.point.axis == axis]
        default = shipped.run.configuration.get(axis)
        own.append((default, shipped))
        cells = ", ".join(
            f"{'**' if one is shipped else ''}{_plain(value)}: {_value(one.quality)} ({_ms(one)})"
            f"{'**' if one is shipped else ''}"
            for value, one in sorted(own, key=lambda pair: _order(pair[0]))
        )
        yield f"| `{axis}` | {_plain(default)} | {cells} |"


def _method(sweep: Sweep) -> Iterator[str]:
    shipped = _shipped(sweep)
    if shipped is None:
        return
    run = shipped.run
    environment = run.environment
    groups = len({row.group or row.id for row in run.rows})
    yield (
        f"- {len(run.rows)} questions in {groups} families, split “{sweep.split}” (a hash of the "
        "family decides, the same one forever). Points are chosen on them; the shipped defaults "
        "and the best are then asked the questions of the split “holdout”."
        if sweep.split == "dev"
        else f"- {len(run.rows)} questions in {groups} families, split “{sweep.split}”."
    )
    yield (
        "- Intervals are 95 %, bootstrap over families. Differences are paired question by "
        "question (`app/insights/evals/paired.py`)."
    )
    yield (
        f"- Model {environment.get('embedding_model')} in {environment.get('precision')}, "
        f"{environment.get('documents')} documents, {environment.get('passages')} passages; "
        f"{environment.get('processors')} processors ({environment.get('processor')}), Python "
        f"{environment.get('python')}, release {environment.get('release')}, "
        f"{sweep.made_at[:10]}."
    )
    if sweep.again is not None:
        values = sorted(r.scores["total_ms"] for r in sweep.again.rows if "total_ms" in r.scores)
        if values:
            middle = values[len(values) // 2]
            yield (
                f"- The shipped defaults once more in the end: median {value_text(middle, 'ms')} "
                f"against {_ms(shipped)} at the beginning. Times that differ by less say nothing."
            )
    yield "- One question at a time, in one process, with the model loaded once for all points."
    if sweep.command:
        yield f"- Again: `{sweep.command}`"


# --- words ---------------------------------------------------------------------


def _shipped(sweep: Sweep) -> Standing | None:
    return next((one for one in sweep.standings if one.point.shipped), None)


def _word(name: str) -> str:
    return QUALITY_WORDS[_COUNTS.get(name, name)][0]


def _value(share: float) -> str:
    return value_text(share, "share")


def _ms(one: Standing) -> str:
    return value_text(one.p50.value, "ms")


def _figure(one: Standing, name: str, *, whole: bool) -> str:
    figure = one.figures.get(name)
    if figure is None or figure.value is None:
        return "–"
    unit = "count" if name in _COUNTS else "share"
    interval = interval_text(figure.low, figure.high, unit) if whole else ""
    return value_text(figure.value, unit) + (f" ({interval})" if interval else "")


def _difference(difference: Difference | None) -> str:
    if difference is None or difference.difference is None:
        return "–"
    points = f"{_signed(100 * difference.difference)} points"
    if difference.low is None or difference.high is None:
        return points
    return f"{points} ({_signed(100 * difference.low)} to {_signed(100 * difference.high)})"


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def _list(found: Sequence[Standing]) -> str:
    return ", ".join(one.point.label for one in found) or "none"


def _plain(value: Any) -> str:
    return "–" if value in (None, "") else str(value).rpartition("/")[2]


def _order(value: Any) -> tuple[bool, float, str]:
    number = value if isinstance(value, int | float) else 0.0
    return (not isinstance(value, int | float), float(number), str(value))


def _point(one: Standing) -> dict[str, Any]:
    return {
        "key": one.point.key,
        "label": one.point.label,
        "axis": one.point.axis,
        "changes": {name: _plain(value) for name, value in one.point.changes.items()},
        "front": one.front,
        "figures": {name: asdict(figure) for name, figure in one.figures.items()},
        "total_p50": asdict(one.p50),
        "cost_per_question": one.cost,
        "less_shipped": asdict(one.against),
        "p_holm": one.p,
        "made_at": one.run.made_at,
        "seconds": one.run.seconds,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "best": decision.best.point.key if decision.best else None,
        "chosen_on": asdict(decision.chosen_on) if decision.chosen_on else None,
        "checked_on": asdict(decision.checked_on) if decision.checked_on else None,
    }


def _rounded(data: Any) -> Any:
    if isinstance(data, float):
        return round(data, 4)
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    return [_rounded(value) for value in data] if isinstance(data, list | tuple) else data
