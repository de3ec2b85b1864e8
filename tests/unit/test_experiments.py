"""What an experiment's report says of questions whose truth is known."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import ExperimentRefused
from app.insights.columns import Columns
from app.insights.experiments.note import note, untouched, write_note
from app.insights.experiments.report import Report, guardrail_breaches, plan, report
from app.insights.experiments.units import MEASURES
from app.insights.metrics import compute
from app.insights.periods import Period
from app.insights.slices import Slice
from app.insights.targets import Targets, built_in
from app.records.product.experiments import Arm, Experiment, Guardrail, Spec
from tests.unit.facts_made import LATER, NOON, at, columns, row

TARGETS = Targets(dict(built_in()))
SPEC = Spec(
    id="longer",
    hypothesis="Longer is better.\n\nWith a | in it.",
    metric="task_success",
    arms=(Arm("three"), Arm("five", {"quote_sentences": 5})),
    control="three",
    minimum_effect=0.1,
)


def started(spec: Spec = SPEC, **different: Any) -> Experiment:
    plain: dict[str, Any] = {
        "spec": spec,
        "status": "running",
        "started_at": NOON,
        "stopped_at": None,
        "decision": "",
        "reason": "",
        "base": {"quote_sentences": 3},
        "file": "longer.yaml",
    }
    return Experiment(**plain | different)


def lived(
    sessions: int = 120, rates: dict[str, float] | None = None, seed: int = 1, **different: Any
) -> Columns:
    """Sessions of one to four threads; ``rates``: how often an arm's answers are accepted."""
    rates = rates or {"three": 0.5, "five": 0.5}
    luck = random.Random(seed)
    rows, reports, ratings = [], [], []
    for number in range(sessions):
        arm = list(rates)[number % len(rates)]
        for thread in range(luck.randint(1, 4)):
            first = number * 900.0 + thread * 200
            for place in range(luck.randint(1, 2)):
                answer, asked = f"a{number}-{thread}-{place}", first + 40 * place
                made = _answer(luck, asked, rates[arm])
                rows.append(
                    row(
                        answer,
                        asked,
                        session_id=f"s{number}",
                        thread_id=f"a{number}-{thread}-0",
                        **{"experiment": "longer", "arm": arm} | made | different,
                    )
                )
                if luck.random() < 0.1:
                    reports.append((asked + 9, answer))
                if luck.random() < 0.2:
                    ratings.append((asked + 9, answer, "1.0", float(luck.randint(1, 5))))
    return columns(*rows, reports=reports, ratings=ratings)


def _answer(luck: random.Random, asked: float, rate: float) -> dict[str, Any]:
    if luck.random() < 0.05:
        return {"status": "stopped", "cost_usd": None}
    took = luck.lognormvariate(6, 0.5)
    accepted = luck.random() < rate
    return {
        "total_ms": took,
        "first_content_ms": took / 2,
        "completed_at": asked + took / 1000,
        "accepted_at": asked + luck.uniform(2, 60) if accepted else None,
        "interacted_at": asked + luck.choice([5, 900]) if luck.random() < 0.7 else None,
        "opened_at": asked + 4 if luck.random() < 0.5 else None,
        "rejected_at": asked + 30 if luck.random() < 0.1 else None,
        "corrected_at": asked + 30 if luck.random() < 0.05 else None,
        "retried_at": asked + 20 if luck.random() < 0.1 else None,
        "state": luck.choice(["answered", "answered", "not_found"]),
        "level": luck.choice(["high", "medium", "low"]),
        "content_words": luck.randint(1, 6),
        "cost_usd": luck.choice([None, luck.uniform(0, 0.01)]),
    }


def compared(found: Report, place: int = 0) -> Any:
    """The deciding metric of an arm; untyped, because what is missing fails the test by itself."""
    return found.primary.treatments[place]


def of(found: Report, metric: str) -> Any:
    return next(row for row in found.rows if row.target.id == metric)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", ["three", "five"])
def test_every_metric_of_an_arm_is_what_insights_says(arm: str) -> None:
    data = lived()
    found = report(started(), data, TARGETS, LATER)
    period = Period(NOON, LATER)
    everywhere = compute(data, period, LATER, Slice(experiment="longer", arm=arm))
    ours = {one.target.id: one for one in found.rows}
    assert set(ours) == set(MEASURES)
    # Ratings and reports carry their own arm there, which these columns made by hand have not.
    for name in set(MEASURES) - {"trust", "tickets"}:
        mine = next(one.estimate for one in ours[name].arms if one.arm == arm)
        assert mine.value == pytest.approx(everywhere[name].value), name
        assert mine.n == everywhere[name].denominator, name


def test_reports_and_ratings_count_for_the_arm_of_their_question() -> None:
    data = lived(rates={"three": 0.5})
    everywhere = compute(data, Period(NOON, LATER), LATER)
    spec = replace(SPEC, arms=(Arm("three"), Arm("other")))
    found = report(started(spec), data, TARGETS, LATER)
    for name in ("trust", "tickets"):
        assert of(found, name).arms[0].estimate.value == pytest.approx(everywhere[name].value)


def test_a_planted_difference_is_found_and_said() -> None:
    data = lived(400, {"three": 0.4, "five": 0.65})
    found = report(started(), data, TARGETS, LATER)
    one = compared(found)
    assert (one.arm, one.verdict.kind) == ("five", "better")
    assert one.interval.low < one.gap < one.interval.high
    assert one.verdict.words.endswith("points better")


def test_what_is_not_there_is_not_found() -> None:
    found = report(started(), lived(200), TARGETS, LATER)
    assert compared(found).verdict.words.startswith("can't tell yet")


def test_questions_of_other_experiments_do_not_count() -> None:
    found = report(started(), lived(experiment="another"), TARGETS, LATER)
    assert set(found.sessions.values()) == {0}
    assert found.primary.arms[0].estimate.value is None
    assert found.unequal == 1.0


def test_programs_without_a_session_are_counted_by_conversation() -> None:
    rows = [
        row(
            f"a{number}",
            number,
            session_id="",
            thread_id=f"con{number // 3}",
            experiment="longer",
            arm="five",
        )
        for number in range(12)
    ]
    found = report(started(), columns(*rows), TARGETS, LATER)
    assert (found.sessions["five"], found.questions["five"]) == (4, 12)


def test_arms_of_unequal_size_raise_an_alarm() -> None:
    even = report(started(), lived(200), TARGETS, LATER)
    assert not even.mismatched
    luck = lived(300, {"three": 0.5, "five": 0.5, "five ": 0.5})  # a third of it gets lost
    assert report(started(), luck, TARGETS, LATER).unequal > 0.5
    lost = columns(
        *[
            row(
                f"a{n}",
                n,
                session_id=f"s{n}",
                experiment="longer",
                arm="five" if n % 3 else "three",
            )
            for n in range(300)
        ]
    )
    assert report(started(), lost, TARGETS, LATER).mismatched


def test_with_three_arms_intervals_are_wider() -> None:
    two = report(started(), lived(200), TARGETS, LATER)
    spec = replace(SPEC, arms=(*SPEC.arms, Arm("seven", {"quote_sentences": 7})))
    three = report(started(spec), lived(200), TARGETS, LATER)
    assert three.level == pytest.approx(0.975)
    narrow, wide = (compared(found).interval for found in (two, three))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert three.primary.treatments[1].estimate.value is None


def test_it_says_how_many_more_days_it_takes() -> None:
    found = report(started(), lived(120), TARGETS, NOON + timedelta(days=3))
    advice: Any = found.advice
    assert advice.have == 60
    assert advice.per_day == pytest.approx(20)
    assert advice.needed > 60
    assert advice.days == -(-(advice.needed - 60) // 20)
    assert sum(sum(day.values()) for day in found.by_day.values()) == 120
    assert len(found.by_day) == 4


def test_a_plan_is_made_from_the_last_weeks() -> None:
    data = lived(120, experiment="", arm="")
    advice = plan(replace(SPEC, share=0.5), data, TARGETS, NOON + timedelta(days=3))
    assert advice.have == 0
    assert advice.per_day == pytest.approx(120 / 3 * 0.5 / 2)
    assert advice.needed is not None
    assert advice.needed > 50


# --- guardrails -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "state"), [(0.02, "breached"), (0.08, "past"), (0.3, "kept")])
def test_a_guardrail_is_broken_when_chance_cannot_explain_it(limit: float, state: str) -> None:
    spec = replace(SPEC, guardrails=(Guardrail("rejection", at_most=limit),))
    data = lived(200, seed=3)
    found = report(started(spec), data, TARGETS, LATER)
    five = next(one for one in found.guardrails if one.arm == "five")
    assert 0.08 < (five.estimate.value or 0) < 0.1
    assert five.state == state
    breaches = guardrail_breaches(started(spec), data, TARGETS, LATER)
    # The control's own trouble is no experiment's.
    assert [one.arm for one in breaches] == (["five"] if state == "breached" else [])


def test_a_guardrail_without_a_limit_takes_the_targets() -> None:
    spec = replace(SPEC, guardrails=(Guardrail("task_success"), Guardrail("retry")))
    metrics = dict(built_in())
    metrics["task_success"] = replace(metrics["task_success"], guardrail=0.9)
    found = report(started(spec), lived(), Targets(metrics), LATER)
    states = {(one.metric.id, one.arm): one.state for one in found.guardrails}
    assert states["task_success", "five"] == "breached"
    assert states["retry", "five"] == "unknown"


# --- the note -------------------------------------------------------------------------------------


def ended() -> Report:
    spec = replace(SPEC, guardrails=(Guardrail("rejection", at_most=0.02),))
    experiment = started(
        spec,
        status="stopped",
        stopped_at=at(3 * 86400),
        decision="ship:five",
        reason="Clear | enough.",
    )
    return report(experiment, lived(400, {"three": 0.4, "five": 0.65}), TARGETS, LATER)


def test_a_note_stands_alone() -> None:
    text = note(ended(), LATER)
    for part in (
        "# Experiment longer",
        "**Ship “five”.** Clear \\| enough.",
        "Longer is better.",
        "From 2026-03-10 to 2026-03-13 (UTC), with 100 % of sessions. Started from `longer.yaml`.",
        "| `quote_sentences` | 3 | 5 |",
        "| Task success (decides) |",
        "points better",
        "| Rejection | five |",
        "breached",
        "95 % interval",
    ):
        assert part in text, part
    assert text.count("\n# ") == 0


def test_a_note_is_not_written_over_what_somebody_wrote(tmp_path: Path) -> None:
    text = note(ended(), LATER)
    assert untouched(text)
    path = write_note(tmp_path, "longer", text)
    assert path == tmp_path / "experiments" / "longer.md"
    assert path.read_text(encoding="utf-8") == text
    later = note(ended(), LATER + timedelta(hours=1))
    write_note(tmp_path, "longer", later)  # nobody has touched it: replaced
    assert path.read_text(encoding="utf-8") == later
    path.write_text(later.replace("Longer is better.", "Longer is worse."), encoding="utf-8")
    with pytest.raises(ExperimentRefused, match="changed by hand"):
        write_note(tmp_path, "longer", text)
    assert "Longer is worse." in path.read_text(encoding="utf-8")
