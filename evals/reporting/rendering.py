"""A report for people: its tables, and those on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.domain import AnswerState, Level
from app.insights.evals.run_file import RunFigure, RunFile
from evals.datasets import PHRASINGS
from evals.reporting.report import BadCase, Report
from evals.scoring import curves, scorers
from evals.scoring.scorers import Figure
from evals.scoring.states import ALARMS

AnyFigures = Mapping[str, Figure] | Mapping[str, RunFigure]

LABELS = {
    "correct": "handled rightly",
    "failed": "could not be asked",
    "document_first": "gold document cited first",
    "document_first_when_answered": "gold document cited first, when answered",
    "document_in_three": "gold document among first 3 citations or closest",
    "answer_quoted": "quotes contain a gold answer",
    "answer_quoted_when_answered": "quotes contain a gold answer, when answered",
    "answer_words_quoted": "share of the gold answer's words quoted",
    "state_expected": "state as the case expects",
    **{f"state_{state}": f"state given, where “{state}” is expected" for state in AnswerState},
    **{f"false_{state}": f"false alarms: “{state}”, of answers given" for state in ALARMS},
    **{f"share_{level}": f"answers at level {level}" for level in Level},
    "words_mean": "words quoted, mean",
    "words_p95": "words quoted, 95th percentile",
    "sentences_mean": "sentences quoted, mean",
    "sentences_most": "sentences quoted, most",
    "false_refusal": "refused though answerable",
    "true_refusal": "refused, among unanswerable",
    "auroc_answerable": "AUROC, answerable or not",
    "brier_answerable": "Brier, answerable or not",
    "ece_answerable": "ECE, answerable or not",
    "auroc_right": "AUROC, right or not",
    "brier_right": "Brier, right or not",
    "ece_right": "ECE, right or not",
    "right_at_80": "right at 80 % coverage",
    "aurc": "risk–coverage area (AURC)",
    "hit_at_1": "hit@1",
    "hit_at_5": "hit@5",
    **{f"recall_at_{k}": f"recall@{k}" for k in scorers.CUTOFFS},
    "mrr": "MRR",
    "ndcg_at_10": "nDCG@10",
    "document_ndcg_at_10": "nDCG@10 over documents",
    "document_recall_at_10": "recall@10 of documents",
    "document_hit_at_1": "doc@1",
    "document_hit_at_5": "doc@5",
    "best_1_by_cosine": "nearest sentence contains a gold answer",
    "best_3_by_cosine": "nearest 3 sentences contain a gold answer",
    "citation_precision": "citations of a gold passage",
    "citation_document_precision": "citations of a gold document",
    "citation_recall": "gold passages cited",
    "violations": "citations that are not word for word",
    "gold_located": "gold passages found in the texts",
    "read_recall": "gold passages among what is read",
    "lexical_recall_at_10": "gold passages in the first 10 by words alone",
    "dense_recall_at_10": "gold passages in the first 10 by meaning alone",
    "rouge_l": "ROUGE-L with the reference answer",
    "string_similarity": "string similarity with the reference answer",
    "semantic_similarity": "semantic similarity with the reference answer",
    **{
        f"gap_{way.replace('-', '_')}": f"right when plain less right when {way}"
        for way in PHRASINGS
        if way != "plain"
    },
    "cost_per_question": "cost per question",
    "high": "right, at level high",
    "medium": "right, at level medium",
    "low": "right, at level low",
    **{
        f"{step}_{q}": f"{step}, {q}"
        for step in ("retrieve", "answer", "verify", "first_token", "total")
        for q in ("p50", "p95")
    },
}
"""Metric id → words for it."""
PICTURES = {
    "How sure, and how often so": "reliability.svg",
    "Wrong answers for each share answered": "risk-coverage.svg",
}
"""Title → file name of a picture."""
_LONGEST = 600
"""Characters shown of a text in a bad case."""
_SLICE_COLUMNS = {
    "n": "n",
    "document_first": "document first",
    "document_in_three": "in three",
    "answer_quoted": "answer quoted",
    "false_refusal": "refused, has answer",
    "true_refusal": "refused, has none",
}
"""Metric id → heading of a column of slices."""


def show(report: Report, console: Console) -> None:
    """The report as tables on a terminal, bad cases last."""
    console.print(f"\n[bold]{escape(report.dataset)}[/]  {escape(headline(report))}")
    for note in report.notes:
        console.print(f"[yellow]{escape(note)}[/]")
    for example in report.violation_examples:
        console.print(f"[red]{escape(example)}[/]")
    for title, grid in grids(report):
        if len(grid) > 1:
            console.print(table(title, grid[0], grid[1:]))
    for case in report.worst:
        console.print(
            f"\n[bold]{escape(case.kind)}[/] · {escape(case.id)} · p {case.probability:.2f}"
        )
        for label, text in told(case):
            console.print(f"  [dim]{label:<6}[/] {escape(text)}")


def markdown_table(title: str, grid: Sequence[Sequence[str]], picture: str = "") -> list[str]:
    """Lines of a titled table, under its picture if there is one; none without rows."""
    head, *rows = grid
    if not rows:
        return []
    shown = [f"![{title}; the numbers are in the table below]({picture})", ""] if picture else []
    return [
        *("", f"## {title}", "", *shown, f"| {' | '.join(head)} |"),
        f"|---|{'---:|' * (len(head) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def chart_grids(
    reliability: Sequence[curves.Reliability], risk_coverage: Sequence[curves.RiskCoverage]
) -> list[tuple[str, list[list[str]]]]:
    """The tables behind the pictures, by the titles of `PICTURES`."""
    return [
        ("How sure, and how often so", curves.reliability_table(reliability)),
        ("Wrong answers for each share answered", curves.risk_table(risk_coverage)),
    ]


def value_text(figure: Figure | RunFigure) -> str:
    """A figure's value as people read it."""
    return "–" if figure.value is None else _number(figure.value, figure.unit)


def grids(report: Report | RunFile) -> list[tuple[str, list[list[str]]]]:
    """Every table of a report: its title, and its rows under a row of headings."""
    return [
        *((title, _figure_grid(figures)) for title, figures in report.sections.items()),
        ("State expected (down) and given (across)", _confusion_grid(report.confusion)),
        ("Retrieval", _rankings(report.retrieval)),
        ("Slices", _slice_grid(report.slices)),
    ]


def headline(report: Report | RunFile) -> str:
    """Counts in a sentence."""
    states = ", ".join(f"{count} {state}" for state, count in report.states.items())
    return (
        f"{report.cases} questions, {report.answerable} answerable, in {report.seconds:.0f} s: "
        f"{states}. Citation violations: {report.violations}."
    )


def told(case: BadCase) -> list[tuple[str, str]]:
    """What is worth reading of a bad case, labeled."""
    told = [
        ("asked", case.question),
        ("quoted", case.quoted),
        ("from", ", ".join(case.cited[:3])),
        ("wanted", " | ".join(case.gold_answers)),
        ("in", ", ".join(case.gold_documents)),
        ("where", case.gold_passage),
        ("why", case.why),
    ]
    return [(label, " ".join(text.split())[:_LONGEST]) for label, text in told if text]


def _figure_grid(figures: AnyFigures) -> list[list[str]]:
    """A heading, then label, value, interval, n; figures without a value are left out."""
    grid = [["figure", "value", "95 % interval", "n"]]
    grid += [
        [LABELS.get(name, name), value_text(figure), interval_text(figure), str(figure.n)]
        for name, figure in figures.items()
        if figure.value is not None
    ]
    return grid


def _rankings(rows: Mapping[str, AnyFigures]) -> list[list[str]]:
    """A heading, then a line for each figure with a column for each ranking."""
    names = [
        name for name in next(iter(rows.values()), {}) if any(f[name].n for f in rows.values())
    ]
    grid = [["", *rows, "n"]]
    for name in names:
        count = max(figures[name].n for figures in rows.values())
        values = [value_text(figures[name]) for figures in rows.values()]
        grid.append([LABELS.get(name, name), *values, str(count)])
    return grid


def _confusion_grid(confusion: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    """A heading, then a line for each state that some case expects."""
    grid = [["", *next(iter(confusion.values()), {})]]
    grid += [[wanted, *map(str, given.values())] for wanted, given in confusion.items()]
    return grid


def _slice_grid(slices: Mapping[str, AnyFigures]) -> list[list[str]]:
    """A heading, then a line for each slice."""
    grid = [["", *_SLICE_COLUMNS.values()]]
    grid += [
        [tag, *(_value_of(figures, name) for name in _SLICE_COLUMNS)]
        for tag, figures in slices.items()
    ]
    return grid


def plain(value: Any) -> str:
    """A setting's value in words."""
    if value is None or value in ("", [], ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(held)}" for key, held in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _value_of(figures: AnyFigures, name: str) -> str:
    return value_text(figures[name]) if name in figures else "–"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table for a terminal; numbers to the right."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for i, name in enumerate(head):
        table.add_column(name, justify="right" if i else "left", no_wrap=not i)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def interval_text(figure: Figure | RunFigure) -> str:
    """A figure's interval as people read it; empty when it has none."""
    if figure.low is None or figure.high is None:
        return ""
    low, high = _number(figure.low, figure.unit), _number(figure.high, figure.unit)
    return f"{low.removesuffix(' %')}–{high}"


def _number(value: float, unit: str) -> str:
    match unit:
        case "share":
            return f"{100 * value:.1f} %"
        case "ms" | "amount":
            return f"{value:.1f}".removesuffix(".0")
        case "usd":
            return f"${value:.4f}"
        case _:
            return f"{value:.3f}"
