"""Paired differences: against known values, against scipy, and by simulation."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from app.insights.evals.paired import (
    FEWEST_GROUPS,
    NOTHING,
    difference_of,
    holm,
    paired_difference,
)
from app.insights.evals.row import Row
from tests.unit.eval_runs_made import row

Floats = NDArray[np.float64]


def rows(values: list[float], groups: list[str] | None = None) -> list[Row]:
    return [
        replace(row(f"q{at}"), scores={"s": value}, group=groups[at] if groups else "")
        for at, value in enumerate(values)
    ]


def alone(count: int) -> list[str]:
    return [f"g{at:05}" for at in range(count)]


def test_the_difference_is_the_second_run_less_the_first() -> None:
    found = paired_difference(rows([1, 1, 0, 0, 1]), rows([1, 0, 0, 0, 0]), "s")
    assert (found.n, found.groups, found.changed) == (5, 5, 2)
    assert found.mean_a == pytest.approx(0.6)
    assert found.mean_b == pytest.approx(0.2)
    assert found.difference == pytest.approx(-0.4)
    assert found.p == 0.5  # two that differ, both worse: 2 / 2²


def test_only_cases_with_the_score_in_both_runs_are_paired() -> None:
    first = [*rows([1, 0, 1]), row("only here", scores={"s": 1.0})]
    second = [*rows([1, 0])[::-1], replace(row("q2"), scores={"another": 1.0})]
    found = paired_difference(first, second, "s")
    assert (found.n, found.difference) == (2, 0.0)
    assert paired_difference(first, second, "nobody has it") == NOTHING
    assert NOTHING.p is None
    assert not NOTHING.excludes_zero


def test_the_order_of_rows_changes_nothing() -> None:
    random = np.random.default_rng(5)
    first, second = random.random(60).tolist(), random.random(60).tolist()
    groups = [f"g{at % 20}" for at in range(60)]
    a, b = rows(first, groups), rows(second, groups)
    assert paired_difference(a, b, "s") == paired_difference(a[::-1], b[7:] + b[:7], "s")


@pytest.mark.parametrize(("worse", "better"), [(4, 0), (0, 9), (11, 5), (7, 7), (1, 0), (40, 22)])
def test_of_single_cases_that_are_right_or_wrong_p_is_mcnemars(worse: int, better: int) -> None:
    a = np.array([1.0] * worse + [0.0] * better + [1.0] * 30 + [0.0] * 10)
    b = np.array([0.0] * worse + [1.0] * better + [1.0] * 30 + [0.0] * 10)
    found = difference_of(a, b, alone(len(a)))
    assert found.p == pytest.approx(stats.binomtest(worse, worse + better).pvalue)
    assert found.test == "exact"


def test_of_groups_p_is_what_counting_every_sign_gives() -> None:
    groups = ["a"] * 5 + ["b"] * 3 + ["c"] * 4 + ["d"] * 2 + ["e"] * 1
    a = np.array([1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1], dtype=np.float64)
    b = np.array([0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0], dtype=np.float64)
    sums = [sum((b - a)[np.array(groups) == name]) for name in "abcde"]
    totals = [
        abs(sum(sign * one for sign, one in zip(signs, sums, strict=True)))
        for signs in itertools.product((-1, 1), repeat=5)
    ]
    by_hand = float(np.mean([total >= abs(sum(sums)) - 1e-9 for total in totals]))
    assert difference_of(a, b, groups).p == pytest.approx(by_hand)


def test_of_few_cases_with_other_scores_p_is_scipys_exact_one() -> None:
    random = np.random.default_rng(3)
    a = random.random(11)
    b = a + random.normal(0.1, 0.15, 11)
    expected = stats.permutation_test(
        (b - a,), lambda one: one.mean(), permutation_type="samples", n_resamples=np.inf
    )
    found = difference_of(a, b, alone(11))
    assert found.p == pytest.approx(expected.pvalue)
    assert found.test == "exact"


def test_of_many_cases_with_other_scores_p_is_near_scipys() -> None:
    random = np.random.default_rng(4)
    a = random.random(120)
    b = a + random.normal(0.03, 0.15, 120)
    expected = stats.ttest_rel(b, a).pvalue  # what the randomization test tends to
    found = difference_of(a, b, alone(120))
    assert found.test == "drawn"
    assert found.p == pytest.approx(expected, abs=0.01)


def test_a_drawn_p_is_never_0() -> None:
    a = np.linspace(0, 0.5, 200)
    found = difference_of(a, a + np.linspace(0.2, 0.4, 200), alone(200))
    assert found.p == pytest.approx(1 / 10_000)


def test_the_interval_of_single_cases_is_scipys_bootstrap() -> None:
    random = np.random.default_rng(6)
    a = (random.random(200) < 0.6).astype(np.float64)
    b = np.where(random.random(200) < 0.2, 1 - a, a)
    expected = stats.bootstrap(
        (b - a,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    found = difference_of(a, b, alone(200))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.008)


def test_copies_of_a_case_in_its_group_make_nothing_surer() -> None:
    """Five phrasings that fare alike are one observation, not five."""
    random = np.random.default_rng(7)
    a = (random.random(50) < 0.6).astype(np.float64)
    b = np.where(random.random(50) < 0.3, 1 - a, a)
    once = difference_of(a, b, alone(50))
    copied = difference_of(np.repeat(a, 5), np.repeat(b, 5), np.repeat(alone(50), 5).tolist())
    assert (copied.n, copied.groups) == (250, 50)
    assert (copied.low, copied.high, copied.p) == pytest.approx((once.low, once.high, once.p))


def test_with_fewer_groups_than_five_there_is_no_interval() -> None:
    values = [0.0, 1.0, 0.0, 1.0, 1.0]
    few = paired_difference(rows(values[:4]), rows([1.0] * 4), "s")
    assert (few.low, few.high) == (None, None)
    assert few.p == 0.5
    enough = paired_difference(rows(values), rows([1.0] * 5), "s")
    assert enough.low is not None
    assert FEWEST_GROUPS == 5


def test_runs_that_are_the_same_differ_by_exactly_nothing() -> None:
    found = paired_difference(rows([0.3] * 9), rows([0.3] * 9), "s")
    assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
    assert not found.excludes_zero


def test_thousands_of_cases_are_compared_while_a_person_waits() -> None:
    random = np.random.default_rng(8)
    a = random.random(5_000)
    begun = time.perf_counter()
    difference_of(a, random.random(5_000), alone(5_000))
    assert time.perf_counter() - begun < 5  # measured: 0.3 s on an idle machine


def test_holms_correction_is_the_published_one() -> None:
    # Holm 1979; the same numbers as statsmodels' multipletests(method="holm").
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert holm([]) == []


# --- by simulation --------------------------------------------------------------------------------

_RUNS = 600


def simulated(wrongly: Callable[[Floats, Floats, list[str]], bool]) -> float:
    """Share of comparisons in which ``wrongly`` is said, of two runs that are equally good.

    40 questions in 5 phrasings; which run gets a question right depends on the question alone, so
    that its phrasings fare alike.
    """
    random = np.random.default_rng(11)
    groups = np.repeat(alone(40), 5).tolist()
    said = 0
    for _ in range(_RUNS):
        a, b = ((random.random(40) < 0.7).astype(np.float64) for _ in "ab")
        kept = random.random((2, 200)) < 0.9  # a phrasing may still go another way
        other = (random.random((2, 200)) < 0.7).astype(np.float64)
        said += wrongly(
            np.where(kept[0], np.repeat(a, 5), other[0]),
            np.where(kept[1], np.repeat(b, 5), other[1]),
            groups,
        )
    return said / _RUNS


def test_equal_runs_are_called_different_one_time_in_twenty() -> None:
    def significant(a: Floats, b: Floats, groups: list[str]) -> bool:
        return (difference_of(a, b, groups).p or 0.0) < 0.05

    share = simulated(significant)
    assert 0.03 < share < 0.07  # 0.05 ± 1.96 · √(0.05 · 0.95 / 600) = 0.033 to 0.067


def test_the_interval_leaves_out_the_truth_about_one_time_in_twenty() -> None:
    def beside(a: Floats, b: Floats, groups: list[str]) -> bool:
        return difference_of(a, b, groups).excludes_zero

    assert 0.03 < simulated(beside) < 0.09  # of 40 groups the percentile interval is a bit short


def test_without_groups_equal_runs_would_often_be_called_different() -> None:
    """What grouping is for: taken one by one, phrasings of a question fool the test."""

    def significant(a: Floats, b: Floats, groups: list[str]) -> bool:
        return (difference_of(a, b, alone(len(groups))).p or 0.0) < 0.05

    assert simulated(significant) > 0.2
