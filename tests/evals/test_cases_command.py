"""`footnote eval cases`: what was marked, or one recorded answer, becomes lines of a file, once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.errors import BadRequest
from app.records.answers import Feedback
from app.records.database import open_database
from app.records.product.reviews import ReviewStore
from app.records.tracing.store import TraceStore
from evals.cli import app
from evals.commands.cases import planned
from evals.datasets import BadDataset, load_cases
from tests.contracts.asked import NOON, Asked
from tests.contracts.test_traces import workflow


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
        {"id": "d", "question": "Is there a gym?", "answerable": False, "after": ["In Oslo?"]},
    ]
    plan = planned(cases, tmp_path / "asked.jsonl")
    assert [case["id"] for case in plan.new] == ["b", "d"]
    assert [case["id"] for case in plan.known] == ["a", "c"]


def test_a_file_that_is_none_of_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="jsonl"):
        planned([], tmp_path / "cases.yaml")
    (tmp_path / "broken.jsonl").write_text("{}\n")
    with pytest.raises(BadDataset, match=r"broken\.jsonl, line 1"):
        planned([], tmp_path / "asked.jsonl")


def test_without_marked_questions_it_says_how_to_mark_them(tmp_path: Path) -> None:
    assert "Mark some" in eval_cases("--data-dir", tmp_path / "empty")


# --- one recorded answer --------------------------------------------------------------------------

DECIDED = ("--reference", "20 weeks.", "--tag", "single-fact", "--tag", "plain")


def added(data_dir: Path, file: Path, recorded: str, *arguments: str) -> dict[str, object]:
    """The case that was written of an answer."""
    eval_cases("add", recorded, "--data-dir", data_dir, "--to", file, *arguments)
    case: dict[str, object] = json.loads(file.read_text().splitlines()[-1])
    load_cases(file)
    return case


def test_an_answer_becomes_a_case_with_what_was_decided(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    case = added(data_dir, file, "ans_000001", *DECIDED, "--answer", "20 weeks", "--why", "Leave.")
    assert case == {
        "id": "asked-000001",
        "question": "How much leave?",
        "answerable": True,
        "document": "people/handbook.md",
        "passage": "20 weeks of leave.",
        "answers": ["20 weeks"],
        "reference": "20 weeks.",
        "why": "Leave.",
        "tags": ["single-fact", "plain", "asked"],
    }
    written = file.read_bytes()
    shown = eval_cases("add", "ans_000001", "--data-dir", data_dir, "--to", file)
    assert "There already: How much leave?" in shown
    assert file.read_bytes() == written


def test_a_trace_stands_for_its_answer(data_dir: Path, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{data_dir / 'footnote.db'}")
    traces = TraceStore(engine)
    traces.write(workflow(7, answer_id="ans_000002"))
    traces.write(workflow(8, answer_id=""))
    engine.dispose()
    case = added(data_dir, tmp_path / "asked.jsonl", f"{7:032x}")
    assert case["question"] == "Is there a gym?"
    shown = eval_cases(
        "add", f"{8:032x}", "--data-dir", data_dir, "--to", tmp_path / "b.jsonl", wrong=True
    )
    assert "ans_" not in shown


def test_a_refusal_that_should_be_none_needs_its_passage(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    arguments = ("add", "ans_000002", "--data-dir", data_dir, "--to", file, "--answer", "upstairs")
    eval_cases(*arguments, wrong=True)
    assert not file.exists()
    found = ("--document", "people/benefits.md", "--passage", "The gym is upstairs.")
    case = added(data_dir, file, "ans_000002", "--answer", "upstairs", *found)
    assert (case["answerable"], case["answers"]) == (True, ["upstairs"])
    assert "state" not in case  # it said not_found, and nobody has decided


def test_what_should_have_been_refused_loses_its_answer(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    case = added(data_dir, file, "ans_000001", "--state", "not_found", "--reference", "Not said.")
    assert (case["answerable"], case["state"]) == (False, "not_found")
    assert not {"document", "passage", "answers"} & case.keys()


def test_a_follow_up_keeps_what_was_asked_before_it(data_dir: Path, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{data_dir / 'footnote.db'}")
    asked = Asked(engine, "more")
    asked.ask("How much leave in Porto?", conversation="talk")
    later = NOON + timedelta(minutes=1)
    key = asked.ask(
        "How much leave in Oslo?", later, conversation="talk", asked="And Oslo?", completed=True
    )
    engine.dispose()
    case = added(data_dir, tmp_path / "asked.jsonl", key)
    assert (case["question"], case["after"]) == ("And Oslo?", ["How much leave in Porto?"])
    assert case["tags"] == ["follow-up", "asked"]


def test_an_unknown_id_and_a_dry_run_write_nothing(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    eval_cases("add", "ans_999999", "--data-dir", data_dir, "--to", file, wrong=True)
    shown = eval_cases("add", "ans_000001", "--data-dir", data_dir, "--to", file, "--dry-run")
    assert "+ {" in shown
    assert not file.exists()


# --- rules ----------------------------------------------------------------------------------------

RULES = "# Rules\n\nA term is four years.\n\n| City | Cap |\n|--|--|\n| Oslo | 210 euros |\n"
CASE = {
    "id": "term",
    "question": "How long is a term?",
    "answerable": True,
    "state": "answered",
    "document": "rules.md",
    "passage": "A term is four years.",
    "answers": ["four years"],
    "reference": "Four years.",
    "tags": ["single-fact", "plain"],
}


def test_validation_compares_with_the_documents_and_exits_with_1(tmp_path: Path) -> None:
    documents, file = tmp_path / "documents", tmp_path / "cases.jsonl"
    documents.mkdir()
    (documents / "rules.md").write_text(RULES)
    row = CASE | {
        "id": "cap",
        "question": "Cap?",
        "passage": "Oslo | 210 euros",
        "answers": ["210"],
    }
    file.write_text(f"{json.dumps(CASE)}\n{json.dumps(row)}\n")
    shown = eval_cases("validate", file, "--documents", documents)
    assert "2 cases count. Nothing is wrong." in shown
    made = {"id": "new", "question": "Why?", "made": "gpt-x"}
    lost = CASE | made | {"passage": "A term is five years."}
    file.write_text(f"{json.dumps(CASE)}\n{json.dumps(lost)}\n")
    shown = eval_cases("validate", file, "--documents", documents, wrong=True)
    assert f"{file}:2: new: its passage is not in rules.md" in shown
    assert f"{file}:2: new: does not count yet: made by gpt-x, and not reviewed." in shown
    assert "1 case counts. 1 problem." in shown
    assert "Nothing is wrong" in eval_cases("validate", file, "--no-located")


def test_validation_says_when_no_document_is_there(tmp_path: Path) -> None:
    file, empty = tmp_path / "cases.jsonl", tmp_path / "empty"
    empty.mkdir()
    file.write_text(json.dumps(CASE))
    shown = eval_cases("validate", file, "--documents", empty, wrong=True)
    assert "there is no document 'rules.md'" in shown
    eval_cases("validate", tmp_path / "gone.jsonl", wrong=True)
    file.write_text("")
    eval_cases("validate", file, wrong=True)
