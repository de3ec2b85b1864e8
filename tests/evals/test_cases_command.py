"""`footnote eval cases`: what was marked in the review becomes lines of a file, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.errors import BadRequest
from app.records.answers import Feedback
from app.records.database import open_database
from app.records.product.reviews import ReviewStore
from evals.cases_command import planned
from evals.cli import app
from evals.datasets import BadDataset, load_cases
from tests.contracts.asked import Asked


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Three questions; two are marked, one of which was corrected by its reader."""
    folder = tmp_path / "data"
    engine = open_database(f"sqlite:///{folder / 'footnote.db'}")
    asked, reviews = Asked(engine), ReviewStore(engine)
    leave = asked.ask("How much leave?", state="answered", level="high", quote="20 weeks of leave.")
    asked.answers.add_feedback(Feedback(leave, helpful=False, correction="22 weeks"))
    gym = asked.ask("Is there a gym?")
    asked.ask("Not marked?")
    reviews.decide(leave, eval_case=True)
    reviews.decide(gym, eval_case=True, failure_mode="missing_document")
    engine.dispose()
    return folder


def eval_cases(*arguments: str | Path, wrong: bool = False) -> str:
    result = CliRunner().invoke(app, ["cases", *map(str, arguments)])
    assert (result.exit_code != 0) is wrong, result.output
    return result.output


def test_marked_questions_are_listed_as_cases(data_dir: Path) -> None:
    shown = eval_cases("--data-dir", data_dir)
    lines = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    assert [case["question"] for case in lines] == ["How much leave?", "Is there a gym?"]
    assert lines[0]["answers"] == ["22 weeks"]
    assert lines[1]["answerable"] is False
    assert "2 cases" in shown


def test_new_cases_are_appended_and_old_lines_kept(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases" / "asked.jsonl"
    file.parent.mkdir()
    first = '{"id": "mine",  "question": "Why?", "answerable": false}'  # without a last newline
    file.write_text(first)
    eval_cases("--data-dir", data_dir, "--write", file)
    assert file.read_text().startswith(f"{first}\n{{")
    assert [case.question for case in load_cases(file).cases] == [
        "Why?",
        "How much leave?",
        "Is there a gym?",
    ]
    written = file.read_bytes()
    assert "Nothing new." in eval_cases("--data-dir", data_dir, "--write", file)
    assert file.read_bytes() == written


def test_a_dry_run_writes_nothing(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases" / "asked.jsonl"
    shown = eval_cases("--data-dir", data_dir, "--write", file, "--dry-run")
    assert shown.count("+ {") == 2
    assert not file.parent.exists()


def test_a_question_that_another_file_asks_is_not_new(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text(
        '{"id": "x", "question": "is there  a GYM", "answerable": false}\n'
    )
    cases = [
        {"id": "a", "question": "Is there a gym?", "answerable": False},
        {"id": "b", "question": "Is there a pool?", "answerable": False},
        {"id": "c", "question": "Is there a pool", "answerable": False},
    ]
    plan = planned(cases, tmp_path / "asked.jsonl")
    assert [case["id"] for case in plan.new] == ["b"]
    assert [case["id"] for case in plan.known] == ["a", "c"]


def test_a_file_that_is_none_of_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="jsonl"):
        planned([], tmp_path / "cases.yaml")
    (tmp_path / "broken.jsonl").write_text("{}\n")
    with pytest.raises(BadDataset, match=r"broken\.jsonl, line 1"):
        planned([], tmp_path / "asked.jsonl")


def test_without_marked_questions_it_says_how_to_mark_them(tmp_path: Path) -> None:
    assert "Mark some" in eval_cases("--data-dir", tmp_path / "empty")
