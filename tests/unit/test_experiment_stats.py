"""Intervals hold what they promise, though questions of one session hang together."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from app.insights.experiments.sample_size import advise, sessions_needed
from app.insights.experiments.statistics import (
    Estimate,
    Interval,
    difference,
    mean,
    mismatch,
    quantile,
    share,
)
from app.insights.experiments.words import signed, verdict, waiting

Floats = NDArray[np.float64]


def sessions(
    random: np.random.Generator, count: int, rate: float, alike: float = 0.3
) -> tuple[Floats, Floats]:
    """Hits and questions of each session: one to ten questions, each session with its own rate.

    ``alike``: the correlation of two questions of a session (a beta-binomial's).
    """
    asked = np.minimum(random.geometric(0.4, count), 10)
    scale = (1 - alike) / alike
    own = random.beta(rate * scale, (1 - rate) * scale, count)
    return random.binomial(asked, own).astype(float), asked.astype(float)


def latencies(random: np.random.Generator, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """Milliseconds, log-normal, slower or quicker by session; and whose each is."""
    owner = np.repeat(np.arange(count), np.minimum(random.geometric(0.4, count), 10))
    noise = random.normal(0, 0.4, len(owner))
    return np.exp(6 + random.normal(0, 0.5, count)[owner] + noise), owner


# --- known values ---------------------------------------------------------------------------------


def test_without_clusters_it_is_newcombes_own_example() -> None:
    # Newcombe 1998, table II, (a): 56/70 and 48/80, method 10: 0.0524 to 0.3339.
    def plain(hits: int, of: int) -> Estimate:
        found = share(np.repeat([1.0, 0.0], [hits, of - hits]), np.ones(of))
        assert found.spread is not None
        return found

    found = difference(plain(56, 70), plain(48, 80))
    assert found is not None
    # Student's t for few sessions makes it a little wider than the normal of the paper.
    assert found.low == pytest.approx(0.0524, abs=0.004)
    assert found.high == pytest.approx(0.3339, abs=0.004)
    assert found.low <= 0.0524
    assert found.high >= 0.3339


def test_a_session_that_repeats_itself_is_no_more_evidence() -> None:
    random = np.random.default_rng(1)
    hits = random.integers(0, 2, 200).astype(float)
    once, ten_times = share(hits, np.ones(200)), share(10 * hits, np.full(200, 10.0))
    assert once.interval is not None
    assert ten_times.interval is not None
    assert ten_times.value == once.value
    assert ten_times.interval.low == pytest.approx(once.interval.low, abs=1e-9)


def test_all_and_nothing_still_leave_doubt() -> None:
    found = share(np.zeros(20), np.full(20, 3.0))
    assert found.value == 0
    assert found.interval is not None
    assert 0 == found.interval.low < 0.1 < found.interval.high < 0.2


def test_four_sessions_are_too_few_for_an_interval() -> None:
    few = share(np.ones(4), np.ones(4))
    assert (few.value, few.interval) == (1.0, None)
    assert difference(few, few) is None


def test_percentiles_are_numpys_own() -> None:
    values, owner = latencies(np.random.default_rng(2), 40)
    assert quantile(values, owner, 0.95).value == np.quantile(values, 0.95)


def test_the_same_numbers_give_the_same_interval() -> None:
    values, owner = latencies(np.random.default_rng(2), 40)
    assert quantile(values, owner, 0.5) == quantile(values, owner, 0.5)


# --- what an interval promises --------------------------------------------------------------------


@pytest.mark.parametrize(("count", "rate"), [(60, 0.5), (60, 0.85), (200, 0.2), (200, 0.5)])
def test_equal_arms_differ_one_time_in_twenty(count: int, rate: float) -> None:
    random = np.random.default_rng(7)
    tries, wrong, held = 1000, 0, 0
    for _ in range(tries):
        one = share(*sessions(random, count, rate))
        found = difference(one, share(*sessions(random, count, rate)))
        assert found is not None
        assert one.interval is not None
        wrong += not found.holds(0)
        held += one.interval.holds(rate)
    # Three standard errors of a simulation of 1,000 around 5 %: 2.9 to 7.1 %.
    assert 0.029 < wrong / tries < 0.071
    assert 0.929 < held / tries < 0.971


def test_questions_taken_for_independent_would_deceive() -> None:
    random = np.random.default_rng(7)
    wrong = 0
    for _ in range(400):
        found = []
        for _arm in range(2):
            hits, asked = sessions(random, 100, 0.5)
            total, yes = int(asked.sum()), int(hits.sum())
            found.append(share(np.repeat([1.0, 0.0], [yes, total - yes]), np.ones(total)))
        interval = difference(found[0], found[1])
        assert interval is not None
        wrong += not interval.holds(0)
    assert wrong / 400 > 0.08


@pytest.mark.parametrize("q", [0.5, 0.95])
def test_equal_latencies_differ_about_one_time_in_twenty(q: float) -> None:
    random = np.random.default_rng(11)
    wrong = 0
    for _ in range(60):
        one, other = (quantile(*latencies(random, 60), q) for _arm in range(2))
        found = difference(one, other)
        assert found is not None
        wrong += not found.holds(0)
    assert wrong <= 9  # 99.8 % of simulations of 60, were it 5 %


def test_a_difference_that_is_there_is_found() -> None:
    random = np.random.default_rng(3)
    control = share(*sessions(random, 800, 0.5))
    better = difference(share(*sessions(random, 800, 0.62)), control)
    assert better is not None
    assert 0 < better.low < 0.12 < better.high
    values, owner = latencies(random, 300)
    slower = difference(quantile(values * 1.5, owner, 0.5), quantile(*latencies(random, 300), 0.5))
    assert slower is not None
    assert slower.low > 0


def test_the_cost_of_a_question_has_an_interval_by_session() -> None:
    random = np.random.default_rng(5)
    asked = np.minimum(random.geometric(0.4, 300), 10).astype(float)
    cost = asked * random.gamma(2.0, 0.001, 300)
    dear = difference(mean(2 * cost, asked), mean(cost, asked))
    assert dear is not None
    assert 0 < dear.low < 0.002 < dear.high
    assert mean(cost, asked, scale=100).value == pytest.approx(100 * cost.sum() / asked.sum())


def test_twenty_thousand_questions_are_reckoned_within_a_blink() -> None:
    random = np.random.default_rng(1)
    values, owner = random.lognormal(6, 0.6, 10_000), random.integers(0, 3000, 10_000)
    sums, counts = random.random(3000), np.ones(3000)
    took = []
    for _ in range(3):
        began = time.process_time()
        for _arm in range(2):
            quantile(values, owner, 0.95)
        took.append(time.process_time() - began)
        began = time.process_time()
        for _arm in range(2):
            mean(sums, counts)
        took.append(time.process_time() - began)
    assert min(took[::2]) < 0.5  # 0.1 s on a quiet machine; neighbors take a core's other half
    assert min(took[1::2]) < 0.5


# --- equal parts, and how many --------------------------------------------------------------------


def test_arms_of_unequal_size_are_noticed() -> None:
    assert mismatch([500, 520], [1, 1]) > 0.3
    assert mismatch([500, 700], [1, 1]) < 1e-6
    assert mismatch([0, 0], [1, 1]) == 1.0
    assert mismatch([400, 200], [2, 1]) == pytest.approx(1.0)


def test_the_number_of_sessions_is_the_textbooks() -> None:
    # Two shares of 0.5, difference 0.1, 80 % power: 2 · 0.25 · 7.849 / 0.01 = 392.4.
    assert sessions_needed(0.25, 0.1) == 393


def test_the_planned_number_finds_the_effect_four_times_in_five() -> None:
    random = np.random.default_rng(9)
    known = share(*sessions(random, 3000, 0.5))
    assert known.spread is not None
    needed = sessions_needed(known.spread, 0.08)
    found = 0
    for _ in range(300):
        interval = difference(
            share(*sessions(random, needed, 0.54)), share(*sessions(random, needed, 0.46))
        )
        assert interval is not None
        found += interval.low > 0
    assert 0.73 < found / 300 < 0.87


def test_advice_says_how_many_days_are_left() -> None:
    advice = advise(unit="ratio", baseline=0.5, spread=0.25, effect=0.1, have=213, per_day=20)
    assert (advice.needed, advice.days, advice.reached) == (393, 9, False)
    assert waiting(advice).endswith("about 9 more days at today's traffic.")


def test_nobody_can_say_how_long_it_takes_without_traffic() -> None:
    advice = advise(unit="ratio", baseline=0.5, spread=0.25, effect=None, have=0, per_day=0)
    assert advice.effect == 0.05
    assert advice.days is None
    unknown = advise(unit="ms", baseline=None, spread=None, effect=None, have=0, per_day=5)
    assert unknown.needed is None


# --- words ----------------------------------------------------------------------------------------


def test_an_interval_is_said_in_plain_words() -> None:
    assert verdict(Interval(0.02, 0.09), "ratio", "higher").words == "between 2 and 9 points better"
    assert verdict(Interval(0.02, 0.09), "ratio", "lower").words == "between 2 and 9 points worse"
    assert verdict(Interval(-340, -120), "ms", "lower").words == "between 120 ms and 340 ms better"
    unclear = verdict(Interval(-0.03, 0.05), "ratio", "higher")
    assert unclear.words == "can't tell yet: anything from 3 points worse to 5 points better"
    assert verdict(None, "ratio", "higher").kind == "none"
    assert (signed(-0.031, "ratio"), signed(None, "ms")) == ("−3.1 points", "–")
