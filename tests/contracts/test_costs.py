"""What model calls cost, day by day, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete

from app import moment
from app.domain import Answer, AnswerState, Confidence, Level, Usage
from app.records import database
from app.records.answers import AnswerStore
from app.records.product.costs import CostStore, DayCost
from app.records.tables import answers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINI = "openai:gpt-5-mini"


@pytest.fixture
def costs(engine: Engine) -> CostStore:
    return CostStore(engine)


def on(day: int, month: int = 11) -> datetime:
    return NOON.replace(month=month, day=day)


def test_calls_are_summed_by_day_and_model(costs: CostStore) -> None:
    with moment.at(on(22)):
        costs.called(MINI, Usage(1000, 50, 0.25, 400, "here"))
        costs.called(MINI, Usage(500, 10, 0.5))
        costs.called(MINI, Usage(70, 7, None))
        costs.called("ollama:x", Usage(1, 1, None))
        costs.refused(MINI)
    with moment.at(on(23)):
        costs.called(MINI, Usage(1, 2, 8.0))
    assert costs.days(date(2026, 11, 22), date(2026, 11, 22)) == [
        DayCost(date(2026, 11, 22), "ollama:x", 1, 1, 1, 0, 0.0, 1, 0),
        DayCost(date(2026, 11, 22), MINI, 3, 1570, 67, 400, 0.75, 1, 1),
    ]
    assert costs.usd_on(date(2026, 11, 22)) == pytest.approx(0.75)
    assert costs.usd_on(date(2026, 11, 21)) == 0.0
    assert costs.refused_on(date(2026, 11, 22)) == 1
    assert costs.refused_on(date(2026, 11, 23)) == 0


def test_a_month_is_summed_until_the_day_that_is_asked_for(costs: CostStore) -> None:
    for when, usd in [(on(31, 10), 100.0), (on(1), 1.0), (on(22), 2.0), (on(30), 4.0)]:
        with moment.at(when):
            costs.called(MINI, Usage(1, 1, usd))
    assert costs.usd_in_month(date(2026, 11, 22)) == pytest.approx(3.0)
    assert costs.usd_in_month(date(2026, 11, 30)) == pytest.approx(7.0)
    assert costs.usd_in_month(date(2026, 12, 1)) == 0.0


def test_a_day_ends_at_midnight_utc(costs: CostStore) -> None:
    with moment.at(datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)):
        costs.called(MINI, Usage(1, 1, 1.0))
    with moment.at(datetime(2026, 11, 23, tzinfo=UTC)):
        costs.called(MINI, Usage(1, 1, 2.0))
    assert costs.usd_on(date(2026, 11, 22)) == 1.0


def test_no_call_is_lost_between_threads(engine: Engine, costs: CostStore) -> None:
    def call() -> None:
        for _ in range(20):
            costs.called(MINI, Usage(10, 1, 0.01))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (day,) = costs.days(date(2000, 1, 1), date(2100, 1, 1))
    assert (day.calls, day.input_tokens) == (80, 800)
    assert day.cost_usd == pytest.approx(0.8)


def test_embeddings_have_a_sum_of_their_own_and_are_in_no_budget(costs: CostStore) -> None:
    with moment.at(NOON):
        costs.called(MINI, Usage(1, 1, 1.0))
    costs.embedded(NOON.date(), "all-MiniLM-L6-v2", 20, 4000, 0.5)
    costs.embedded(NOON.date(), "all-MiniLM-L6-v2", 1, 10, 0.25)
    found = {one.model: (one.calls, one.cost_usd) for one in costs.days(NOON.date(), NOON.date())}
    assert found == {MINI: (1, 1.0), "embeddings:all-MiniLM-L6-v2": (21, 0.75)}
    assert (costs.usd_on(NOON.date()), costs.usd_in_month(NOON.date())) == (1.0, 1.0)


def test_deleting_every_answer_gives_no_money_back(engine: Engine, costs: CostStore) -> None:
    with moment.at(NOON):
        costs.called(MINI, Usage(1, 1, 1.0))
    with engine.begin() as connection:
        connection.execute(delete(answers))
    assert costs.usd_on(NOON.date()) == 1.0


def old_answer(key: str, created: datetime, model: str, usage: Usage) -> Answer:
    return Answer(
        answer_id=key,
        trace_id="0" * 32,
        conversation_id="con",
        question="?",
        state=AnswerState.ANSWERED,
        mode="written",
        model=model,
        text="",
        sentences=(),
        citations=(),
        confidence=Confidence(Level.HIGH, 0.9, ()),
        closest=(),
        retrieval=None,
        missing_terms=(),
        documents_searched=1,
        passages_searched=1,
        usage=usage,
        timings_ms={"total": 1.0},
        created_at=created,
    )


def test_what_the_answers_of_an_older_release_cost_is_summed_up_when_it_is_updated(
    url: str,
) -> None:
    from alembic import command
    from alembic.config import Config

    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    store = AnswerStore(engine)
    for key, hour, model, usage in [
        ("a", 23, MINI, Usage(10, 2, 0.25)),
        ("b", 0, MINI, Usage(20, 3, 0.5)),
        ("c", 12, "quotes", Usage(5, 0, None)),
        ("d", 12, "quotes", Usage()),
    ]:
        store.add(old_answer(key, NOON.replace(hour=hour), model, usage), "session-1")
    engine.dispose()
    opened = database.open_database(url)
    try:
        found = CostStore(opened).days(date(2026, 1, 1), date(2026, 12, 31))
    finally:
        opened.dispose()
    assert {
        (one.model, one.calls, one.input_tokens, one.cost_usd, one.unknown_calls) for one in found
    } == {
        (MINI, 2, 30, 0.75, 0),
        ("unknown", 1, 5, 0.0, 1),
    }
