"""How often two raters agree: figures by hand, scikit-learn's figures, and intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from app.insights.evals.agreement import Agreement, Pair, agreement, kappa_words


def of_counts(counts: list[list[int]], **options: Any) -> Agreement:
    """The agreement of a table of counts on the scale 0, 1, …; every case is a group."""
    pairs = [
        Pair(first, second, f"{first}-{second}-{at}")
        for first, row in enumerate(counts)
        for second, count in enumerate(row)
        for at in range(count)
    ]
    return agreement(pairs, range(len(counts)), **options)


def test_kappa_is_what_one_finds_by_hand() -> None:
    found = of_counts([[20, 5], [10, 15]])
    assert found.table == ((20, 5), (10, 15))
    assert found.raw.value == pytest.approx(0.7)
    assert found.kappa.value == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert found.weighted.value == pytest.approx(found.kappa.value)


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_what_scikit_learn_says(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.integers(1, 5, 80)
    second = np.where(generator.random(80) < 0.6, first, generator.integers(1, 5, 80))
    both = zip(first, second, strict=True)
    pairs = [Pair(int(a), int(b), str(at)) for at, (a, b) in enumerate(both)]
    found = agreement(pairs, (1, 2, 3, 4))
    labels = [1, 2, 3, 4]
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second, labels=labels))
    assert found.weighted.value == pytest.approx(
        cohen_kappa_score(first, second, labels=labels, weights="quadratic")
    )


def test_where_nearly_all_is_right_kappa_misleads_and_ac1_does_not() -> None:
    found = of_counts([[0, 2], [5, 118]])
    assert found.raw.value == pytest.approx(118 / 125)
    assert found.kappa.value == pytest.approx(-0.0234, abs=1e-4)
    assert found.ac1.value == pytest.approx(0.9408, abs=1e-4)
    assert found.skewed


def test_neighbors_on_a_scale_disagree_less() -> None:
    near = of_counts([[10, 3, 0], [0, 10, 0], [0, 0, 10]])
    far = of_counts([[10, 0, 3], [0, 10, 0], [0, 0, 10]])
    assert near.raw.value == far.raw.value
    assert near.weighted.value is not None
    assert far.weighted.value is not None
    assert near.weighted.value > far.weighted.value


def test_one_and_the_same_value_throughout_leaves_kappa_undefined() -> None:
    found = of_counts([[0, 0], [0, 12]])
    assert found.raw.value == 1
    assert found.kappa.value is None
    assert found.weighted.value is None
    assert found.ac1.value == 1


def test_without_pairs_nothing_has_a_value() -> None:
    found = agreement([], (0, 1))
    assert (found.n, found.raw.value, found.kappa.value, found.ac1.value) == (0, None, None, None)


def test_intervals_hold_the_figure_and_shrink_with_more_cases() -> None:
    few, many = of_counts([[12, 3], [3, 12]]), of_counts([[120, 30], [30, 120]])
    widths = []
    for found in (few, many):
        for estimate in (found.raw, found.kappa, found.ac1):
            assert estimate.value is not None
            assert estimate.low is not None
            assert estimate.high is not None
            assert estimate.low < estimate.value < estimate.high
        assert found.kappa.high is not None
        assert found.kappa.low is not None
        widths.append(found.kappa.high - found.kappa.low)
    assert widths[1] < widths[0] / 2


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    truth, held = 0.6, 0  # both say yes half of the time, the same in four of five
    for _ in range(200):
        first = generator.integers(0, 2, 80)
        second = np.where(generator.random(80) < 0.8, first, 1 - first)
        both = zip(first, second, strict=True)
        pairs = [Pair(int(a), int(b), str(at)) for at, (a, b) in enumerate(both)]
        kappa = agreement(pairs, (0, 1), draws=400).kappa
        assert kappa.low is not None
        assert kappa.high is not None
        held += kappa.low <= truth <= kappa.high
    assert 0.88 <= held / 200 <= 0.99


def test_the_same_question_in_five_phrasings_is_no_five_questions() -> None:
    counts = [(0, 0)] * 8 + [(1, 1)] * 8 + [(0, 1)] * 4
    alone = [Pair(a, b, f"{at}-{copy}") for at, (a, b) in enumerate(counts) for copy in range(5)]
    families = [Pair(a, b, str(at)) for at, (a, b) in enumerate(counts) for copy in range(5)]
    one, other = agreement(alone, (0, 1)), agreement(families, (0, 1))
    assert one.kappa.value == other.kappa.value
    assert one.kappa.low is not None
    assert other.kappa.low is not None
    assert other.kappa.low < one.kappa.low - 0.1


def test_fewer_than_five_groups_have_no_interval() -> None:
    found = agreement([Pair(at % 2, at % 2, str(at)) for at in range(4)], (0, 1))
    assert found.kappa.value == 1
    assert found.kappa.low is None


def test_an_interval_is_left_out_where_too_many_draws_say_nothing() -> None:
    found = of_counts([[1, 0], [0, 9]])  # more than a third of the draws miss the one
    assert found.kappa.value == 1
    assert found.kappa.low is None
    assert found.raw.low == 1


def test_the_order_of_pairs_changes_nothing() -> None:
    pairs = [Pair(at % 2, (at // 3) % 2, str(at % 9)) for at in range(40)]
    assert agreement(pairs, (0, 1)) == agreement(pairs[::-1], (1, 0))


def test_a_value_off_the_scale_is_an_error() -> None:
    with pytest.raises(ValueError, match="off the scale"):
        agreement([Pair(0, 2, "a")], (0, 1))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (-0.1, "less than chance"),
        (0.0, "slight"),
        (0.2, "slight"),
        (0.21, "fair"),
        (0.75, "substantial"),
        (1.0, "almost perfect"),
    ],
)
def test_kappa_has_words(value: float | None, words: str) -> None:
    assert kappa_words(value) == words
