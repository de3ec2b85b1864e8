"""What people say of answers of evals, in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from app.errors import BadRequest
from app.records.product.labels import MAX_NOTE, Label, LabelStore

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANN = Label("sample", "q1", "a" * 16, "correct", "Ann", 1.0, NOON, "as in the table")


@pytest.fixture
def labels(engine: Engine) -> LabelStore:
    return LabelStore(engine)


def test_a_label_is_kept_as_it_was_given(labels: LabelStore) -> None:
    assert labels.put([ANN]) == 1
    assert labels.all() == [ANN]


def test_the_last_word_stands(labels: LabelStore) -> None:
    labels.put([ANN])
    later = replace(ANN, value=0.0, note="", run="again", at=NOON + timedelta(seconds=1))
    assert labels.put([later]) == 1
    assert labels.all() == [later]


def test_an_older_word_changes_nothing_also_within_one_file(labels: LabelStore) -> None:
    older = replace(ANN, value=0.0, at=NOON - timedelta(days=1))
    assert labels.put([ANN, older]) == 1
    assert labels.put([older]) == 0
    assert labels.all() == [ANN]


def test_people_criteria_and_answers_are_told_apart(labels: LabelStore) -> None:
    all_of_them = [
        ANN,
        replace(ANN, answer="b" * 16),
        replace(ANN, criterion="plain-tone", value=3.0),
        replace(ANN, labeler="Ben", value=0.0),
    ]
    labels.put(all_of_them)
    assert {(one.answer, one.criterion, one.labeler) for one in labels.all()} == {
        (one.answer, one.criterion, one.labeler) for one in all_of_them
    }
    assert [one.answer for one in labels.of_answers(["b" * 16, "c" * 16])] == ["b" * 16]


def test_labels_of_many_answers_are_found(labels: LabelStore) -> None:
    many = [replace(ANN, case_id=f"q{at}", answer=f"{at:016x}") for at in range(1201)]
    assert labels.put(many) == 1201
    assert len(labels.of_answers(one.answer for one in many)) == 1201


def test_labels_of_one_run_can_be_asked_for(labels: LabelStore) -> None:
    labels.put([ANN, replace(ANN, case_id="q2", run="other")])
    assert [one.case_id for one in labels.all("other")] == ["q2"]


def test_one_person_takes_back_what_they_said_and_only_that(labels: LabelStore) -> None:
    ben = replace(ANN, labeler="Ben")
    labels.put([ANN, replace(ANN, criterion="plain-tone"), ben, replace(ANN, case_id="q2")])
    assert labels.forget("q1", "a" * 16, "Ann") == 2
    assert [(one.case_id, one.labeler) for one in labels.all()] == [("q1", "Ben"), ("q2", "Ann")]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ANN, labeler=" "),
        replace(ANN, case_id=""),
        replace(ANN, run=""),
        replace(ANN, criterion="c" * 81),
        replace(ANN, case_id="q" * 201),
        replace(ANN, answer="the second one"),
        replace(ANN, value=float("nan")),
    ],
)
def test_a_label_that_says_nothing_is_refused_and_all_with_it(
    labels: LabelStore, wrong: Label
) -> None:
    with pytest.raises(BadRequest):
        labels.put([ANN, wrong])
    assert labels.all() == []


def test_texts_that_no_database_takes_are_made_harmless(labels: LabelStore) -> None:
    labels.put([replace(ANN, labeler="  Ann \0 B. ", note="\ud800" + "x" * MAX_NOTE)])
    kept = labels.all()[0]
    assert "\0" not in kept.labeler
    assert len(kept.note) == MAX_NOTE
