"""What is asked about a run's answers, in which order, and what labels still count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.insights.evals.labeling import (
    AUTOMATIC,
    CORRECT,
    agreements,
    asked_of,
    criteria,
    disagreements,
    fingerprint,
    ordered,
    said_of,
)
from app.insights.evals.row import Row
from app.insights.evals.rubric import Criterion
from app.records.product.labels import Label
from tests.unit.eval_runs_made import row

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TONE = Criterion("tone", "Tone", "Is it plain?", "The words.", {1: "no", 2: "so", 3: "yes"}, "all")
SAFE = Criterion("next", "Next", "Does it help on?", "Steps.", {0: "no", 1: "yes"}, "refused")


def label(of: Row, who: str, value: float, criterion: str = "correct") -> Label:
    return Label("sample", of.id, fingerprint(of), criterion, who, value, NOON)


def test_right_is_always_asked_and_the_rubric_after_it() -> None:
    known = criteria()
    assert known[0] is CORRECT
    assert len(known) > 1
    assert len({one.id for one in known}) == len(known)


def test_without_a_rubric_right_is_asked_alone(tmp_path: Path) -> None:
    assert criteria(tmp_path / "none.yaml") == (CORRECT,)


def test_what_is_only_for_refusals_is_not_asked_of_an_answer() -> None:
    assert asked_of(row("a"), (CORRECT, SAFE)) == [CORRECT]
    assert asked_of(row("a", state="not_found"), (CORRECT, SAFE)) == [CORRECT, SAFE]


def test_a_seed_draws_the_same_cases_whatever_else_is_in_the_run() -> None:
    rows = [row(f"q{at}") for at in range(30)]
    drawn = [one.id for one in ordered(rows, "random", 1)]
    assert drawn == [one.id for one in ordered(rows[::-1], "random", 1)]
    assert drawn != [one.id for one in ordered(rows, "random", 2)]
    fewer = [one.id for one in ordered(rows[:20], "random", 1)]
    assert fewer == [one for one in drawn if one in fewer]


def test_hard_ones_are_those_whose_probability_says_least() -> None:
    rows = [row("sure", probability=0.99), row("open", probability=0.52), row("low", probability=0)]
    assert [one.id for one in ordered(rows, "hard", 0)] == ["open", "sure", "low"]


def test_what_cannot_be_read_is_not_in_the_queue() -> None:
    assert ordered([row("a", question=""), row("b", error="away")], "random", 0) == []


def test_a_label_counts_until_something_that_was_shown_changes() -> None:
    shown = row("a")
    labels = [label(shown, "Ann", 1)]
    assert list(said_of([replace(shown, scores={}, probability=0.1)], labels)) == ["Ann"]
    for changed in (
        {"text": "Other."},
        {"cited": ("b.md",)},
        {"reference": "Otherwise."},
        {"state": "outdated"},
        {"question": "Why?"},
    ):
        assert said_of([replace(shown, **changed)], labels) == {}


def test_people_are_compared_with_the_score_and_with_each_other() -> None:
    rows = [row(f"q{at}", right=at % 2 == 0) for at in range(10)]
    ann = [label(one, "Ann", float(at % 2 == 0)) for at, one in enumerate(rows)]
    ben = [label(one, "Ben", 1.0) for one in rows[:4]]
    said = said_of(rows, [*ann, *ben])
    found = {(one.first, one.second): one for one in agreements(rows, said, (CORRECT,))}
    assert set(found) == {("Ann", AUTOMATIC), ("Ben", AUTOMATIC), ("Ann", "Ben")}
    assert found["Ann", AUTOMATIC].found.kappa.value == 1
    assert found["Ann", "Ben"].found.n == 4
    assert found["Ann", "Ben"].found.raw.value == 0.5
    differing = [each.id for each, _, _ in disagreements(rows, said, found["Ann", "Ben"])]
    assert differing == ["q1", "q3"]


def test_a_judges_points_are_compared_on_the_scale_of_the_criterion() -> None:
    rows = [row(f"q{at}", scores={"rubric.tone": 1.0 + at % 3}) for at in range(9)]
    labels = [label(one, "Ann", 1.0 + at % 3, "tone") for at, one in enumerate(rows)]
    only = agreements(rows, said_of(rows, labels), (TONE,))
    assert [(one.second, one.found.weighted.value) for one in only] == [(AUTOMATIC, 1.0)]


def test_without_a_score_and_another_person_there_is_nothing_to_compare() -> None:
    rows = [row("a")]
    assert agreements(rows, said_of(rows, [label(rows[0], "Ann", 3, "tone")]), (TONE,)) == []


def test_points_that_the_scale_no_longer_has_say_nothing() -> None:
    rows = [row("a", scores={"rubric.tone": 3.0})]
    assert agreements(rows, said_of(rows, [label(rows[0], "Ann", 5, "tone")]), (TONE,)) == []
