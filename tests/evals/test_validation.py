"""The rules of a golden set, and that the one which ships keeps to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.commands.cases_validate import ValidateOptions, validated
from evals.commands.evaluate import CASES
from evals.datasets import KINDS, PHRASINGS, Gold
from evals.datasets.validation import (
    counts,
    not_counting,
    problems,
    read_entries,
    ungrounded,
)

FINE: dict[str, Any] = {
    "id": "term",
    "question": "How long is a term of the council?",
    "answerable": True,
    "state": "answered",
    "document": "rules.md",
    "passage": "A term is four years.",
    "answers": ["four years"],
    "reference": "Four years.",
    "tags": ["single-fact", "plain"],
}
REFUSED: dict[str, Any] = {
    "id": "pool",
    "question": "Is there a pool on the roof?",
    "answerable": False,
    "state": "not_found",
    "tags": ["unanswerable-missing", "plain"],
}


def told(folder: Path, *rows: dict[str, Any] | str) -> list[str]:
    """What is said of a file with these lines, without its path."""
    file = folder / "cases.jsonl"
    file.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows))
    entries, wrong = read_entries(file)
    return [str(one).removeprefix(f"{file}:") for one in [*wrong, *problems(entries)]]


def test_cases_that_keep_to_the_rules_are_fine(tmp_path: Path) -> None:
    follow = FINE | {"id": "f", "tags": ["follow-up", "plain"], "after": ["Who sits there?"]}
    assert told(tmp_path, FINE, "", REFUSED, follow) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tags": ["single-fact"]}, "has no tag of phrasing; keep one of plain, typos"),
        ({"tags": ["single-fact", "plain", "long"]}, "has 2 tags of phrasing; keep one of"),
        ({"tags": ["plain", "near-miss"]}, "has no tag of kind; add one of single-fact"),
        ({"state": None}, "has no “state”; say what the product should answer with"),
        ({"reference": " "}, "has no “reference”; write the whole answer"),
        ({"answers": []}, "has no “answers”; give the words"),
        ({"tags": ["unanswerable-missing", "plain"]}, "is tagged unanswerable-missing; drop"),
        ({"state": "conflicting"}, "rests on one document; give the other in “also”"),
        ({"tags": ["follow-up", "plain"]}, "is a follow-up without “after”; give the questions"),
        ({"after": ["Who?"]}, "has “after”, but not the tag; add the tag follow-up"),
        ({"passage": None}, "“passage” is missing; correct that line"),
        ({"state": "sure"}, "“state” is 'sure'; it can be answered"),
    ],
)
def test_a_rule_that_is_broken_is_told_with_its_line_and_a_way_out(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    (only,) = told(tmp_path, "", FINE | changes)
    assert only.startswith("2: ")
    assert said in only


@pytest.mark.parametrize(
    "tags", [["plain", "table"], ["plain", "unanswerable-future", "unanswerable-personal"]]
)
def test_a_refusal_has_one_reason(tmp_path: Path, tags: list[str]) -> None:
    (only,) = told(tmp_path, REFUSED | {"tags": tags})
    assert "tags that say why; keep one of unanswerable-missing" in only


def test_every_bad_line_is_told_and_not_just_the_first(tmp_path: Path) -> None:
    said = told(tmp_path, FINE | {"passage": ""}, FINE | {"answerable": 1}, REFUSED | {"tags": []})
    assert [one[:2] for one in said] == ["1:", "2:", "3:", "3:", "3:"]


def test_what_is_not_json_is_told_where_it_stands(tmp_path: Path) -> None:
    (only,) = told(tmp_path, FINE, "", "{not json")
    assert only.startswith("3: not valid JSON")
    (tmp_path / "cases.jsonl").write_bytes(b"\xff")
    _, (unreadable,) = read_entries(tmp_path / "cases.jsonl")
    assert "can't be read" in unreadable.what


def test_an_id_belongs_to_one_case_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(FINE))
    (tmp_path / "b.jsonl").write_text(f"\n{json.dumps(REFUSED | {'id': 'term'})}")
    entries, _ = read_entries(tmp_path)
    (only,) = problems(entries)
    assert (only.file.name, only.line) == ("b.jsonl", 2)
    assert "the id stands at a.jsonl:1 already" in only.what


def test_a_question_is_asked_once(tmp_path: Path) -> None:
    first = FINE | {"question": "For how many years is a term of the city council set?"}
    again = FINE | {"id": "b", "question": "for how many years is a TERM of the city council set"}
    nearly = FINE | {
        "id": "c",
        "question": "For how many years is a term of the whole city council set?",
    }
    other = FINE | {"id": "d", "question": "For how many weeks is a pause of the mayor set?"}
    said = told(tmp_path, first, again, nearly, other)
    assert [one[:2] for one in said] == ["2:", "3:", "3:"]
    assert "asks word for word what term asks" in said[0]
    assert "asks nearly what" in said[1]


def test_the_same_words_after_another_question_are_another_question(tmp_path: Path) -> None:
    tags = {"tags": ["follow-up", "plain"]}
    rows = [FINE | tags | {"id": key, "after": [f"{key}?"]} for key in ("a", "b")]
    assert told(tmp_path, *rows) == []


def test_a_family_is_one_question_in_different_words(tmp_path: Path) -> None:
    plain = FINE | {"family": "term"}
    typos = plain | {"id": "t", "question": "how long is a trem of the council"}
    fine = typos | {"tags": ["single-fact", "typos"]}
    assert told(tmp_path, plain, fine) == []
    (twice,) = told(tmp_path, plain, typos)
    assert "has two cases phrased plain" in twice
    (differs,) = told(tmp_path, plain, fine | {"answers": ["5 years"], "document": "b.md"})
    assert "differs from term of its family in answers, documents" in differs
    (state,) = told(tmp_path, plain, fine | {"state": "outdated"})
    assert "in state" in state


class OneDocument:
    """A corpus of one text."""

    def holds(self, document: str) -> bool:
        return document == "rules.md"

    def texts(self, gold: Gold) -> list[str]:
        text = "A term is four years. Its mayor is elected."
        return [text] if gold.passage in text else []


def grounded(folder: Path, *rows: dict[str, Any]) -> Sequence[str]:
    assert told(folder, *rows) == []
    entries, _ = read_entries(folder / "cases.jsonl")
    return [one.what for one in ungrounded(entries, OneDocument())]


def test_gold_has_to_stand_in_the_documents(tmp_path: Path) -> None:
    assert grounded(tmp_path, FINE, REFUSED) == []
    assert grounded(tmp_path, FINE | {"document": "b.md"}) == ["term: there is no document 'b.md'"]
    (lost,) = grounded(tmp_path, FINE | {"passage": "A term is five years."})
    assert lost == "term: its passage is not in rules.md: “A term is five years.”"
    other = FINE | {"also": [{"document": "rules.md", "passage": "Nowhere."}]}
    assert len(grounded(tmp_path, other)) == 1


def test_an_answer_stands_in_the_document_or_says_that_it_was_computed(tmp_path: Path) -> None:
    assert grounded(tmp_path, FINE | {"answers": ["is elected"]}) == []  # elsewhere in it
    computed = FINE | {"answers": ["48 months"]}
    assert grounded(tmp_path, computed) == ["term: “48 months” stands in none of its documents"]
    assert grounded(tmp_path, computed | {"tags": [*FINE["tags"], "computed"]}) == []


def test_what_a_model_made_waits_for_its_review(tmp_path: Path) -> None:
    made = FINE | {"id": "m", "question": "Who rules?", "made": "gpt"}
    reviewed = REFUSED | {"made": "gpt", "reviewed": "Ana, 2026-11-20"}
    assert told(tmp_path, FINE, made, reviewed) == []
    entries, _ = read_entries(tmp_path)
    assert [entry.case.id for entry in not_counting(entries)] == ["m"]


def test_cases_are_counted_by_kind_phrasing_and_split(tmp_path: Path) -> None:
    told(tmp_path, FINE | {"tags": ["single-fact", "table", "typos"]}, REFUSED)
    entries, _ = read_entries(tmp_path)
    table = counts(entry.case for entry in entries)
    assert list(table) == list(KINDS)
    (held,) = table["table"]
    assert held == ("typos", entries[0].case.split)
    assert table["table"].total() == table["single-fact"].total() == 1
    assert table["procedure"].total() == 0


def test_the_golden_set_that_ships_keeps_to_every_rule() -> None:
    verdict = validated(CASES, ValidateOptions())
    assert [str(problem) for problem in verdict.problems] == []
    cases = [entry.case for entry in verdict.entries]
    table = counts(cases)
    assert len(cases) > 300
    assert all(case.reference for case in cases)
    assert {kind for kind in KINDS if table[kind].total() < 8} == set()
    assert table["follow-up"].total() >= 20
    assert {case.phrasing for case in cases} == set(PHRASINGS)
