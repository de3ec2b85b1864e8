"""Two runs beside each other: what changed, which cases, and what may be said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.insights.evals.comparison import FEWEST_CASES, Comparison, compare
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFigure
from app.insights.targets import Targets, load_targets
from tests.unit.eval_runs_made import made, row


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Targets:
    return load_targets(tmp_path_factory.mktemp("none"))  # definitions alone


def many(count: int, wrong: int = 0, **changes: Any) -> list[Row]:
    return [row(f"q{at:03}", right=at >= wrong, **changes) for at in range(count)]


def ids(found: Comparison, name: str) -> list[str]:
    return [change.b.id for change in getattr(found, name)]


def test_cases_are_told_apart_by_what_became_of_them(targets: Targets) -> None:
    before = [
        row("stayed"),
        row("broke"),
        row("healed", right=False),
        row("turned"),
        row("fell", scores={"mrr": 1.0, "recall_at_5": 1.0}),
    ]
    after = [
        row("stayed"),
        row("broke", right=False),
        row("healed"),
        row("turned", state="partial"),
        row("fell", scores={"mrr": 0.25, "recall_at_5": 0.5}),
    ]
    found = compare(made("a", before), made("b", after), targets)
    assert found.paired == 5
    assert ids(found, "regressions") == ["broke"]
    assert ids(found, "improvements") == ["healed"]
    assert ids(found, "states") == ["turned"]
    (fell,) = found.drops
    assert (fell.b.id, fell.score, fell.drop) == ("fell", "mrr", 0.75)


def test_the_surest_regressions_come_first(targets: Targets) -> None:
    before = [row("a"), row("b"), row("c")]
    sure = {"a": 0.2, "b": 0.9, "c": 0.5}
    after = [row(name, right=False, probability=said) for name, said in sure.items()]
    assert ids(compare(made("a", before), made("b", after), targets), "regressions") == list("bca")


def test_a_rise_of_what_should_be_low_is_a_drop(targets: Targets) -> None:
    before = [row("x", scores={"false_refusal": 0.0})]
    after = [row("x", scores={"false_refusal": 1.0})]
    (fell,) = compare(made("a", before), made("b", after), targets).drops
    assert (fell.score, fell.drop) == ("false_refusal", 1.0)


def test_settings_that_changed_come_first_and_are_marked(targets: Targets) -> None:
    other = made("b", many(3), configuration={"read_passages": 8, "dense_weight": 1.0, "new": "x"})
    found = compare(made("a", many(3)), other, targets)
    assert [(one.name, one.a, one.b, one.changed) for one in found.configuration] == [
        ("dense_weight", 0.65, 1.0, True),
        ("new", None, "x", True),
        ("read_passages", 8, 8, False),
    ]
    assert not any(one.changed for one in found.environment)


def test_what_the_configuration_says_is_not_said_again(targets: Targets) -> None:
    run = made("a", many(3), environment={"dense_weight": 0.65, "seed": 0})
    assert [one.name for one in compare(run, run, targets).environment] == ["seed"]


def test_a_great_difference_is_called_one_and_its_direction_is_the_metrics(
    targets: Targets,
) -> None:
    before = many(60)
    after = many(20, 20, scores={"false_refusal": 1.0}) + before[20:]
    found = compare(made("a", before), made("b", after), targets)
    verdicts = {one.target.id: one.verdict for one in found.metrics}
    assert verdicts["correct"] == "worse"
    assert verdicts["false_refusal"] == "worse"  # it rose
    back = compare(made("b", after), made("a", before), targets)
    assert {one.target.id: one.verdict for one in back.metrics}["false_refusal"] == "better"
    assert found.headline is not None
    assert found.headline.difference.difference == pytest.approx(-1 / 3)


def test_the_first_metric_is_tested_alone_and_the_others_are_corrected(targets: Targets) -> None:
    """Metrics that fell alike have p = 0.03 each: one alone counts, among five it may be chance."""
    names = ("mrr", "recall_at_5", "ndcg_at_10", "document_first", "citation_recall")
    before = [row(f"q{at:02}", scores=dict.fromkeys(names, 1.0)) for at in range(40)]
    after = [
        row(f"q{at:02}", right=at >= 6, scores=dict.fromkeys(names, float(at >= 6)))
        for at in range(40)
    ]
    found = compare(made("a", before), made("b", after), targets)
    by_name = {one.target.id: one for one in found.metrics}
    assert by_name["correct"].difference.p == pytest.approx(2 / 2**6)
    assert by_name["correct"].verdict == "worse"
    assert by_name["mrr"].difference.p == by_name["correct"].difference.p
    assert by_name["mrr"].corrected == pytest.approx(5 * 2 / 2**6)
    assert by_name["mrr"].verdict == "maybe worse"
    assert by_name["false_refusal"].verdict == "same"  # and is not one of the five


def test_of_too_few_cases_nothing_is_said(targets: Targets) -> None:
    few = FEWEST_CASES - 1
    found = compare(made("a", many(few)), made("b", many(few, wrong=few)), targets)
    assert found.headline is not None
    assert found.headline.verdict == "few"
    enough = compare(
        made("a", many(FEWEST_CASES)), made("b", many(FEWEST_CASES, FEWEST_CASES)), targets
    )
    assert enough.headline is not None
    assert enough.headline.verdict == "worse"


def test_times_stand_side_by_side_and_are_not_tested(targets: Targets) -> None:
    slow = {"total_ms": 900.0, "cost_usd": 0.1, "words": 90.0}
    figures = {"total_p50": RunFigure(900.0, 1, unit="ms")}
    after = made("b", [row("x", scores=slow)], sections={"Milliseconds": figures})
    found = compare(made("a", [row("x")]), after, targets)
    assert not set(slow) & {one.target.id for one in found.metrics if one.difference.n}
    assert {one.target.id: one.verdict for one in found.metrics}["total_p50"] == "shown"


def test_cases_of_one_run_are_named_and_not_compared(targets: Targets) -> None:
    found = compare(made("a", [row("x"), row("gone")]), made("b", [row("x"), row("new")]), targets)
    assert found.paired == 1
    assert [one.id for one in found.only_a] == ["gone"]
    assert [one.id for one in found.only_b] == ["new"]


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "Something else?"},
        {"after": ("And before?",)},
        {"answers": ("another",)},
        {"wanted": ("b.md",)},
        {"expected": "outdated"},
        {"answerable": False},
    ],
)
def test_another_case_under_the_same_id_is_left_out_and_said(
    targets: Targets, changes: dict[str, Any]
) -> None:
    before = [row("x"), row("y")]
    after = [replace(row("x", right=False), **changes), row("y")]
    found = compare(made("a", before), made("b", after), targets)
    assert found.altered == ("x",)
    assert found.paired == 1
    assert not found.regressions
    assert "can't be compared; 1 is." in found.warnings[0]


def test_a_new_reference_leaves_out_only_the_scores_that_go_by_it(targets: Targets) -> None:
    before = [row(f"q{at}", scores={"rouge_l": 0.5}) for at in range(4)]
    after = [replace(one, reference="Better words.") for one in before[:3]] + before[3:]
    found = compare(made("a", before), made("b", after), targets)
    counts = {one.target.id: one.difference.n for one in found.metrics}
    assert (counts["correct"], counts["rouge_l"]) == (4, 1)
    assert found.altered == ()


def test_other_documents_and_another_machine_are_warned_of(targets: Targets) -> None:
    other = made("b", many(3), environment={"documents_sha256": "d2", "processors": 8})
    warnings = " ".join(compare(made("a", many(3)), other, targets).warnings)
    assert "The documents differ" in warnings
    assert "times can't be compared" in warnings
    assert not compare(made("a", many(3)), made("b", many(3)), targets).warnings


def test_reports_without_texts_are_compared_by_id_and_said_so(targets: Targets) -> None:
    bare = many(3, wrong=1, question="", answers=(), wanted=(), text="", reference="")
    found = compare(made("a", many(3)), made("b", bare), targets)
    assert ids(found, "regressions") == ["q000"]
    assert "without texts" in found.warnings[0]


def test_runs_without_a_case_in_common_are_only_laid_side_by_side(targets: Targets) -> None:
    found = compare(made("a", [row("x")]), made("b", [row("y")]), targets)
    assert "No case is in both" in found.warnings[0]
    assert {one.verdict for one in found.metrics} == {"shown"}
    assert found.metrics[0].a is not None
    assert "keeps no cases" in compare(made("a", []), made("b", [row("y")]), targets).warnings[0]


def test_slices_differ_each_by_itself(targets: Targets) -> None:
    before = [row(f"q{at:02}", tags=("table",) if at < 30 else ("plain",)) for at in range(50)]
    after = [replace(one, scores={"correct": float(at >= 12)}) for at, one in enumerate(before)]
    found = compare(made("a", before), made("b", after), targets)
    assert [(one.name, one.difference.n, one.verdict) for one in found.slices] == [
        ("table", 30, "worse"),
        ("plain", 20, "same"),
    ]
