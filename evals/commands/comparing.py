"""What `footnote eval compare` and `footnote eval runs` do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.insights.evals.comparison import CaseChange, Comparison, MetricDifference, compare
from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.paired import Difference
from app.insights.evals.runs import Runs
from app.insights.targets import load_targets
from app.settings import load_settings
from evals.reporting.folder import write

_SHOWN = {
    "correct": "right",
    "false_refusal": "false refusals",
    "true_refusal": "right refusals",
}
"""Figures of the list, and what their columns are called: three, so that 80 characters do."""
_WORDS = {
    "better": "better",
    "worse": "worse",
    "maybe better": "better?",
    "maybe worse": "worse?",
    "unclear": "unclear",
    "same": "same",
    "few": "too few",
    "shown": "–",
}
_LISTS = (
    ("Right before, wrong now", "regressions"),
    ("Wrong before, right now", "improvements"),
    ("Another state, as right or wrong as before", "states"),
    ("Largest drops of a score", "drops"),
)
_QUESTION = 72
"""Characters of a question in the terminal."""
_LEGEND = (
    "Changes of shares are points. better?, worse?: alone it would be significant, among so many "
    "figures it may be chance."
)


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """The command's options. ``most``: cases to list of each kind."""

    first: str
    second: str
    as_json: bool
    markdown_file: Path | None
    most: int


def run(options: CompareOptions, console: Console) -> Comparison:
    """Compare two runs and show it.

    Raises:
        NotFound: a run is not there.
        BadRequest: a file is not a report, or the Markdown can't be written.
    """
    settings = load_settings()
    runs = Runs.of(settings)
    found = compare(
        runs.named_or_file(options.first),
        runs.named_or_file(options.second),
        load_targets(settings.prd_dir),
    )
    if options.as_json:
        console.out(json.dumps(as_data(found), ensure_ascii=False, indent=1), highlight=False)
    else:
        show(found, console, options.most)
    if options.markdown_file is not None:
        write(options.markdown_file, to_markdown(found, options.most))
    return found


def list_runs(console: Console, *, as_json: bool) -> None:
    """Every run, newest first, with its main figures."""
    heads = Runs.of(load_settings()).heads()
    if as_json:
        data = [
            {
                "name": head.name,
                "made_at": head.run.made_at if head.run else None,
                "dataset": head.run.dataset if head.run else None,
                "cases": head.run.cases if head.run else None,
                "baseline": head.baseline,
                "committed": head.committed,
                "problem": head.problem or None,
                "file": str(head.path),
            }
            for head in heads
        ]
        console.out(json.dumps(data, ensure_ascii=False, indent=1), highlight=False)
        return
    if not heads:
        console.print("There is no run yet. Make one with: footnote eval", highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("run", no_wrap=True)
    table.add_column("made (UTC)", no_wrap=True)
    for column in ("cases", *_SHOWN.values()):
        table.add_column(column, justify="right", min_width=6)
    for head in heads:
        name = escape(head.name) + (" *" if head.baseline else "")
        made = f"{head.made:%Y-%m-%d %H:%M}"
        if head.run is None:
            table.add_row(name, made, "–")
            continue
        figures = head.run.figures
        values = [
            value_text(figures[one].value, figures[one].unit) if one in figures else "–"
            for one in _SHOWN
        ]
        table.add_row(name, made, f"{head.run.cases:,}", *values)
    console.print(table)
    if any(head.baseline for head in heads):
        console.print("* the baseline, which gates compare with", highlight=False)
    for head in heads:
        if head.problem:
            console.print(f"{head.name}: {head.problem}", markup=False, highlight=False)


def show(found: Comparison, console: Console, most: int) -> None:
    """The comparison on a terminal, regressions first."""
    console.print(f"[bold]{escape(found.a.name)}[/] → [bold]{escape(found.b.name)}[/]")
    for line in (*_changed(found), *found.warnings, *_apart(found)):
        console.print(line, markup=False, highlight=False)
    for title, name in _LISTS:
        changes: Sequence[CaseChange] = getattr(found, name)
        console.print(f"\n[bold]{title}[/]: {len(changes)}", highlight=False)
        for one in changes[:most]:
            console.print(f"  {_case(one)}", markup=False, highlight=False, soft_wrap=True)
        if len(changes) > most:
            console.print(f"  … and {len(changes) - most} more", highlight=False)
    table = Table(box=None, pad_edge=False)
    for column in _COLUMNS:
        if column != "cases":  # 80 characters do without
            justify: Literal["left", "right"] = "left" if column in _TEXTS else "right"
            table.add_column(column, justify=justify, no_wrap=True)
    for metric in found.metrics:
        cells = zip(_COLUMNS, _cells(metric), strict=True)
        table.add_row(*(escape(cell) for column, cell in cells if column != "cases"))
    console.print()
    console.print(table)
    console.print(_LEGEND, style="dim", highlight=False)


def to_markdown(found: Comparison, most: int) -> str:
    """The same as a Markdown page."""
    lines = [f"# {found.a.name} → {found.b.name}", ""]
    lines += [f"- {line}" for line in (*_changed(found), *found.warnings, *_apart(found))]
    for title, name in _LISTS:
        changes: Sequence[CaseChange] = getattr(found, name)
        lines += ["", f"## {title}: {len(changes)}", ""]
        lines += [f"- {_case(one)}" for one in changes[:most]]
        if len(changes) > most:
            lines.append(f"- … and {len(changes) - most} more")
    lines += ["", "## Figures", "", _line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
    lines += [_line(_cells(metric)) for metric in found.metrics]
    lines += [
        "",
        "Changes are over the cases in both runs, of shares in points; intervals are bootstrapped "
        "over groups of the same question. `correct` is tested alone, the others are corrected for "
        "how many they are (Holm).",
        "",
        _LEGEND,
        "",
    ]
    return "\n".join(lines)


def as_data(found: Comparison) -> dict[str, Any]:
    """The comparison as plain data: cases by their ids, states and scores."""
    return {
        "a": found.a.name,
        "b": found.b.name,
        "paired": found.paired,
        "warnings": found.warnings,
        "settings": [asdict(one) for one in found.configuration if one.changed],
        "environment": [asdict(one) for one in found.environment if one.changed],
        "metrics": [
            {
                "id": one.target.id,
                "better": one.target.better,
                **asdict(one.difference),
                "corrected_p": one.corrected,
                "verdict": one.verdict,
            }
            for one in found.metrics
        ],
        "slices": [
            {
                "name": one.name,
                **asdict(one.difference),
                "corrected_p": one.corrected,
                "verdict": one.verdict,
            }
            for one in found.slices
        ],
        **{
            name: [
                {
                    "id": one.b.id,
                    "question": one.b.question,
                    "state_a": one.a.state,
                    "state_b": one.b.state,
                    "score": one.score,
                    "drop": one.drop,
                }
                for one in getattr(found, name)
            ]
            for _, name in _LISTS
        },
        "only_a": [row.id for row in found.only_a],
        "only_b": [row.id for row in found.only_b],
        "altered": found.altered,
    }


# --- steps ----------------------------------------------------------------------------------------

_COLUMNS = ("figure", "first", "second", "change", "95 %", "p", "cases", "reads")
_TEXTS = ("figure", "reads")


def _cells(metric: MetricDifference) -> list[str]:
    """A metric's line: means over the cases in both, or the bare figures where there are none."""
    difference, unit = metric.difference, metric.target.unit
    if difference.n:
        a, b = (value_text(one, unit) for one in (difference.mean_a, difference.mean_b))
    else:
        a, b = (value_text(one.value, one.unit) if one else "–" for one in (metric.a, metric.b))
    return [
        metric.target.id,
        a,
        b,
        _signed(difference.difference, unit),
        _points(interval_text(difference.low, difference.high, unit)) or "–",
        _p(difference),
        f"{difference.n:,}" if difference.n else "–",
        _WORDS[metric.verdict],
    ]


def _signed(value: float | None, unit: str) -> str:
    text = _points(value_text(value, unit))
    return f"+{text}" if value is not None and value > 0 else text


def _points(text: str) -> str:
    """Differences of shares are points, and said without a sign of their own."""
    return text.replace(" %", "")


def _p(difference: Difference) -> str:
    if difference.p is None:
        return "–"
    return "<0.001" if difference.p < 0.001 else f"{difference.p:.3f}"


def _changed(found: Comparison) -> Iterator[str]:
    for one in (*found.configuration, *found.environment):
        if one.changed:
            yield f"{one.name}: {one.a} → {one.b}"
    if not any(one.changed for one in found.configuration):
        yield "The same configuration."


def _apart(found: Comparison) -> Iterator[str]:
    yield f"{found.paired} cases are compared."
    for words, count in (
        ("only in the first", len(found.only_a)),
        ("only in the second", len(found.only_b)),
    ):
        if count:
            yield f"{count} {'case is' if count == 1 else 'cases are'} {words}."


def _case(one: CaseChange) -> str:
    states = one.b.state if one.a.state == one.b.state else f"{one.a.state} → {one.b.state}"
    fell = f", {one.score} −{one.drop:.2f}" if one.score else ""
    question = one.b.question
    if len(question) > _QUESTION:
        question = f"{question[:_QUESTION].rstrip()}…"
    return f"{one.b.id}  {states}{fell}{f'  {question}' if question else ''}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
