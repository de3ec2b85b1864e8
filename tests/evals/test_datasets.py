"""Loading questions: the layouts, and what is said of a bad row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.domain import AnswerState
from app.errors import BadRequest, NotFound
from evals.commands.evaluate import CASES
from evals.datasets import BadDataset, load, load_cases

QUESTION = {
    "id": "q1",
    "question": "How long is a term?",
    "answerable": True,
    "document": "rules.md",
    "passage": "A term is four years.",
    "answers": ["four years"],
}
CASE = QUESTION | {"state": "answered", "why": "Rule 1", "tags": ["plain"]}


def folder(path: Path, *rows: dict[str, Any] | str, documents: str = "corpus") -> Path:
    (path / documents).mkdir()
    (path / documents / "rules.md").write_text("# Rules\n\nA term is four years.\n")
    (path / documents / "2023 Q1 ACME.pdf").write_bytes(b"%PDF")
    (path / documents / "2023 Q2 ACME.pdf").write_bytes(b"%PDF")
    lines(path / "questions.jsonl", *rows)
    return path


def lines(path: Path, *rows: dict[str, Any] | str) -> Path:
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_folder_gives_its_questions_and_its_documents(tmp_path: Path) -> None:
    missing = QUESTION | {"id": "q2", "answerable": False, "document": "not-there.md"}
    dataset = load("folder", folder(tmp_path, QUESTION, "", missing))
    first, second = dataset.cases
    assert dataset.corpus == tmp_path / "corpus"
    assert (first.documents, first.answers) == (("rules.md",), ("four years",))
    assert first.gold[0].passage == "A term is four years."
    assert not second.answerable
    assert second.gold == ()


def test_a_separator_inside_a_question_does_not_end_its_line(tmp_path: Path) -> None:
    row = json.dumps(QUESTION | {"question": "How\u2028long?"}, ensure_ascii=False)
    assert load("folder", folder(tmp_path, row)).cases[0].question == "How\u2028long?"


def test_filings_name_their_documents_by_a_glob(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "question": "Net sales?",
            "documents": "*2023 Q1 ACME*",
            "type": "Single-Doc Multi-Chunk RAG",
            "evidence": "Table",
            "answer": "$5",
        },
        {"question": "And over time?", "documents": "*ACME*", "type": "Multi-Doc RAG"},
    ]
    one, many = load("filings", folder(tmp_path, *rows, documents="pdf")).cases
    assert one.documents == ("2023 Q1 ACME.pdf",)
    assert set(one.tags) == {"single-document", "multi-chunk", "evidence-table"}
    assert one.answers == ()
    assert many.documents == ("2023 Q1 ACME.pdf", "2023 Q2 ACME.pdf")
    assert many.tags == ("multi-document",)


def test_golden_cases_may_rest_on_several_passages_in_several_files(tmp_path: Path) -> None:
    also = [{"document": "b.md", "passage": "B."}]
    lines(tmp_path / "one.jsonl", CASE | {"also": also})
    lines(
        tmp_path / "two.jsonl",
        {"id": "n", "question": "And?", "answerable": False, "state": "not_found"},
    )
    first, second = load("cases", tmp_path).cases
    assert first.documents == ("rules.md", "b.md")
    assert (first.state, first.tags) == (AnswerState.ANSWERED, ("plain",))
    assert second.state is AnswerState.NOT_FOUND


def test_what_a_model_made_is_left_out_until_somebody_has_reviewed_it(tmp_path: Path) -> None:
    made = CASE | {"id": "made", "made": "gpt"}
    lines(tmp_path / "a.jsonl", CASE, made, made | {"id": "seen", "reviewed": "Ana, 2026-11-20"})
    dataset = load("cases", tmp_path)
    assert [case.id for case in dataset.cases] == ["q1", "seen"]
    assert dataset.notes == ("1 case left out: made by a model, and not reviewed yet.",)
    everything = load_cases(tmp_path, unreviewed=True)
    assert (len(everything.cases), everything.notes) == (3, ())


@pytest.mark.parametrize(
    ("layout", "row", "said"),
    [
        ("folder", "{not json", "line 2: not valid JSON"),
        ("folder", '["a list"]', "line 2: not a JSON object"),
        ("folder", QUESTION | {"id": "q2", "question": " "}, "line 2: “question” is empty"),
        ("folder", QUESTION | {"id": "q2", "question": 7}, "line 2: “question” is not a text"),
        ("folder", QUESTION | {"id": "q2", "answerable": "yes"}, "“answerable” is not true or"),
        ("folder", QUESTION | {"id": "q2", "answers": "four"}, "“answers” is not a list"),
        ("folder", QUESTION | {"id": "q2", "document": "x.md"}, "'x.md' is not in"),
        ("folder", QUESTION, "the id 'q1' occurs twice"),
        ("cases", CASE | {"id": "q2", "state": "sure"}, "“state” is 'sure'; it can be answered,"),
        ("cases", CASE | {"id": "q2", "state": "not_found"}, "“answerable” is true, but"),
        ("cases", CASE | {"id": "q2", "passage": None}, "line 2: “passage” is missing"),
        ("cases", CASE | {"id": "q2", "also": ["b.md"]}, "“also” is not a list of objects"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_what_is_wrong(
    tmp_path: Path, layout: str, row: dict[str, Any] | str, said: str
) -> None:
    path = folder(tmp_path, CASE, row)
    with pytest.raises(BadDataset) as error:
        load(layout, path / "questions.jsonl" if layout == "cases" else path)
    assert said in error.value.message


def test_a_glob_that_matches_no_file_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, {"question": "?", "documents": "*GONE*"})
    with pytest.raises(BadDataset, match=r"line 1: no file in .* matches '\*GONE\*'"):
        load("filings", path)


def test_a_missing_path_an_empty_one_and_an_unknown_layout_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="doesn't exist"):
        load("folder", tmp_path / "gone")
    with pytest.raises(NotFound, match="no folder “corpus” or “pdf”"):
        load("folder", tmp_path)
    (tmp_path / "corpus").mkdir()
    with pytest.raises(NotFound, match=r"no questions\.jsonl"):
        load("folder", tmp_path)
    lines(tmp_path / "questions.jsonl", "")
    with pytest.raises(BadDataset, match="holds no questions"):
        load("folder", tmp_path)
    with pytest.raises(BadRequest, match="Use one of: folder, filings, cases"):
        load("sql", tmp_path)


def test_the_golden_cases_that_ship_can_be_loaded_and_their_documents_exist(
    sample_files: Path,
) -> None:
    cases = load("cases", CASES).cases
    names = {file.relative_to(sample_files).as_posix() for file in sample_files.rglob("*.*")}
    assert len(cases) > 100
    assert {name for case in cases for name in case.documents} <= names
