"""Intended uses from a file, questions too short to answer, and cases made of questions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.domain import AnswerState, Citation, Hit, Passage, Sentence
from app.errors import SettingsError
from app.insights.gaps.eval_cases import Marked, line, proposal
from app.insights.gaps.intended import embedded, load_uses
from app.insights.gaps.vague import Helped, prompt_quality
from app.records.product.failure_reads import ThreadPart
from evals.datasets import load_cases
from tests.contracts.documents import document
from tests.contracts.test_answers import plain_answer
from tests.knowledge.world import WordEmbedder

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
USES = """
uses:
  - {id: leave, name: Leave, examples: [How many vacation days, parental leave]}
  - {id: it, name: IT, examples: [laptop broken, printer]}
"""


# --- intended uses --------------------------------------------------------------------------------


def test_the_project_s_own_uses_can_be_read() -> None:
    uses = load_uses(Path("prd"))
    assert len(uses) >= 5
    assert all(3 <= len(use.examples) <= 8 for use in uses)


def test_a_question_is_near_the_use_it_shares_words_with(tmp_path: Path) -> None:
    (tmp_path / "intended-uses.yaml").write_text(USES)
    embedder = WordEmbedder()
    table = embedded(load_uses(tmp_path), embedder.encode_query)
    asked = np.array([embedder.encode_query(text) for text in ("printer jam", "prime numbers")])
    near, use = table.nearest(asked)
    assert table.uses[use[0]].id == "it"
    assert near[0] > 0.5 > near[1]


def test_without_a_file_there_are_no_uses(tmp_path: Path) -> None:
    assert load_uses(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("uses: [", "can't be read"),
        ("leave: 3", "no list “uses”"),
        ("uses: [1]", "use 1"),
        ("uses: [{id: Leave!, name: Leave, examples: [a]}]", "“id”"),
        ("uses: [{id: leave, examples: [a]}]", "“name” is missing"),
        ("uses: [{id: leave, name: Leave, examples: 3}]", "not a list"),
        ("uses: [{id: leave, name: Leave, examples: ['  ']}]", "no examples"),
        ("uses: [{id: a, name: A, examples: [a]}, {id: a, name: B, examples: [b]}]", "twice"),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "intended-uses.yaml").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        load_uses(tmp_path)


# --- too short ------------------------------------------------------------------------------------


def part(text: str, words: int, number: int, level: str = "low", **fields: object) -> ThreadPart:
    values = {
        "answer_id": f"ans_{text}_{number}",
        "thread_id": "thread",
        "text": text,
        "asked_at": NOON + timedelta(minutes=number),
        "state": "not_found" if level == "low" else "answered",
        "level": level,
        "status": "complete",
        "content_words": words,
        "rephrase_of": "ans_before" if number else None,
        "acts": frozenset(),
    }
    return ThreadPart(**(values | fields))  # type: ignore[arg-type]  # named by the tests


def ways(found: tuple[Helped, ...]) -> dict[str, tuple[int, int]]:
    return {one.way: (one.tried, one.answered) for one in found}


def test_what_helped_is_told_from_the_last_rephrase() -> None:
    thread = [part("leave", 1, 0), part("leave days", 2, 1), part("leave days Porto", 3, 2, "high")]
    other = [
        replace(part("vpn", 1, 0), thread_id="b", acts=frozenset({"rephrasing_chosen"})),
        replace(part("vpn?", 1, 1), thread_id="b"),
    ]
    found = prompt_quality([*thread, *other], questions=10)
    assert (found.vague, found.again, found.answered) == (4, 3, 2)
    assert found.share == 0.4
    assert ways(found.ways) == {
        "longer": (2, 2),
        "named": (2, 2),
        "narrowed": (0, 0),
        "offered": (1, 0),
    }


def test_a_short_question_with_an_answer_is_fine() -> None:
    found = prompt_quality([part("vpn", 1, 0, "high"), part("wifi porto guest", 3, 1)], 2)
    assert found.vague == 0
    assert prompt_quality([], 0).share is None


def test_only_questions_of_the_period_count() -> None:
    thread = [part("leave", 1, 0), part("leave days", 2, 5, "high")]
    before = prompt_quality(thread, 1, within=lambda one: one.asked_at > NOON)
    assert before.vague == 0


# --- cases ----------------------------------------------------------------------------------------

QUOTE = "Every parent is entitled to 20 weeks of leave."
CITED = Citation(
    number=1,
    document_id="doc_1",
    passage_id="p",
    title="Handbook",
    source="/srv/docs/people/handbook.md",
    collection="people",
    kind="md",
    heading=(),
    page=None,
    page_kind="",
    quote=QUOTE,
    start=0,
    end=len(QUOTE),
    updated_at=None,
)
ANSWERED = plain_answer(
    "ans_1",
    state=AnswerState.ANSWERED,
    citations=(CITED,),
    sentences=(Sentence(QUOTE, (1,), emphasis=((28, 36),)),),
)
NEAR = Hit(
    Passage(
        "p", "doc_2", 0, 10, 40, "One thing. The gym is upstairs", (), None, ((10, 20), (21, 40))
    ),
    document("benefits", source="https://intranet.example/people/benefits.html?x=1"),
    score=0.4,
    dense=0.4,
    lexical=0.0,
    sentence_scores=(0.1, 0.7),
)
REFUSED = plain_answer("ans_1", closest=(NEAR,))
MARKED = Marked("ans_1", "How much leave?", NOON)


def valid(case: dict[str, object], tmp_path: Path) -> dict[str, object]:
    """The case, after the evals have read it."""
    file = tmp_path / "cases.jsonl"
    file.write_text(line(case))
    load_cases(file)
    return case


def test_an_accepted_answer_is_proposed_as_it_was(tmp_path: Path) -> None:
    case = valid(proposal(replace(MARKED, accepted=True), ANSWERED), tmp_path)
    assert case["answerable"] is True
    assert (case["state"], case["document"]) == ("answered", "people/handbook.md")
    assert (case["passage"], case["answers"]) == (QUOTE, ["20 weeks"])
    assert case["why"] == "Asked on 2026-11-20. A reader accepted the answer."
    assert case["tags"] == ["asked"]


def test_a_correction_is_what_is_expected(tmp_path: Path) -> None:
    marked = replace(MARKED, corrections=("16 weeks", "22 weeks"), rejected=True)
    case = valid(proposal(marked, ANSWERED), tmp_path)
    assert case["answers"] == ["22 weeks"]
    assert "state" not in case  # nobody can tell yet


def test_a_refusal_stays_one_until_somebody_says_otherwise(tmp_path: Path) -> None:
    case = valid(proposal(MARKED, REFUSED), tmp_path)
    assert (case["answerable"], case["state"]) == (False, "not_found")
    assert "document" not in case
    cautious = replace(MARKED, failure_mode="over_cautious")
    case = valid(proposal(cautious, REFUSED), tmp_path)
    assert (case["answerable"], case["passage"]) == (True, "The gym is upstairs")
    assert case["document"] == "people/benefits.html"
    assert case["tags"] == ["asked", "over-cautious"]


def test_what_no_document_says_is_not_answerable(tmp_path: Path) -> None:
    marked = replace(MARKED, failure_mode="missing_document", note="HR writes it.")
    case = valid(proposal(marked, ANSWERED), tmp_path)
    assert case["answerable"] is False
    assert str(case["why"]).endswith("HR writes it.")


def test_a_deleted_answer_leaves_the_question(tmp_path: Path) -> None:
    case = valid(proposal(MARKED, None), tmp_path)
    assert case["question"] == "How much leave?"
    assert "deleted" in str(case["why"])


def test_a_line_is_one_line_of_json() -> None:
    text = line(proposal(replace(MARKED, question="Äh?\nWas?"), None))
    assert "\n" not in text
    assert json.loads(text)["question"] == "Äh?\nWas?"
