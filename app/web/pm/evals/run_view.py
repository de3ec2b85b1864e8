"""One run: its figures beside what they should be, slices, states, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.insights.evals.comparison import Comparison, MetricDifference
from app.insights.evals.figure_text import value_text
from app.insights.evals.run_figures import run_figures
from app.insights.evals.run_file import RunFigure, RunFile
from app.insights.targets import Target, Targets
from app.web.charts import Interval, RowChart, interval_chart
from app.web.pm.evals import run_words as words
from app.web.pm.metric_view import standing
from app.web.templating import query

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Answers",
        (
            *("correct", "answer_quoted", "state_expected", "rouge_l", "string_similarity"),
            *("semantic_similarity", "words_mean", "failed"),
        ),
    ),
    (
        "Citations",
        (
            *("document_first", "citation_precision", "citation_document_precision"),
            *("citation_recall", "violations"),
        ),
    ),
    (
        "Search",
        (
            *("read_recall", "recall_at_5", "mrr", "ndcg_at_10", "lexical_recall_at_10"),
            *("dense_recall_at_10", "document_ndcg_at_10", "document_recall_at_10"),
            "gold_located",
        ),
    ),
    (
        "Refusals and confidence",
        (
            *("false_refusal", "true_refusal", "auroc_answerable", "ece_answerable"),
            *("brier_answerable", "right_at_80", "aurc"),
        ),
    ),
    ("Fairness", ("gap_typos", "gap_keywords", "gap_non_native", "gap_long")),
    (
        "Judged by a model",
        (
            *("faithfulness", "answer_relevancy", "context_precision", "context_recall"),
            "factual_correctness",
        ),
    ),
    (
        "Time and cost",
        ("total_p50", "total_p95", "first_token_p50", "retrieve_p50", "cost_per_question"),
    ),
)
"""In what order figures are shown; what is not named here comes last."""
HEADLINE = (
    *("correct", "false_refusal", "true_refusal"),
    *("recall_at_5", "ece_answerable", "total_p50"),
)
SLICE_FIGURES = ("correct", "answer_quoted", "document_first")
"""What is drawn of slices: the first of them that the report has."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure beside its target, its guardrail, and the baseline. ``moved`` is empty without."""

    target: Target
    value: str
    interval: str
    n: int
    aim: str
    never: str
    goal: str
    standing: Literal["met", "missed", "incident", ""]
    moved: str
    moved_interval: str
    verdict: str
    turn: Literal["better", "worse", ""]


@dataclass(frozen=True, slots=True)
class Other:
    """A figure that has no words: by its id, as the report has it."""

    name: str
    value: str
    interval: str
    n: int


def figure_groups(
    run: RunFile, targets: Targets, against: Comparison | None
) -> list[tuple[str, list[FigureRow]]]:
    """What the run measured, group by group."""
    figures = run_figures(run)
    named = {name for _, names in GROUPS for name in names}
    rest = tuple(name for name in targets.quality if name not in named)
    moved = {one.target.id: one for one in against.metrics} if against else {}
    found = []
    for title, names in (*GROUPS, ("Others", rest)):
        rows = [
            _row(targets.quality[name], figures[name], moved.get(name))
            for name in names
            if name in figures
        ]
        if rows:
            found.append((title, rows))
    return found


def headline(groups: Sequence[tuple[str, list[FigureRow]]]) -> list[FigureRow]:
    """The few that matter most, of those that there are."""
    known = {row.target.id: row for _, rows in groups for row in rows}
    return [known[name] for name in HEADLINE if name in known]


def others(run: RunFile, targets: Targets) -> list[tuple[str, list[Other]]]:
    """Everything else that the report says, section by section; of rankings, those not in use."""
    known = set(targets.quality)
    places = [
        *((title, own) for title, own in run.sections.items()),
        *((f"Search, {title}", own) for title, own in run.retrieval.items()),
    ]
    found = []
    for title, own in places:
        rows = [
            Other(
                name.replace("_", " "),
                words.figure_words(figure),
                words.figure_interval(figure),
                figure.n,
            )
            for name, figure in own.items()
            if name not in known or (title.startswith("Search, ") and title != "Search, as set")
        ]
        if rows:
            found.append((title, rows))
    return found


def slice_charts(run: RunFile, targets: Targets) -> list[RowChart]:
    """How often right by how people write, then by kind of question; and refused without need.

    Each row leads to its cases.
    """
    name = next(
        (one for one in SLICE_FIGURES if any(one in own for own in run.slices.values())), ""
    )
    phrasings = [tag for tag in words.PHRASINGS if tag in run.slices]
    apart = {*words.PHRASINGS, *words.SPLITS}
    kinds = [tag for tag in run.slices if tag not in apart]
    found = []
    for tags, label, by in (
        (phrasings, "Written", "by how people write"),
        (kinds, "Kind", "by kind of question"),
    ):
        for figure in (name, "false_refusal"):
            rows = list(_slice_rows(run, tags, figure))
            if rows:
                known = targets.quality[figure]
                found.append(
                    interval_chart(
                        rows,
                        unit="ratio",
                        title=f"{known.name}, {by}",
                        value_name="Refused" if figure == "false_refusal" else "Right",
                        label_name=label,
                        csv=f"{words.run_url(run.name)}/slices.csv",
                    )
                )
    return found


def confusion(run: RunFile) -> tuple[list[str], list[tuple[str, list[tuple[str, int, bool]]]]]:
    """States given, and for each state expected how many cases got which: text, count, right."""
    given = [
        state
        for state in words.STATES
        if any(counts.get(state) for counts in run.confusion.values()) or state in run.confusion
    ]
    rows = []
    for expected in words.STATES:
        if expected in run.confusion:
            own = run.confusion[expected]
            cells = [(state, own.get(state, 0), state == expected) for state in given]
            rows.append((expected, cells))
    return given, rows


def settings_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of a configuration or an environment, in words."""
    return [(name, setting_words(value)) for name, value in values.items()]


def setting_words(value: Any) -> str:
    """A setting's value as a person reads it."""
    if value is None or value in ("", [], ()):
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- steps ----------------------------------------------------------------------------------------


def _row(target: Target, figure: RunFigure, moved: MetricDifference | None) -> FigureRow:
    """With what the baseline had: over paired cases, or, of bare figures, side by side."""
    before, verdict, interval = "", "", ""
    turn: Literal["better", "worse", ""] = ""
    if moved is not None and moved.difference.n:
        before = words.signed(moved.difference.difference, target.unit)
        if moved.difference.changed:
            interval = words.signed_interval(moved.difference, target.unit)
        verdict = words.VERDICTS[moved.verdict]
        turn = moved.verdict if moved.verdict in ("better", "worse") else ""
    elif moved is not None and moved.a is not None:
        before = f"was {words.figure_words(moved.a)}"
    return FigureRow(
        target=target,
        value=words.figure_words(figure),
        interval=words.figure_interval(figure),
        n=figure.n,
        aim=_goal(target.target, figure.unit),
        never=_goal(target.guardrail, figure.unit),
        goal=words.goal_words(target, figure.unit),
        standing=standing(target, figure.value),
        moved=before,
        moved_interval=interval,
        verdict=verdict,
        turn=turn,
    )


def _goal(value: float | None, unit: str) -> str:
    return "" if value is None else value_text(value, unit)


def _slice_rows(run: RunFile, tags: Sequence[str], figure: str) -> Iterator[Interval]:
    for tag in tags:
        found = run.slices[tag].get(figure)
        if found is not None and found.value is not None:
            filters = {"phrasing" if tag in words.PHRASINGS else "kind": tag}
            yield Interval(
                words.tag_words(tag),
                found.low,
                found.value,
                found.high,
                href=f"{words.run_url(run.name)}{query(filters)}#cases",
                note=f"of {found.n:,}",
            )
