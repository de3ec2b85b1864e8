"""Questions rewritten as other people would type them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.ask.conversation.focusing import focused
from app.insights.evals.run_file import read_run_file
from evals.cli import app
from evals.datasets import PHRASINGS, Case, Dataset, Gold, Phrasing
from evals.phrasing.families import families
from evals.phrasing.rewriting import rewritten

QUESTION = "How many weeks of parental leave do the employees in Rotterdam get?"
DATASET = Dataset(
    "leave",
    Path(),
    tuple(
        Case(f"q{i}", question, True, (Gold("leave.md"),), ("20 weeks",), tags=("table", "plain"))
        for i, question in enumerate(
            [QUESTION, "Who approves a trip to Lisbon?", "What is Estuary?"]
        )
    ),
)


@pytest.mark.parametrize("phrasing", PHRASINGS)
def test_the_same_seed_gives_the_same_question_again(phrasing: Phrasing) -> None:
    assert rewritten(QUESTION, phrasing, 3) == rewritten(QUESTION, phrasing, 3)


def test_a_hurried_question_has_other_words_of_nearly_the_same_letters() -> None:
    hurried = rewritten(QUESTION, "typos").split()
    plain = QUESTION.lower().rstrip("?").split()
    changed = [(old, new) for old, new in zip(plain, hurried, strict=True) if old != new]
    assert 1 <= len(changed) <= 4
    assert all(abs(len(old) - len(new)) <= 1 and old[0] == new[0] for old, new in changed)


def test_search_words_are_words_of_the_question_without_those_of_grammar() -> None:
    found = rewritten(QUESTION, "keywords").split()
    assert set(found) < set(QUESTION.lower().rstrip("?").split())
    assert not {"how", "of", "the", "in", "do"} & set(found)


def test_a_learner_leaves_words_out_but_none_that_the_question_is_about() -> None:
    written = rewritten(QUESTION, "non-native")
    assert written != QUESTION
    assert all(word in written for word in ("week", "parental", "leave", "Rotterdam"))


def test_a_long_message_holds_the_question_and_the_product_finds_it() -> None:
    message = rewritten(QUESTION, "long")
    assert len(message.split()) > 35
    assert focused(message) == QUESTION


def test_every_question_gets_a_family_of_all_phrasings() -> None:
    made = families(DATASET)
    assert len(made.cases) == 3 * len(PHRASINGS)
    assert {case.phrasing for case in made.cases if case.family == "q1"} == set(PHRASINGS)
    assert all(case.answers == ("20 weeks",) and "table" in case.tags for case in made.cases)
    assert len({case.split for case in made.cases if case.family == "q1"}) == 1


def test_fewer_questions_are_drawn_by_the_seed() -> None:
    first, again = families(DATASET, 2, seed=1), families(DATASET, 2, seed=1)
    assert [case.id for case in first.cases] == [case.id for case in again.cases]
    assert len({case.family for case in first.cases}) == 2


def test_a_family_by_hand_is_left_to_people() -> None:
    by_hand = Dataset("x", Path(), (Case("a", QUESTION, True, family="f1"), *DATASET.cases))
    assert all(case.family != "a" for case in families(by_hand).cases)


@pytest.mark.slow
def test_a_folders_questions_are_asked_in_every_phrasing(
    handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOOTNOTE_EVAL_RUNS", str(tmp_path / "runs"))
    done = CliRunner().invoke(
        app,
        ["phrasings", "--dataset", "folder", str(handbook), "--data-dir", "own", "--limit", "3"],
    )
    assert done.exit_code == 0, done.output
    (kept,) = (tmp_path / "runs").iterdir()
    run = read_run_file(kept)
    assert run.cases == 3 * len(PHRASINGS)
    assert run.figures["gap_long"].n == 3
    assert "3 questions, each in 5 phrasings made by rule." in run.notes
