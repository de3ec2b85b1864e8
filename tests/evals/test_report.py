"""What a report says, in each of its forms."""

from __future__ import annotations

import io
import json

from rich.console import Console

from evals import rendering, report
from evals.records import RunResult
from tests.evals.made import passage, record, refused

RECORDS = (
    record(id="right", tags=("plain",), rankings={"fused": (passage("rules.md", 0),)}),
    record(id="wrong", tags=("plain",), text="Ask [bold]somebody[/] else.", cited=("b.md",)),
    record(id="surely wrong", tags=("plain",), text="No.", probability=0.95),
    record(id="made up", answerable=False, gold=(), answers=(), violations=("citation 1: off",)),
    refused(id="missed", tags=("typos",)),
)
RESULT = RunResult("rules", RECORDS, 12.5, {"seed": 0}, ("A note | with a bar.",))


def test_bad_cases_stand_by_kind_with_the_surest_first() -> None:
    cases = list(report.bad_cases(RECORDS, 10))
    assert [(case.kind, case.id) for case in cases] == [
        ("wrong", "surely wrong"),
        ("wrong", "wrong"),
        ("answered though unanswerable", "made up"),
        ("refused though answerable", "missed"),
    ]
    assert cases[1].quoted == "Ask [bold]somebody[/] else."
    assert cases[1].gold_answers == ("four years", "4 years")
    assert [case.id for case in report.bad_cases(RECORDS, 1)] == [
        "surely wrong",
        "made up",
        "missed",
    ]


def test_slices_have_their_own_figures_and_small_ones_are_left_out() -> None:
    made = report.summarize(RESULT)
    assert set(made.slices) == {"plain"}
    assert made.slices["plain"]["n"].value == 3
    assert made.slices["plain"]["answer_quoted"].value == 1 / 3


def test_the_json_holds_every_figure_with_its_interval_and_count() -> None:
    data = json.loads(report.to_json(report.summarize(RESULT)))
    assert data["violations"] == 1
    assert data["violation_examples"] == ["made up: citation 1: off"]
    first = data["sections"]["Answers"]["document_first"]
    assert (first["value"], first["n"]) == (0.5, 4)
    assert first["low"] <= 0.5 <= first["high"]
    assert data["retrieval"]["as set"]["hit_at_1"]["value"] == 1.0


def test_every_figure_has_words_of_its_own() -> None:
    made = report.summarize(RESULT)
    names = {name for figures in made.sections.values() for name in figures}
    names |= {name for figures in made.retrieval.values() for name in figures}
    assert names <= set(rendering.LABELS)
    assert set(report.SLICE_FIGURES) == set(made.slices["plain"])


def test_the_terminal_shows_figures_and_what_was_quoted_as_it_was_written() -> None:
    stream = io.StringIO()
    rendering.show(report.summarize(RESULT), Console(file=stream, width=100))
    said = stream.getvalue()
    assert "5 questions, 4 answerable" in said
    assert "Citation violations: 1" in said
    assert "gold document cited first" in said
    assert "50.0 %" in said
    assert "Ask [bold]somebody[/] else." in said


def test_the_markdown_has_whole_tables() -> None:
    lines = rendering.to_markdown(report.summarize(RESULT)).splitlines()
    assert lines[0] == "# Eval of rules"
    starts = [i for i, line in enumerate(lines) if line.startswith("|---")]
    assert len(starts) >= 4
    for start in starts:
        columns = lines[start].count("|")
        end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
        assert {line.count("|") for line in lines[start - 1 : end]} == {columns}


def test_a_run_without_any_answerable_question_still_makes_a_report() -> None:
    only = RunResult("none", RECORDS[3:4], 1.0)
    made = report.summarize(only)
    assert made.sections["Answers"]["document_first"].value is None
    assert rendering.to_markdown(made)
