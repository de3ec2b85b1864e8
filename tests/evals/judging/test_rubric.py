"""The criteria file: what it says, and what is said when it can't be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.errors import NotFound
from app.insights.evals.rubric import BadRubric, load_rubric

GOOD: dict[str, Any] = {
    "id": "kind",
    "name": "Kind",
    "question": "Is it kind?",
    "guidance": "As a colleague\nwould be.",
    "scale": {0: "rude", 1: "kind"},
    "applies_to": "answered",
}


def written(tmp_path: Path, *criteria: Any) -> Path:
    path = tmp_path / "rubric.yaml"
    path.write_text(yaml.safe_dump({"criteria": list(criteria)}))
    return path


def test_the_shipped_criteria_can_be_asked_of_answers_and_of_refusals() -> None:
    rubric = load_rubric()
    assert 4 <= len(rubric.criteria) <= 8
    assert any(one.applies(refused=False) for one in rubric.criteria)
    assert any(one.applies(refused=True) for one in rubric.criteria)
    for one in rubric.criteria:
        assert one.question.endswith("?")
        assert len(one.scale) >= 2
        assert list(one.scale) == sorted(one.scale)


def test_a_criterion_applies_to_what_it_says(tmp_path: Path) -> None:
    both = GOOD | {"id": "both", "applies_to": "all"}
    refusals = GOOD | {"id": "refusals", "applies_to": "refused"}
    rubric = load_rubric(written(tmp_path, GOOD, both, refusals))
    told = {
        one.id: (one.applies(refused=False), one.applies(refused=True)) for one in rubric.criteria
    }
    assert told == {"kind": (True, False), "both": (True, True), "refusals": (False, True)}
    assert rubric.criteria[0].guidance == "As a colleague would be."
    assert rubric.criteria[0].score_id == "rubric.kind"


def test_the_fingerprint_changes_with_a_word(tmp_path: Path) -> None:
    first = load_rubric(written(tmp_path, GOOD)).fingerprint
    assert load_rubric(written(tmp_path, GOOD)).fingerprint == first
    assert load_rubric(written(tmp_path, GOOD | {"name": "Kindly"})).fingerprint != first


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "Not an id"}, "small letters"),
        ({"question": ""}, "“question” is missing"),
        ({"guidance": None}, "“guidance” is missing"),
        ({"scale": {1: "only"}}, "at least two"),
        ({"scale": {"good": "yes", "bad": "no"}}, "not a whole number"),
        ({"scale": {0: False, 1: True}}, "put it in quotes"),
        ({"applies_to": "some"}, "“applies_to” is 'some'"),
        ({"weight": 3}, "the field 'weight' is unknown"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path = written(tmp_path, GOOD, GOOD | {"id": "second"} | change)
    with pytest.raises(BadRubric, match="criterion 2") as raised:
        load_rubric(path)
    assert said in raised.value.detail


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRubric, match="occurs twice"):
        load_rubric(written(tmp_path, GOOD, GOOD))
    with pytest.raises(BadRubric, match="no list"):
        load_rubric(written(tmp_path))
    with pytest.raises(NotFound):
        load_rubric(tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("criteria: [")
    with pytest.raises(BadRubric, match="not readable YAML"):
        load_rubric(bad)
