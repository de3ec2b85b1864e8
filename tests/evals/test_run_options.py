"""Which cases a run asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import BadRequest
from evals.datasets import Case, Dataset
from evals.running.options import RunOptions, chosen, notes

CASES = tuple(
    Case(f"q{i}", f"What is {i}?", answerable=False, family=f"f{i // 2}") for i in range(40)
)
DATASET = Dataset("many", Path(), CASES)


def test_a_split_leaves_whole_families_and_both_make_up_all() -> None:
    dev = chosen(DATASET, RunOptions(split="dev"))
    held = chosen(DATASET, RunOptions(split="holdout"))
    assert dev
    assert held
    assert not {case.family for case in dev} & {case.family for case in held}
    assert {case.id for case in (*dev, *held)} == {case.id for case in CASES}
    assert len(chosen(DATASET, RunOptions(split="dev", limit=3))) == 3


def test_a_split_that_nothing_is_in_is_said() -> None:
    dev = tuple(case for case in CASES if case.split == "dev")
    with pytest.raises(BadRequest, match="no questions in the split “holdout”"):
        chosen(Dataset("some", Path(), dev), RunOptions(split="holdout"))


def test_cases_that_a_program_made_count_once_somebody_reviewed_them() -> None:
    made = Case("m", "Who?", answerable=False, made="synthetic")
    read = Case("r", "When?", answerable=False, made="synthetic", reviewed="Ana, 2026-11-02")
    dataset = Dataset("mixed", Path(), (made, read), notes=("A note.",))
    assert [case.id for case in chosen(dataset, RunOptions())] == ["r"]
    assert notes(dataset)[0] == "A note."
    assert "1 questions made by a program" in notes(dataset)[1]
