"""Experiments as they are kept, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from app import moment
from app.errors import ExperimentRefused, NotFound
from app.insights.experiments.report import stop_breached
from app.records.product.experiments import Arm, ExperimentStore, Guardrail, Spec
from tests.unit.facts_made import LATER, NOON
from tests.unit.test_experiments import SPEC as LONGER
from tests.unit.test_experiments import TARGETS, lived

MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def store(engine: Engine) -> ExperimentStore:
    return ExperimentStore(engine)


def spec(name: str = "longer-quotes") -> Spec:
    return Spec(
        id=name,
        hypothesis="Longer is “better”.",
        metric="task_success",
        arms=(Arm("three"), Arm("five", {"quote_sentences": 5, "prompt": "a\nb"})),
        control="three",
        share=0.5,
        minimum_effect=0.05,
        guardrails=(Guardrail("rejection", at_most=0.2),),
        stop_on_breach=True,
    )


def test_what_was_started_is_running_as_it_was_written(store: ExperimentStore) -> None:
    assert store.running() is None
    with moment.at(MARCH):
        store.start(spec(), {"quote_sentences": 3, "prompt": ""}, "longer-quotes.yaml")
    found = store.running()
    assert found == store.get("longer-quotes")
    assert found is not None
    assert (found.spec, found.started_at, found.file) == (spec(), MARCH, "longer-quotes.yaml")
    assert found.base == {"quote_sentences": 3, "prompt": ""}
    assert [arm.name for arm in found.spec.arms] == ["three", "five"]


def test_a_second_experiment_waits_until_the_first_has_ended(store: ExperimentStore) -> None:
    store.start(spec())
    with pytest.raises(ExperimentRefused, match="“longer-quotes” is running"):
        store.start(spec("other"))
    store.stop("longer-quotes", "keep")
    store.start(spec("other"))
    assert [(one.id, one.running) for one in store.all()] == [
        ("other", True),
        ("longer-quotes", False),
    ]


def test_an_id_is_used_once(store: ExperimentStore) -> None:
    store.start(spec())
    store.stop("longer-quotes", "inconclusive")
    with pytest.raises(ExperimentRefused, match="already"):
        store.start(spec())


def test_it_ends_with_a_decision_and_a_reason(store: ExperimentStore) -> None:
    store.start(spec())
    with moment.at(MARCH):
        ended = store.stop("longer-quotes", "ship:five", " clear enough ")
    assert (ended.running, ended.stopped_at, ended.reason) == (False, MARCH, "clear enough")
    assert ended.shipped == "five"
    assert store.running() is None
    with pytest.raises(ExperimentRefused, match="before"):
        store.stop("longer-quotes", "keep")


@pytest.mark.parametrize("decision", ["ship:three", "ship:six", "", "maybe"])
def test_only_a_treatment_can_be_shipped(store: ExperimentStore, decision: str) -> None:
    store.start(spec())
    with pytest.raises(ExperimentRefused, match="ship:five, keep, inconclusive"):
        store.stop("longer-quotes", decision)
    assert store.running() is not None


def test_what_was_never_started_is_not_found(store: ExperimentStore) -> None:
    with pytest.raises(NotFound):
        store.get("nothing")
    with pytest.raises(NotFound):
        store.stop("nothing", "keep")


def test_of_two_started_at_once_one_runs(store: ExperimentStore) -> None:
    def start(name: str) -> bool:
        try:
            store.start(spec(name))
        except ExperimentRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(start, ["a", "b", "c", "d"]))
    assert sum(started) == 1
    assert sum(one.running for one in store.all()) == 1


# --- stopped by itself ----------------------------------------------------------------------------


@pytest.mark.parametrize(("by_itself", "limit"), [(True, 0.02), (False, 0.02), (True, 0.3)])
def test_a_broken_guardrail_ends_it_where_it_says_so(
    store: ExperimentStore, by_itself: bool, limit: float
) -> None:
    asked = replace(
        LONGER, guardrails=(Guardrail("rejection", at_most=limit),), stop_on_breach=by_itself
    )
    with moment.at(NOON):
        store.start(asked, {"quote_sentences": 3})
    breaches = stop_breached(store, lived(200, seed=3), TARGETS, LATER)
    assert [one.arm for one in breaches] == (["five"] if limit < 0.1 else [])
    ended = store.get(asked.id)
    assert ended.running is not (by_itself and bool(breaches))
    if not ended.running:
        assert ended.decision == "keep"
        assert ended.reason == f"Stopped by itself. {breaches[0].message}"


def test_nothing_is_stopped_where_nothing_runs(store: ExperimentStore) -> None:
    assert stop_breached(store, lived(20), TARGETS, LATER) == ()
