"""Alerts on SQLite and PostgreSQL: fired once, ended without flapping, told to a real receiver."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from app import moment
from app.domain import Usage
from app.errors import NotFound, SettingsError
from app.insights.alerts.verdict import Reading
from app.insights.alerts.watching import Patrol, Watch
from app.insights.alerts.webhook import Webhook
from app.insights.budgets import Budgets
from app.records.product.alerts import AlertStore
from app.records.product.costs import CostStore
from tests.fakes.webhook_receiver import SECRET, Receiver, receive
from tests.plugins.programs import free_port

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLOW = Reading(
    rule="slow-answers",
    metric="time_to_answer_p95",
    name="Time to answer, 95th percentile",
    unit="ms",
    value=1000,
    threshold=3000,
    count=50,
    minimum=20,
    over=timedelta(hours=1),
    message="Look at the chat model's server.",
)


class World:
    """A watch over one rule whose value a test sets, and a clock."""

    def __init__(self, engine: Engine, webhook: Webhook | None = None) -> None:
        self.reading: Reading | None = SLOW
        self.now = NOON
        self.store = AlertStore(engine)
        self.problem: Exception | None = None
        self.watch = Watch(self.store, [self.read], webhook=webhook, release="1.2.3")

    def read(self, _now: datetime) -> list[Reading]:
        if self.problem is not None:
            raise self.problem
        return [self.reading] if self.reading is not None else []

    def look(self, value: float | None = None, **changes: Any) -> None:
        """A minute later, with another value."""
        self.now += MINUTE
        if value is not None:
            changes["value"] = value
        if self.reading is not None:
            self.reading = replace(self.reading, **changes)
        with moment.at(self.now):
            assert self.watch.look()


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receive() as running:
        yield running


@pytest.fixture
def sending(engine: Engine, hook: Receiver) -> World:
    return World(engine, Webhook(hook.address))


# --- firing and ending ----------------------------------------------------------------------------


def test_an_alert_fires_once_when_its_threshold_is_passed(world: World) -> None:
    world.look(3000)
    assert world.store.open() == []
    for value in (4200, 9000, 3500):
        world.look(value)
    (alert,) = world.store.open()
    assert alert.message == (
        "Time to answer, 95th percentile is 4.2 s over the last hour, above the 3 s that is set. "
        "Look at the chat model's server."
    )
    assert (alert.value, alert.threshold, alert.fired_at) == (4200, 3000, NOON + 2 * MINUTE)


def test_a_value_that_reads_like_its_threshold_is_just_above_it(world: World) -> None:
    world.look(3001)
    (alert,) = world.store.open()
    assert "is just above the 3 s that is set over the last hour." in alert.message


def test_a_value_that_sways_around_the_threshold_does_not_flap(world: World) -> None:
    for value in (3100, 2950, 3050, 2800, 3001):
        world.look(value)
    assert len(world.store.open()) == 1
    assert world.store.history() == []
    world.look(2700)
    (over,) = world.store.history()
    assert over.resolved_at == world.now
    world.look(2950)
    assert world.store.open() == []
    world.look(3100)
    assert len(world.store.open()) == 1


def test_below_a_threshold_works_the_other_way_round(world: World) -> None:
    world.look(0.5, unit="ratio", above=False, threshold=0.4)
    world.look(0.39)
    assert len(world.store.open()) == 1
    world.look(0.42)
    assert len(world.store.open()) == 1
    world.look(0.45)
    assert world.store.open() == []


def test_a_threshold_of_zero_is_passed_by_anything_above_it(world: World) -> None:
    world.look(0, threshold=0, unit="count")
    assert world.store.open() == []
    world.look(1)
    assert len(world.store.open()) == 1
    world.look(0)
    assert world.store.open() == []


def test_too_few_questions_say_nothing(world: World) -> None:
    world.look(9000, count=19)
    assert world.store.open() == []
    world.look(9000, count=20)
    assert len(world.store.open()) == 1


def test_a_quiet_night_ends_an_alert_once_nothing_of_it_is_in_the_window(world: World) -> None:
    world.look(9000)
    world.look(9000, count=9)
    world.look(count=0)
    assert len(world.store.open()) == 1
    world.now += timedelta(hours=1)
    world.look(count=15)  # not enough to fire, but enough to hold on
    assert len(world.store.open()) == 1
    world.look(count=9)
    assert world.store.open() == []


def test_a_rule_that_is_gone_ends_its_alert_and_one_that_cant_be_read_does_not(
    world: World,
) -> None:
    world.look(9000)
    world.now += timedelta(hours=2)
    world.problem = SettingsError("prd/metrics.yaml can't be used.")
    world.look()
    assert len(world.store.open()) == 1
    world.problem, world.reading = None, None
    world.look()
    assert world.store.open() == []


def test_a_rule_that_cant_be_followed_neither_fires_nor_ends(world: World) -> None:
    world.look(9000, problem="Nobody measures this.")
    assert world.store.open() == []
    world.look(9000, problem="")
    world.look(1, problem="Nobody measures this.")
    assert len(world.store.open()) == 1


def test_what_can_not_be_read_is_told_and_not_thrown(world: World) -> None:
    world.problem = SettingsError("metrics.yaml can't be used: alert x: there is no metric 'y'.")
    assert world.watch.readings(NOON) == (
        [],
        ["metrics.yaml can't be used: alert x: there is no metric 'y'."],
    )


# --- several at once ------------------------------------------------------------------------------


def test_processes_take_turns(engine: Engine) -> None:
    one, two = World(engine), World(engine)
    with moment.at(NOON):
        assert one.watch.look()
        assert not two.watch.look()
    with moment.at(NOON + MINUTE):
        assert two.watch.look()
        assert not one.watch.look()


def together(*work: Callable[[], object]) -> list[object]:
    """Do all of it at the same moment, each in a thread."""
    start = threading.Barrier(len(work))
    found: list[object] = []

    def run(one: Callable[[], object]) -> None:
        start.wait()
        found.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_only_one_of_many_gets_the_turn(engine: Engine) -> None:
    store = AlertStore(engine)
    found = together(*[lambda: store.lease(NOON, MINUTE)] * 6)
    assert (found.count(True), found.count(False)) == (1, 5)


def test_two_that_look_at_once_fire_once_and_send_once(engine: Engine, hook: Receiver) -> None:
    worlds = [World(engine, Webhook(hook.address)) for _ in range(4)]

    def look(world: World) -> None:
        with moment.at(NOON):
            reading = replace(SLOW, value=9000.0)
            world.watch._follow(reading, None, NOON)  # as if each had the turn
            world.watch.send()

    together(*[lambda world=world: look(world) for world in worlds])
    assert len(AlertStore(engine).open()) == 1
    assert len(hook.received) == 1


# --- telling --------------------------------------------------------------------------------------


def test_the_webhook_is_told_when_an_alert_fires_and_when_it_is_over(
    sending: World, hook: Receiver
) -> None:
    sending.look(9000)
    sending.look(9500)
    (fired,) = hook.received
    assert fired["text"].startswith("Footnote · Alert: Time to answer, 95th percentile is 9 s over")
    assert fired | {"text": "", "message": "", "alert": 0} == {
        "text": "",
        "message": "",
        "alert": 0,
        "status": "fired",
        "rule": "slow-answers",
        "metric": "time_to_answer_p95",
        "value": 9000.0,
        "threshold": 3000.0,
        "fired_at": (NOON + MINUTE).isoformat(),
        "resolved_at": None,
        "release": "1.2.3",
        "page": "/insights/alerts",
    }
    assert sending.store.open()[0].sent_at == NOON + MINUTE
    sending.look(100)
    assert [one["status"] for one in hook.received] == ["fired", "resolved"]
    assert hook.received[1]["resolved_at"] == (NOON + 3 * MINUTE).isoformat()
    sending.look(100)
    assert len(hook.received) == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "The webhook answered with status 500."),
        (404, "The webhook answered with status 404."),
        (302, "The webhook answered with status 302."),
        (0, "The webhook did not answer within 0.3 s."),
    ],
)
def test_a_webhook_that_fails_is_tried_again_later_and_later(
    engine: Engine, hook: Receiver, status: int, said: str
) -> None:
    world = World(engine, Webhook(hook.address, timeout_s=5 if status else 0.3))
    hook.status = status
    world.look(9000)
    (alert,) = world.store.open()
    assert (alert.tries, alert.error, alert.sent_at) == (1, said, None)
    for seconds, tries in [(29, 1), (31, 2), (60, 2), (92, 3), (200, 3)]:
        with moment.at(NOON + MINUTE + timedelta(seconds=seconds)):
            world.watch.send()
        assert world.store.open()[0].tries == tries
    hook.status = 200
    world.watch.webhook = Webhook(hook.address)
    with moment.at(NOON + timedelta(minutes=5)):
        world.watch.send()
    (alert,) = world.store.open()
    assert (alert.error, alert.sent_at) == ("", NOON + timedelta(minutes=5))
    assert hook.received[-1]["rule"] == "slow-answers"


def test_nobody_listens_at_the_address(engine: Engine) -> None:
    world = World(engine, Webhook(f"http://127.0.0.1:{free_port()}/{SECRET}"))
    world.look(9000)
    assert world.store.open()[0].error == "The webhook could not be reached."


def test_after_a_day_nobody_is_told_any_more(sending: World, hook: Receiver) -> None:
    hook.status = 500
    sending.look(9000)
    hook.status, hook.received = 200, []
    with moment.at(NOON + timedelta(days=1, minutes=2)):
        sending.watch.send()
    assert hook.received == []


def test_what_was_over_before_it_could_be_told_is_told_in_one_message(
    sending: World, hook: Receiver
) -> None:
    hook.status = 500
    sending.look(9000)
    hook.status, hook.received = 200, []
    sending.look(100)
    sending.look(100)
    assert [one["status"] for one in hook.received] == ["resolved"]


def test_a_webhook_that_is_set_later_is_not_told_of_what_is_over(
    engine: Engine, hook: Receiver
) -> None:
    world = World(engine)
    world.look(9000)
    world.look(100)
    world.watch.webhook = Webhook(hook.address)
    world.look(100)
    assert hook.received == []


def test_the_address_is_a_secret(
    sending: World, hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sending.look(9000)
    hook.status = 500
    sending.look(100)
    assert hook.received
    assert SECRET not in caplog.text
    assert "status 500" in caplog.text
    webhook = sending.watch.webhook
    assert webhook is not None
    assert SECRET not in webhook.shown
    assert webhook.shown.startswith("http://127.0.0.1:")


def test_user_and_password_of_an_address_are_secret_too() -> None:
    assert Webhook("https://me:pass@example.org/x?token=y").shown == "https://example.org/…"


@pytest.mark.parametrize("address", ["secret-token", "ftp://example.org/secret-token", "http://"])
def test_what_is_no_address_is_said_without_saying_it(address: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_ALERT_WEBHOOK") as caught:
        Webhook(address)
    assert "secret-token" not in caught.value.message


# --- people ---------------------------------------------------------------------------------------


def test_an_acknowledged_alert_is_open_but_no_longer_pointed_at(world: World) -> None:
    world.look(9000)
    (alert,) = world.store.shouting(world.now)
    world.store.acknowledge(alert.id, world.now)
    assert world.store.shouting(world.now) == []
    assert len(world.store.open()) == 1
    world.look(100)
    with pytest.raises(NotFound, match="no such open alert"):
        world.store.acknowledge(alert.id, world.now)


def test_a_snoozed_rule_is_quiet_also_when_it_fires_again_and_speaks_afterwards(
    sending: World, hook: Receiver
) -> None:
    sending.look(9000)
    (alert,) = sending.store.open()
    until = sending.now + timedelta(hours=1)
    sending.store.snooze(alert.id, until)
    assert sending.store.shouting(sending.now) == []
    sending.look(100)
    sending.look(9000)
    assert len(hook.received) == 1
    assert sending.store.shouting(sending.now) == []
    sending.now = until
    sending.look(9000)
    assert len(sending.store.shouting(sending.now)) == 1
    assert sorted(one["status"] for one in hook.received) == ["fired", "fired", "resolved"]


# --- budgets --------------------------------------------------------------------------------------


def spent(costs: CostStore, usd: float, when: datetime = NOON) -> None:
    with moment.at(when):
        costs.called("openai:gpt-5-mini", Usage(1, 1, usd))


def fired(budgets: Budgets, now: datetime = NOON) -> list[str]:
    return [one.rule for one in budgets.readings(now) if one.crossed]


def test_a_budget_tells_at_80_percent_and_when_it_is_used_up(engine: Engine) -> None:
    costs = CostStore(engine)
    budgets = Budgets(costs, day_usd=1, month_usd=10)
    spent(costs, 0.79)
    assert fired(budgets) == []
    spent(costs, 0.01)
    assert fired(budgets) == ["budget-day-80"]
    spent(costs, 0.2)
    assert fired(budgets) == ["budget-day-80", "budget-day-100"]
    spent(costs, 7.5, NOON - timedelta(days=3))
    assert fired(budgets) == ["budget-day-80", "budget-day-100", "budget-month-80"]
    assert fired(budgets, NOON + timedelta(days=1)) == ["budget-month-80"]
    assert fired(budgets, NOON + timedelta(days=10)) == []


def test_a_budget_is_used_up_when_a_call_was_refused_for_it(engine: Engine) -> None:
    costs = CostStore(engine)
    budgets = Budgets(costs, day_usd=1, month_usd=1.5)
    spent(costs, 0.9)
    with moment.at(NOON):
        costs.refused("openai:gpt-5-mini")
    assert fired(budgets) == ["budget-day-80", "budget-day-100"]
    spent(costs, 0.55, NOON - timedelta(days=1))  # now the month has less left than the day
    assert fired(budgets) == ["budget-day-80", "budget-month-80", "budget-month-100"]


def test_a_budgets_alert_is_over_with_its_day(engine: Engine) -> None:
    costs, store = CostStore(engine), AlertStore(engine)
    watch = Watch(store, [Budgets(costs, day_usd=1, month_usd=0).readings])
    spent(costs, 0.85)
    with moment.at(NOON):
        watch.look()
    (alert,) = store.open()
    assert alert.message == "Today, $0.85 of the $1.00 for written answers is spent."
    with moment.at(NOON + timedelta(hours=12)):
        watch.look()
    assert store.open() == []


# --- the thread -----------------------------------------------------------------------------------


def test_the_patrol_goes_on_when_a_look_fails(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[float] = []

    def read(_now: datetime) -> list[Reading]:
        looks.append(time.monotonic())
        if len(looks) < 3:
            raise OSError("the disk is away")
        return []

    def check() -> None:
        raise SettingsError("metrics.yaml can't be used.", "Correct it.")

    watch = Watch(AlertStore(engine), [read], check=check, every=timedelta(seconds=0.05))
    patrol = Patrol(watch)
    patrol.start()
    deadline = time.monotonic() + 20
    while len(looks) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    patrol.stop()
    assert len(looks) >= 4
    assert caplog.text.count("trying again") == 1
    assert "Alerts can't be watched: metrics.yaml can't be used. Correct it." in caplog.text


def test_a_webhook_that_hangs_does_not_hold_up_the_end(engine: Engine, hook: Receiver) -> None:
    hook.status = 0
    world = World(engine, Webhook(hook.address, timeout_s=30))
    world.reading = replace(SLOW, value=9000.0)
    world.watch.every = timedelta(seconds=0.05)
    patrol = Patrol(world.watch)
    patrol.start()
    deadline = time.monotonic() + 20
    while not hook.received and time.monotonic() < deadline:
        time.sleep(0.02)
    began = time.monotonic()
    patrol.stop(wait_s=0.2)
    assert hook.received
    assert time.monotonic() - began < 2
    hook.stopping.set()
