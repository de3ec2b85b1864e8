"""Calibration figures against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evals.scoring import calibration


def test_auroc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    # positives .9 and .4, negatives .4 and .1: pairs 1, 1, ½, 1 of 4
    assert calibration.auroc([0.9, 0.4, 0.4, 0.1], [1, 0, 1, 0]) == pytest.approx(3.5 / 4)
    assert calibration.auroc([0.1, 0.9], [1, 0]) == 0.0
    assert calibration.auroc([0.5] * 6, [1, 0, 1, 0, 0, 0]) == 0.5


def test_auroc_does_not_exist_with_one_class() -> None:
    assert calibration.auroc([0.2, 0.3], [1, 1]) is None
    assert calibration.auroc([], []) is None


def test_brier_is_the_mean_squared_distance() -> None:
    # .1² + .2² + .5² = .30
    assert calibration.brier([0.9, 0.2, 0.5], [1, 0, 1]) == pytest.approx(0.1)


def test_reliability_has_bins_of_equal_mass_lowest_first() -> None:
    bins = calibration.reliability([0.9, 0.1, 0.8, 0.3, 0.2], [1, 0, 0, 1, 0], bins=2)
    assert [one.count for one in bins] == [3, 2]
    assert [one.predicted for one in bins] == pytest.approx([0.2, 0.85])
    assert [one.observed for one in bins] == pytest.approx([1 / 3, 0.5])


def test_ece_is_the_mean_distance_over_the_bins() -> None:
    # (3 · |.2 − ⅓| + 2 · |.85 − .5|) / 5 = (.4 + .7) / 5
    value = calibration.ece([0.9, 0.1, 0.8, 0.3, 0.2], [1, 0, 0, 1, 0], bins=2)
    assert value == pytest.approx(0.22)
    assert calibration.ece([], []) is None


def test_fewer_cases_than_bins_are_a_bin_each() -> None:
    assert calibration.ece([1.0, 0.0], [1, 0]) == 0.0


def test_the_risk_coverage_curve_starts_with_the_surest() -> None:
    coverage, risk = calibration.risk_coverage([0.9, 0.7, 0.8, 0.1], [1, 1, 0, 0])
    assert coverage == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    # (0 + ½ + ⅓ + ½) / 4
    assert calibration.aurc([0.9, 0.7, 0.8, 0.1], [1, 1, 0, 0]) == pytest.approx(1 / 3)


def test_equally_sure_cases_share_their_risk_whatever_their_order() -> None:
    one = calibration.aurc([0.5, 0.5], [1, 0])
    other = calibration.aurc([0.5, 0.5], [0, 1])
    assert one == other == pytest.approx(0.5)


def test_selective_accuracy_keeps_the_surest_share() -> None:
    sure = [0.9, 0.8, 0.7, 0.6, 0.5]
    assert calibration.selective_accuracy(sure, [1, 1, 0, 1, 0], 0.8) == pytest.approx(3 / 4)
    assert calibration.selective_accuracy(sure, [1, 1, 0, 1, 0], 0.01) == 1.0
    assert calibration.selective_accuracy([], []) is None


def test_the_bootstrap_interval_holds_the_value_and_narrows_with_more_cases() -> None:
    few = calibration.bootstrap(calibration.mean, [0.0, 1.0] * 10)
    many = calibration.bootstrap(calibration.mean, [0.0, 1.0] * 1000)
    assert few is not None
    assert many is not None
    assert few[0] < 0.5 < few[1]
    # 1.96 · √(.25 / 2000) = .0219
    assert many[1] - many[0] == pytest.approx(2 * 0.0219, abs=0.004)


def test_the_bootstrap_keeps_columns_together_and_gives_the_same_again() -> None:
    scores, labels = np.linspace(0, 1, 50), [0.0] * 25 + [1.0] * 25
    assert calibration.bootstrap(calibration.auroc, scores, labels) == (1.0, 1.0)
    noisy = [0.3, 0.8, 0.2, 0.9, 0.5], [0.0, 1.0, 1.0, 1.0, 0.0]
    first = calibration.bootstrap(calibration.brier, *noisy, seed=4)
    assert first == calibration.bootstrap(calibration.brier, *noisy, seed=4)
    assert calibration.bootstrap(calibration.mean, []) is None


def test_a_label_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="one label per case"):
        calibration.brier([0.1, 0.2], [1])
