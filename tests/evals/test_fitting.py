"""A fit on made questions finds what they were made with, and its thresholds keep their word."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from app.ask.confidence import Model
from app.errors import BadRequest
from evals.confidence import fitting
from evals.confidence.fitting import Cases, Fit
from evals.scoring import calibration
from tests.evals.made import cases_of

pytestmark = pytest.mark.slow  # scikit-learn takes seconds to import

TRUE = {"near": 4.0, "wide": 0.03, "far": -3.0}
"""Signals of different spread: sd 0.25, 30 and 0.3."""


@pytest.fixture(scope="module")
def many() -> Cases:
    return cases_of(8000, intercept=0.5, coefficients=TRUE)


def test_a_fit_recovers_the_coefficients_that_made_the_data(many: Cases) -> None:
    fit = fitting.fit_signals(many, {}, "as-is")
    assert fit.intercept == pytest.approx(0.5, abs=0.15)
    for name, value in TRUE.items():
        assert fit.coefficients[name] == pytest.approx(value, rel=0.1), name
    assert fit.dropped == {}


def test_probabilities_held_out_from_the_fit_are_calibrated(many: Cases) -> None:
    fold, words = fitting.folds(many)
    said = fitting.held_out(many, partial(fitting.fit_signals, signs={}, how="as-is"), fold)
    error = calibration.ece(said, many.answerable)
    assert error is not None
    assert error < 0.02
    assert words == "one of 5 parts of the questions at a time"


def test_balanced_weights_assume_even_odds_whatever_the_share(many: Cases) -> None:
    lopsided = many.where((many.answerable == 1) | (np.arange(len(many)) % 5 == 0))
    assert lopsided.answerable.mean() > 0.8
    balanced = fitting.fit_signals(lopsided, {}, "balanced")
    weights = fitting.weigh(lopsided, "balanced")
    assert weights.sum() == pytest.approx(len(lopsided))
    said = balanced.probabilities(lopsided)
    assert np.average(said, weights=weights) == pytest.approx(0.5, abs=0.005)
    as_is = fitting.fit_signals(lopsided, {}, "as-is").probabilities(lopsided)
    assert as_is.mean() == pytest.approx(lopsided.answerable.mean(), abs=0.005)
    moved = fitting.to_prior(said, 0.5, float(lopsided.answerable.mean()))
    error = calibration.ece(moved, lopsided.answerable)
    assert error is not None
    assert error < 0.03, "moved to the share there is, what was fitted for even odds holds"


def test_each_collection_is_balanced_by_itself() -> None:
    one = cases_of(300, intercept=2.0, collection="one")
    two = cases_of(200, intercept=-1.0, collection="two")
    both = fitting.together([one, two])
    weights = fitting.weigh(both, "balanced")
    for name, size in (("one", 300), ("two", 200)):
        own = both.collections == name
        yes = own & (both.answerable == 1)
        assert weights[yes].sum() == pytest.approx(size / 2)
        assert weights[own].sum() == pytest.approx(size)


def test_a_signal_that_contradicts_its_declared_meaning_is_left_out_and_said_why(
    many: Cases,
) -> None:
    fit = fitting.fit_signals(many, {"far": 1, "near": 1}, "as-is")
    assert set(fit.coefficients) == {"near", "wide"}
    assert fit.dropped == {"far": "its coefficient contradicts its declared meaning"}


def test_a_signal_that_turns_round_beside_others_is_left_out() -> None:
    generator = np.random.default_rng(3)
    near = generator.normal(0, 1, 4000)
    echo = near + generator.normal(
        0, 0.6, 4000
    )  # says the same, with noise that the label dislikes
    chance = 1 / (1 + np.exp(-(4 * near - 2 * echo)))
    labels = (generator.random(4000) < chance).astype(float)
    cases = cases_of(4000, columns={"near": near, "echo": echo}, answerable=labels)
    fit = fitting.fit_signals(cases, {}, "as-is")
    assert set(fit.coefficients) == {"near"}
    assert fit.dropped == {"echo": "its coefficient contradicts what it says alone"}


def test_a_signal_that_never_changes_is_left_out() -> None:
    plain = cases_of(400)
    still = Cases(
        ("near", "still"),
        np.column_stack([plain.signals[:, 0], np.full(400, 0.7)]),
        plain.answerable,
        plain.right,
        plain.found,
        plain.collections,
    )
    assert fitting.fit_signals(still, {}, "as-is").dropped == {"still": "the same in every case"}


def test_rescaling_halves_a_model_that_is_twice_too_sure(many: Cases) -> None:
    twice = Model(1.0, {name: 2 * value for name, value in TRUE.items()}, 0.2, 0.5, 0.9)
    fit = fitting.rescale(many, twice, "as-is")
    assert fit.intercept == pytest.approx(0.5, abs=0.15)
    for name, value in TRUE.items():
        assert fit.coefficients[name] == pytest.approx(value, rel=0.1), name


def test_a_model_that_ranks_the_wrong_way_is_not_rescaled(many: Cases) -> None:
    backwards = Model(0.0, {"near": -4.0}, 0.2, 0.5, 0.9)
    with pytest.raises(BadRequest, match="no better than chance"):
        fitting.rescale(many, backwards, "as-is")


def test_collections_are_held_out_one_at_a_time_and_never_seen_by_their_fit() -> None:
    names = ("one", "two", "three")
    every = fitting.together([cases_of(200, seed=i, collection=n) for i, n in enumerate(names)])
    fold, words = fitting.folds(every)
    assert words == "one of 3 collections at a time"
    seen: list[set[str]] = []

    def fitter(train: Cases) -> Fit:
        seen.append(set(train.collections.tolist()))
        return Fit(float(len(seen)), {}, {})

    said = fitting.held_out(every, fitter, fold)
    assert seen == [{"three", "two"}, {"one", "two"}, {"one", "three"}]
    assert len(set(said[every.collections == "one"].tolist())) == 1


def test_questions_are_held_out_when_one_collection_cannot_stand_for_the_other() -> None:
    whole = cases_of(300, collection="whole")
    only_yes = cases_of(50, answerable=np.ones(50), collection="yes")
    every = fitting.together([whole, only_yes])
    fold, words = fitting.folds(every)
    assert words.startswith("one of 5 parts")
    for name in set(fold.tolist()):
        assert set(every.answerable[fold == name].tolist()) == {0.0, 1.0}


def test_a_case_with_nothing_to_quote_is_refused_by_every_model() -> None:
    cases = cases_of(100)
    cases.found[:10] = False
    assert set(Fit(20.0, {"near": 1.0}, {}).probabilities(cases)[:10].tolist()) == {0.0}


@pytest.mark.parametrize("seed", range(5))
def test_no_collection_has_more_refused_than_the_target_and_the_threshold_is_the_highest(
    seed: int,
) -> None:
    parts = [cases_of(150, seed=seed, collection="a"), cases_of(400, seed=9, collection="b")]
    cases = fitting.together(parts)
    said = np.random.default_rng(seed).beta(4, 2, len(cases))
    limit = fitting.answer_threshold(said, cases.answerable, cases.collections, 0.05)
    shares, next_shares = [], []
    for name in ("a", "b"):
        own = said[(cases.collections == name) & (cases.answerable == 1)]
        shares.append(float((own < limit).mean()))
        above = np.sort(own[own >= limit])
        next_shares.append(float((own <= above[0] + 1e-3).sum() / (len(own) + 1)))
    assert max(shares) <= 0.05
    assert max(next_shares) > 0.05 - 2 / 75, "the next case or two would be too many"


def test_a_collection_too_small_for_the_target_does_not_set_it() -> None:
    said = np.concatenate([np.linspace(0.3, 1, 200), [0.01] * 5])
    names = np.asarray(["large"] * 200 + ["tiny"] * 5)
    limit = fitting.answer_threshold(said, np.ones(205), names, 0.05)
    assert limit > 0.01
    assert (said < limit).mean() <= 0.05
    few = fitting.answer_threshold(said[:10], np.ones(10), names[:10], 0.05)
    assert few == 0.0, "of ten cases, not one may be refused"


def test_a_level_begins_where_answers_are_right_often_enough() -> None:
    said = np.linspace(1.0, 0.01, 100)
    right = np.asarray([1.0] * 50 + [0.0, 1.0] * 25)
    start = fitting.level_threshold(said, right, 0.9, 0.0)
    assert start is not None
    above = right[said >= start]
    assert above.mean() >= 0.9
    assert right[said >= start - 0.011].mean() < 0.9 or right[said >= start - 0.021].mean() < 0.9
    band = fitting.level_threshold(said, right, 0.5, 0.0, start)
    assert band is not None
    assert right[(said >= band) & (said < start)].mean() >= 0.5


def test_a_level_that_is_never_reached_or_stands_on_few_answers_is_not_given() -> None:
    said, wrong = np.linspace(0, 1, 100), np.zeros(100)
    assert fitting.level_threshold(said, wrong, 0.9, 0.0) is None
    assert fitting.level_threshold(said[:20], np.ones(20), 0.9, 0.0) is None
    unknown = np.full(100, np.nan)
    assert fitting.level_threshold(said, unknown, 0.9, 0.0) is None
    cases = cases_of(100, right=wrong)
    limits = fitting.thresholds(said, cases, 0.05, 2 / 3, 0.9)
    assert limits.medium == limits.high == fitting.NEVER


def test_equally_sure_answers_are_at_the_same_level() -> None:
    said = np.asarray([0.9] * 40 + [0.5] * 40)
    right = np.asarray([1.0] * 40 + [1.0, 0.0] * 20)
    assert fitting.level_threshold(said, right, 0.9, 0.0) == pytest.approx(0.9)


def test_levels_lie_in_order_above_the_threshold() -> None:
    cases = cases_of(2000, intercept=0.0, coefficients={"near": 8.0})
    said = 1 / (1 + np.exp(-8 * cases.signals[:, 0]))
    limits = fitting.thresholds(said, cases, 0.05, 2 / 3, 0.9)
    assert 0 < limits.answer <= limits.medium <= limits.high < 1
    high = cases.right[said >= limits.high]
    medium = cases.right[(said >= limits.medium) & (said < limits.high)]
    assert high.mean() >= 0.9
    assert medium.mean() >= 2 / 3


def test_a_share_is_put_in_words_and_never_rounded_up() -> None:
    assert fitting.in_words(0.93) == "right 9 times in 10"
    assert fitting.in_words(0.9) == "right 9 times in 10"
    assert fitting.in_words(0.899) == "right 4 times in 5"
    assert fitting.in_words(2 / 3) == "right 2 times in 3"
    assert fitting.in_words(0.34) == "right 1 time in 3"
    assert fitting.in_words(0.02) == "right less than 1 time in 10"


def test_a_probability_moves_with_the_share_of_answerable_questions() -> None:
    # odds 1 · (.8/.2) / (.5/.5) = 4
    assert fitting.to_prior(np.asarray([0.5, 0.0]), 0.5, 0.8) == pytest.approx([0.8, 0.0])
    assert fitting.to_prior(np.asarray([0.5]), 0.5, 1.0) == pytest.approx([0.5])


def test_signals_that_not_all_collections_have_are_left_out() -> None:
    one = cases_of(10, coefficients={"near": 1.0, "new": 1.0})
    two = cases_of(10, coefficients={"near": 1.0})
    assert fitting.together([one, two]).names == ("near",)
