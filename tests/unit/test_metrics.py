"""Every definition at its edge, on tables small enough to count by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.insights.calibration import calibration, promised, wilson
from app.insights.columns import Columns
from app.insights.costs import by_model, by_time
from app.insights.funnel import funnel
from app.insights.measures import Value
from app.insights.metric_words import WORDS
from app.insights.metrics import Metrics, compute, members
from app.insights.periods import Period
from app.insights.releases import trust_by_release
from app.insights.slices import Slice
from app.insights.view import View
from tests.unit.facts_made import DAY, LATER, NOON, at, columns, row


def value(
    table: Columns,
    metric: str,
    slice_: Slice | None = None,
    *,
    now: datetime = LATER,
    period: Period = DAY,
) -> tuple[Any, float, float]:
    found = compute(table, period, now, slice_ or Slice())[metric]
    return found.value, found.numerator, found.denominator


def test_without_questions_every_metric_is_there_and_none_has_a_value() -> None:
    found = compute(columns(), DAY, LATER)
    assert list(found) == list(WORDS)
    assert {name for name, one in found.items() if one.value is not None} == {"unknown_cost"}
    assert found["task_success"] == Value(None, 0, 0)


def test_task_success_asks_only_the_last_question_of_a_thread() -> None:
    table = columns(
        row("a", 0, accepted_at=10),
        row("b", 60, thread_id="a"),
        row("c", 0),
        row("d", 60, thread_id="c", accepted_at=70),
    )
    assert value(table, "task_success") == (0.5, 1, 2)
    assert members("task_success", "numerator", table, DAY, LATER) == ["d"]
    assert members("task_success", "denominator", table, DAY, LATER) == ["b", "d"]


def test_a_thread_ends_with_its_last_question_though_that_failed() -> None:
    table = columns(row("a", 0, accepted_at=5), row("b", 9, thread_id="a", status="failed"))
    assert value(table, "task_success") == (0.0, 0, 1)


def test_a_thread_belongs_to_the_period_of_its_first_question() -> None:
    before = -12 * 3600 - 1  # a second before midnight
    table = columns(
        row("a", before),
        row("b", 0, thread_id="a", accepted_at=1),
        row("c", 12 * 3600 - 1),
        row("d", 12 * 3600 + 1, thread_id="c", accepted_at=12 * 3600 + 2),
    )
    assert value(table, "task_success") == (1.0, 1, 1)
    assert value(table, "acceptance") == (0.5, 1, 2)  # b and c were asked on that day


def test_a_period_has_its_start_and_not_its_end() -> None:
    table = columns(row("start", -12 * 3600), row("end", 12 * 3600))
    assert value(table, "abstention")[2] == 1
    assert members("abstention", "denominator", table, DAY, LATER) == ["start"]


def test_a_slice_of_threads_looks_at_their_last_question() -> None:
    table = columns(
        row("a", 0, mode="quotes"),
        row("b", 60, thread_id="a", mode="written", accepted_at=61),
    )
    assert value(table, "task_success", Slice(mode="written")) == (1.0, 1, 1)
    assert value(table, "task_success", Slice(mode="quotes")) == (None, 0, 0)
    assert value(table, "acceptance", Slice(mode="quotes")) == (0.0, 0, 1)


def test_a_slice_nobody_ever_was_in_is_empty() -> None:
    assert value(columns(row("a")), "abstention", Slice(release="0.0.0")) == (None, 0, 0)


def test_answers_shown_include_not_found_but_nothing_stopped_or_failed() -> None:
    table = columns(
        row("a", accepted_at=1),
        row("b", state="not_found"),
        row("c", status="stopped"),
        row("d", status="failed"),
        row("e", status="asked"),
    )
    assert value(table, "acceptance") == (0.5, 1, 2)
    assert value(table, "citation_open") == (0.0, 0, 2)
    assert value(table, "abstention") == (1 / 5, 1, 5)
    assert value(table, "retry") == (0.0, 0, 5)


def test_an_answer_may_be_both_accepted_and_rejected() -> None:
    table = columns(row("a", accepted_at=5, copied_at=5, rejected_at=9, reported_at=9))
    assert value(table, "acceptance") == (1.0, 1, 1)
    assert value(table, "rejection") == (1.0, 1, 1)


def test_private_questions_count_where_no_behavior_is_looked_at() -> None:
    private: dict[str, Any] = {"private": True, "session_id": ""}
    table = columns(
        row("a", state="not_found", total_ms=300.0, cost_usd=0.4, helpful=True, **private),
        row("b", total_ms=100.0, cost_usd=0.2, helpful=False, accepted_at=1),
        reports=[(5, "a")],
    )
    assert value(table, "abstention") == (0.5, 1, 2)
    assert value(table, "time_to_answer_p50")[0] == 200.0
    assert list(value(table, "cost_per_question")) == pytest.approx([0.3, 0.6, 2])
    assert value(table, "tickets") == (50.0, 1, 2)
    behavior = ("acceptance", "rejection", "retry", "override", "citation_open", "task_success")
    for metric in (*behavior, "abandonment", "prompt_quality"):
        assert value(table, metric)[2] == 1, metric
    assert value(table, "trust_high") == (0.0, 0, 1)
    assert [step.count for step in funnel(View(table, DAY, LATER))] == [1, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("seconds", "left"), [(599, False), (600, False), (601, True), (None, True)]
)
def test_a_thread_is_abandoned_after_ten_minutes_without_an_interaction(
    seconds: int | None, left: bool
) -> None:
    table = columns(row("a", 0, interacted_at=seconds))
    assert value(table, "abandonment") == (float(left), float(left), 1)


@pytest.mark.parametrize(("seconds", "left"), [(599, 0.0), (600, 1.0), (601, 1.0)])
def test_a_thread_is_not_abandoned_before_ten_minutes_are_over(seconds: int, left: float) -> None:
    table = columns(row("a", 0))
    assert value(table, "abandonment", now=at(seconds))[0] == left


@pytest.mark.parametrize(("seconds", "left"), [(599, False), (600, False), (601, True)])
def test_whoever_asks_again_within_ten_minutes_has_not_left(seconds: int, left: bool) -> None:
    """The later question failed, so the answer before it is still the thread's last."""
    table = columns(row("a", 0), row("b", seconds, thread_id="a", status="failed"))
    assert value(table, "abandonment") == (float(left), float(left), 1)
    assert members("abandonment", "numerator", table, DAY, LATER) == (["a"] if left else [])


def test_a_thread_without_an_answer_counts_but_is_not_abandoned() -> None:
    assert value(columns(row("a", status="stopped")), "abandonment") == (0.0, 0, 1)


def test_tickets_are_reports_by_their_own_time_and_imported_ones() -> None:
    yesterday = -13 * 3600
    table = columns(
        *(row(f"q{number}", number) for number in range(4)),
        row("old", yesterday),
        reports=[(10, "old"), (11, "q1"), (yesterday, "old")],
        tickets=[20, yesterday],
    )
    assert value(table, "tickets") == (75.0, 3, 4)
    assert members("tickets", "numerator", table, DAY, LATER) == ["old", "q1"]


def test_imported_tickets_belong_to_no_slice() -> None:
    table = columns(row("a"), row("b", channel="api"), reports=[(5, "a")], tickets=[6])
    assert value(table, "tickets", Slice(channel="web")) == (100.0, 1, 1)
    assert value(table, "tickets", Slice(channel="api")) == (0.0, 0, 1)


def test_trust_is_the_mean_of_ratings_given_in_the_period() -> None:
    table = columns(
        row("a"),
        ratings=[(1, "a", "1.0", 5), (2, "gone", "1.0", 2), (-20 * 3600, "a", "1.0", 1)],
    )
    assert value(table, "trust") == (3.5, 7, 2)
    assert value(table, "trust", Slice(release="1.0")) == (5.0, 5, 1)


def test_trust_is_told_before_and_after_each_release() -> None:
    table = columns(
        row("a", 0, release="1.0"),
        row("b", 100, release="1.1"),
        row("c", 200, release="1.2"),
        ratings=[(1, "a", "1.0", 2), (2, "a", "1.0", 4), (300, "c", "1.2", 5)],
    )
    found = trust_by_release(View(table, DAY, LATER))
    assert [(one.release, one.ratings, one.mean, one.before) for one in found] == [
        ("1.0", 2, 3.0, None),
        ("1.1", 0, None, 3.0),
        ("1.2", 1, 5.0, 3.0),
    ]
    assert found[1].since == at(100)


def test_helpful_rate_by_level_counts_only_marked_answers() -> None:
    table = columns(
        row("a", level="high", helpful=True),
        row("b", level="high", helpful=False),
        row("c", level="high"),
        row("d", level="low", helpful=True),
        row("e", kind="search", level="high", helpful=True),
    )
    assert value(table, "trust_high") == (0.5, 1, 2)
    assert value(table, "trust_medium") == (None, 0, 0)
    assert value(table, "trust_low") == (1.0, 1, 1)


def test_percentiles_interpolate_between_order_statistics() -> None:
    times = [100.0, 200.0, 300.0, 1000.0]
    table = columns(
        *(row(str(at), at, total_ms=ms) for at, ms in enumerate(times)),
        row("stopped", 9, status="stopped", total_ms=9.0, first_content_ms=50.0),
    )
    assert value(table, "time_to_answer_p50") == (250.0, 2, 4)
    assert value(table, "time_to_answer_p95") == (float(np.percentile(times, 95)), 1, 4)
    assert members("time_to_answer_p95", "numerator", table, DAY, LATER) == ["3"]
    assert value(table, "first_token_p50") == (100.0, 4, 5)


def test_time_to_done_runs_from_the_threads_first_question() -> None:
    table = columns(
        row("a", 0),
        row("b", 60, thread_id="a", accepted_at=90),
        row("c", 0, accepted_at=10),
        row("d", 0),
        row("s", 0, kind="search", accepted_at=200),
        row("t", 5, kind="search", thread_id="s", accepted_at=205),
    )
    assert value(table, "time_to_done")[::2] == (50.0, 2)
    assert value(table, "time_to_done_search")[::2] == (205.0, 1)
    assert value(table, "time_saved")[0] == 155.0


def test_time_saved_is_unknown_where_nobody_searched() -> None:
    assert value(columns(row("a", accepted_at=3)), "time_saved")[0] is None


def test_searches_never_join_a_thread_of_questions() -> None:
    table = columns(row("a", 0, accepted_at=1), row("s", 9, kind="search", thread_id="a"))
    assert value(table, "task_success") == (1.0, 1, 1)
    assert value(table, "abstention")[2] == 1


def test_unknown_prices_are_in_no_sum_and_counted_apart() -> None:
    table = columns(
        row("a", cost_usd=0.02, model="m", accepted_at=1),
        row("b", cost_usd=0.04, model="m"),
        row("c", cost_usd=None, model="own", accepted_at=1),
        row("d", status="stopped"),
        row("e", status="failed", input_tokens=900),
    )
    assert list(value(table, "cost_per_question")) == pytest.approx([0.03, 0.06, 2])
    assert list(value(table, "cost_per_accepted")) == pytest.approx([0.06, 0.06, 1])
    assert value(table, "unknown_cost") == (2, 2, 5)
    models = {one.model: one for one in by_model(View(table, DAY, LATER))}
    assert models["m"].usd == pytest.approx(0.06)
    assert (models["own"].usd, models["own"].unknown, models["own"].per_question) == (0.0, 1, None)
    assert models[""].questions == 2
    costs = by_time(View(table, DAY, LATER), DAY.buckets())
    assert [(one.start, one.questions, one.unknown) for one in costs if one.questions] == [
        ("2026-03-10T12:00", 5, 2)
    ]


def test_the_funnel_counts_each_step_by_itself() -> None:
    table = columns(
        row("a", opened_at=3, accepted_at=3),
        row("b", copied_at=3, accepted_at=3),
        row("c", status="stopped", first_content_ms=90.0),
        row("d", status="failed"),
    )
    found = funnel(View(table, DAY, LATER))
    assert [(one.id, one.count) for one in found] == [
        ("asked", 4),
        ("first_content", 3),
        ("complete", 2),
        ("source_opened", 1),
        ("accepted", 2),
    ]
    assert [one.lost for one in found] == [0, 1, 1, 1, -1]
    assert members("drop_off", "source_opened", table, DAY, LATER) == ["a"]
    assert members("drop_off", "numerator", table, DAY, LATER) == []


def test_vague_questions_are_short_and_hardly_answered() -> None:
    table = columns(
        row("a", 0, content_words=2, level="low"),
        row("b", 1, content_words=3, level="low"),
        row("c", 2, content_words=1, level="high"),
        row("d", 3, content_words=2, state="not_found", level="medium"),
    )
    assert value(table, "prompt_quality") == (0.5, 2, 4)
    assert members("prompt_quality", "numerator", table, DAY, LATER) == ["a", "d"]


def test_a_vague_question_is_helped_by_the_last_rephrase_of_its_thread() -> None:
    vague: dict[str, Any] = {"content_words": 1, "level": "low"}
    table = columns(
        row("a", 0, **vague),
        row("b", 10, thread_id="a", rephrase_of="a", level="low"),
        row("c", 20, thread_id="a", rephrase_of="a", level="medium"),
        row("d", 30, thread_id="a", level="low"),  # a follow-up, no rephrase
        row("e", 0, **vague),
        row("f", 10, thread_id="e", rephrase_of="e", level="high", state="not_found"),
        row("g", 0, **vague),
    )
    assert value(table, "rephrase_helped") == (0.5, 1, 2)


def test_metrics_from_elsewhere_are_passed_on() -> None:
    extra = {"coverage_gaps": Value(3, 3, 40)}
    found = compute(columns(row("a")), DAY, LATER, extra=extra)
    assert found["coverage_gaps"].value == 3
    assert found["unexpected_use"].value is None
    assert members("coverage_gaps", "numerator", columns(row("a")), DAY, LATER) == []


def test_a_trend_adds_up_to_the_whole() -> None:
    table = columns(
        *(row(str(hour), 3600 * hour, state="not_found" if hour % 2 else "answered")
          for hour in range(6))
    )  # fmt: skip
    found = Metrics(table, DAY, LATER)
    assert found.buckets.count == 24
    assert found.series("abstention")[12:18] == [0, 1, 0, 1, 0, 1]
    assert found.series("abstention")[0] is None
    assert found.series("unknown_cost") == [0.0] * 24
    assert found.series("time_to_answer_p50")[12:14] == [100.0, 100.0]
    assert found.series("coverage_gaps") == []


def test_a_level_keeps_its_promise_unless_chance_cannot_explain_it() -> None:
    table = columns(
        *(row(f"h{number}", number, helpful=number < 3) for number in range(10)),
        row("low", level="low", helpful=True),
    )
    promises = {"high": "right 4 times in 5", "low": "right 1 time in 3"}
    high, medium, low = calibration(Metrics(table, DAY, LATER), promises)
    assert (high.marked, high.helpful, high.promised, high.kept) == (10, 3, 0.8, False)
    assert (medium.marked, medium.low, medium.kept) == (0, None, None)
    assert low.kept is True
    assert promised("often right") is None


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    """Newcombe 1998, table I, method 3: 81 of 263 and 0 of 20."""
    assert list(wilson(81, 263)) == pytest.approx([0.2553, 0.3662], abs=5e-5)
    assert list(wilson(0, 20)) == pytest.approx([0.0, 0.1611], abs=5e-5)


def test_the_period_before_ends_as_far_into_it_as_this_one_is() -> None:
    today = Period(NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1), until=NOON)
    assert today.previous() == Period(
        NOON.replace(hour=0) - timedelta(days=1), NOON - timedelta(days=1)
    )
    assert DAY.previous() == Period(DAY.start - timedelta(days=1), DAY.start)
