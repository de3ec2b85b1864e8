"""Two runs in words: settings that differ, metrics, slices, and the cases that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.insights.csv_lines import csv_lines
from app.insights.evals.comparison import CaseChange, Comparison, MetricDifference, Setting
from app.insights.evals.figure_text import value_text
from app.insights.evals.row import Row
from app.insights.targets import Targets
from app.web.charts import Interval, RowChart, interval_chart
from app.web.pm.evals import run_words as words
from app.web.pm.evals.run_view import setting_words

MOST_CASES = 100
"""Cases of a list that are shown; all are in the CSV."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting in words."""

    name: str
    a: str
    b: str
    changed: bool


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric in words. ``whole``: the figures are of all cases, not of those in both runs."""

    id: str
    name: str
    definition: str
    a: str
    b: str
    difference: str
    interval: str
    n: int
    p: str
    verdict: str
    turn: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A case that came out otherwise, in words."""

    id: str
    title: str
    href_a: str
    href_b: str
    a: Row
    b: Row
    facts: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ChangeList:
    """A list of cases. ``more``: how many are not shown."""

    id: str
    title: str
    lead: str
    rows: tuple[ChangeRow, ...]
    more: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows) + self.more


def sentence(found: Comparison) -> str:
    """What a person wants to know first."""
    first = found.headline
    if not found.paired or first is None or first.difference.difference is None:
        return "Nothing can be said of a difference: no case is in both runs."
    difference = first.difference
    size = words.signed(difference.difference, "ratio").lstrip("+−")
    went = "more" if (difference.difference or 0) > 0 else "fewer"
    moved = (
        f"{len(found.improvements)} became right and {len(found.regressions)} wrong"
        if difference.changed
        else "none came out otherwise"
    )
    of = f"of {difference.n:,} cases in both, {moved}"
    match first.verdict:
        case "better" | "worse":
            return f"The second run is {first.verdict}: {size} {went} right; {of}."
        case "same":
            return f"The runs are equally often right: {of}."
        case "few":
            return f"Too few cases to say which is better: {of}."
        case _:
            return f"No clear difference in right answers: {size} {went}, within chance; {of}."


def setting_rows(settings: Sequence[Setting]) -> tuple[list[SettingRow], list[SettingRow]]:
    """Those that changed, and the others."""
    rows = [
        SettingRow(one.name, setting_words(one.a), setting_words(one.b), one.changed)
        for one in settings
    ]
    return [row for row in rows if row.changed], [row for row in rows if not row.changed]


def metric_rows(found: Comparison) -> tuple[list[MetricRow], list[MetricRow]]:
    """Metrics that are compared case by case, and those that only stand side by side."""
    rows = [(one.difference.n > 0, _metric(one)) for one in found.metrics]
    return [row for tested, row in rows if tested], [row for tested, row in rows if not tested]


def slice_chart(found: Comparison) -> RowChart:
    """The difference in right answers by slice, in points."""
    return interval_chart(
        [
            Interval(
                words.tag_words(one.name),
                one.difference.low,
                one.difference.difference,
                one.difference.high,
                note=f"of {one.difference.n:,}"
                + (f", {one.verdict}" if one.verdict in ("better", "worse") else ""),
            )
            for one in found.slices
        ],
        unit="ratio",
        title="Difference in right answers, by slice",
        reference=0.0,
        signed=True,
        value_name="Difference",
        label_name="Slice",
    )


def change_lists(found: Comparison, targets: Targets) -> list[ChangeList]:
    """Regressions first."""
    return [
        _list(
            found,
            "regressions",
            "Right before, wrong now",
            "Regressions, the surest answers of the second run first.",
            found.regressions,
            targets,
        ),
        _list(
            found,
            "improvements",
            "Wrong before, right now",
            "Improvements.",
            found.improvements,
            targets,
        ),
        _list(
            found,
            "states",
            "Another state, as right or wrong as before",
            "The person reads something else above the answer.",
            found.states,
            targets,
        ),
        _list(
            found,
            "drops",
            "Largest drops of a score",
            "As right or wrong as before, with the same state, but a score fell.",
            found.drops,
            targets,
        ),
    ]


def to_csv(found: Comparison) -> str:
    """Every case of either run, with its scores in both."""
    scores = sorted({name for row in (*found.a.rows, *found.b.rows) for name in row.scores})
    columns = [
        *("id", "change", "question", "tags", "split", "state_a", "state_b"),
        *("right_a", "right_b"),
        *(f"{name}_{side}" for name in scores for side in "ab"),
    ]
    kinds = {
        one.b.id: kind
        for kind, changes in (
            ("regression", found.regressions),
            ("improvement", found.improvements),
            ("state", found.states),
        )
        for one in changes
    }
    kinds |= dict.fromkeys(found.altered, "not the same case")
    of_a, of_b = ({row.id: row for row in run.rows} for run in (found.a, found.b))
    lines = []
    for name in dict.fromkeys((*of_b, *of_a)):
        a, b = of_a.get(name), of_b.get(name)
        either = b or a
        if either is None:
            continue
        only = "" if a and b else "only in the second" if b else "only in the first"
        lines.append(
            [
                name,
                kinds.get(name, only or "same"),
                either.question,
                " ".join(either.tags),
                either.split,
                a.state if a else None,
                b.state if b else None,
                a.right if a else None,
                b.right if b else None,
                *(row.scores.get(score) if row else None for score in scores for row in (a, b)),
            ]
        )
    return "".join(csv_lines(columns, lines))


# --- steps ----------------------------------------------------------------------------------------


def _metric(one: MetricDifference) -> MetricRow:
    unit, difference = one.target.unit, one.difference
    paired = difference.n > 0
    as_figure = unit if unit != "count" else "amount"
    return MetricRow(
        one.target.id,
        one.target.name[:1].upper() + one.target.name[1:],
        one.target.definition,
        _value(difference.mean_a, as_figure) if paired else words.figure_words(one.a),
        _value(difference.mean_b, as_figure) if paired else words.figure_words(one.b),
        words.signed(difference.difference, unit) if paired else "",
        words.signed_interval(difference, unit) if difference.changed else "",
        difference.n,
        words.p_words(difference.p) if paired else "",
        words.VERDICTS[one.verdict],
        one.verdict if one.verdict in ("better", "worse") else "",
    )


def _value(value: float | None, unit: str) -> str:
    return value_text(value, unit)


def _list(
    found: Comparison,
    name: str,
    title: str,
    lead: str,
    changes: Sequence[CaseChange],
    targets: Targets,
) -> ChangeList:
    shown = tuple(_change(found, one, targets) for one in changes[:MOST_CASES])
    return ChangeList(name, title, lead, shown, len(changes) - len(shown))


def _change(found: Comparison, one: CaseChange, targets: Targets) -> ChangeRow:
    note = ""
    if one.score:
        score: Any = targets.quality.get(one.score)
        was, now = one.a.scores[one.score], one.b.scores[one.score]
        note = f"{score.name if score else one.score}: {was:.2f}, now {now:.2f}"
    return ChangeRow(
        one.b.id,
        one.b.question or one.b.id,
        words.case_url(found.a.name, one.a.id),
        words.case_url(found.b.name, one.b.id),
        one.a,
        one.b,
        (one.b.id if one.b.question else "", *(words.tag_words(tag) for tag in one.b.tags)),
        note,
    )
