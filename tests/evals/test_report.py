"""What a report says, in each of its forms."""

from __future__ import annotations

import io
import json

from rich.console import Console

from app.domain import AnswerState
from evals.reporting import html_report, markdown, rendering, report
from evals.running.records import RunResult
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
    lines = markdown.to_markdown(report.summarize(RESULT)).splitlines()
    assert lines[0] == "# Eval of rules"
    starts = [i for i, line in enumerate(lines) if line.startswith("|---")]
    assert len(starts) >= 4
    for start in starts:
        columns = lines[start].count("|")
        end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
        cells = {line.replace("\\|", "").count("|") for line in lines[start - 1 : end]}
        assert cells == {columns}


def test_a_run_without_any_answerable_question_still_makes_a_report() -> None:
    only = RunResult("none", RECORDS[3:4], 1.0)
    made = report.summarize(only)
    assert made.sections["Answers"]["document_first"].value is None
    assert markdown.to_markdown(made)


def test_the_confusion_of_states_is_a_table_of_its_own() -> None:
    cases = (record(id="a", state_wanted=AnswerState.CONFLICTING), record(id="b"))
    made = report.summarize(RunResult("rules", cases, 1.0))
    assert made.confusion == {
        "conflicting": dict.fromkeys(AnswerState, 0) | {"answered": 1},
    }
    text = markdown.to_markdown(made)
    assert "## State expected (down) and given (across)" in text
    assert "| conflicting | 1 | 0 | 0 | 0 | 0 |" in text


def test_pictures_are_named_only_where_they_lie_beside_the_report() -> None:
    many = tuple(record(id=str(i), probability=i / 20) for i in range(20))
    made = report.summarize(RunResult("rules", many, 1.0))
    assert "](reliability.svg)" not in markdown.to_markdown(made)
    assert "## How sure, and how often so" in markdown.to_markdown(made)
    text = markdown.to_markdown(made, beside=True)
    assert "](reliability.svg)" in text
    assert "](risk-coverage.svg)" in text


def test_risk_is_not_told_where_no_answer_can_be_judged() -> None:
    many = tuple(record(id=str(i), answers=()) for i in range(20))
    nothing = tuple(record(id=f"u{i}", answerable=False, gold=(), answers=()) for i in range(20))
    assert report.summarize(RunResult("rules", many + nothing, 1.0)).risk_coverage == ()


def test_the_page_holds_pictures_tables_and_texts_as_they_were_written() -> None:
    many = tuple(record(id=str(i), probability=i / 20) for i in range(20))
    bad = record(id="x", question="What is <script>alert(1)</script>?", text="No.")
    page = html_report.to_html(report.summarize(RunResult("rules", (*many, bad), 1.0)))
    assert page.count("<svg ") == 4, "slices, reliability, risk over coverage, answer times"
    assert page.count("<summary>The numbers</summary>") == 4, "and a table behind each"
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "gold document cited first" in page
    assert "http" not in page.replace("http://www.w3.org", ""), "it needs nothing beside it"
    only = report.summarize(RunResult("none", RECORDS[3:4], 1.0))
    assert "<svg " in html_report.to_html(only)
