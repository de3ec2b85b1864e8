"""What a written question costs is written down once, however it ends: real HTTP, real records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from app import moment
from app.ask.writing.budget import Budget, BudgetedChatModel
from app.ask.writing.chat_model import LangChainChatModel
from app.ask.writing.prices import Prices
from app.domain import Answer, Drafted, Question, Usage
from app.records.answers import AnswerStore
from app.records.behavior.tables import questions
from app.records.database import open_database
from app.records.product.costs import CostStore, DayCost
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import OpenAIServer, serve
from tests.knowledge.world import World, open_world

NAME = "openai:scripted"
QUESTION = Question("How many vacation days do employees have?")
HANDBOOK = """# Leave

Every employee has 27 vacation days a year. Vacation days move to the next year until March.
"""


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with serve() as running:
        yield running


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(f"sqlite:///{tmp_path / 'footnote.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def world(tmp_path: Path, engine: Engine, server: OpenAIServer) -> Iterator[World]:
    """A handbook and a model at 1 and 2 USD per million tokens, whose calls are written down."""
    prices = Prices(NAME, override="1/2")
    model = LangChainChatModel(NAME, base_url=server.base_url, prices=prices, timeout_s=5)
    chat = BudgetedChatModel(model, prices, Budget(), CostStore(engine))
    opened = open_world(tmp_path, chat=chat)
    opened.add(opened.read(HANDBOOK))
    yield opened
    opened.close()


def written_down(engine: Engine) -> DayCost | None:
    days = CostStore(engine).days(date(2000, 1, 1), date(2100, 1, 1))
    assert len(days) <= 1
    return days[0] if days else None


def ask(world: World) -> Answer:
    return asyncio.run(world.asker.answer(QUESTION, "session-1"))


def test_an_answer_its_question_and_the_day_have_the_same_cost(
    world: World, engine: Engine, server: OpenAIServer
) -> None:
    server.script(fake.PROSE)
    answer = ask(world)
    usage = Usage(321, 45, pytest.approx(321e-6 + 90e-6), 0, "FOOTNOTE_CHAT_PRICE 1/2")  # type: ignore[arg-type]  # compares
    assert answer.usage == usage
    assert written_down(engine) == DayCost(
        moment.now().date(),
        NAME,
        1,
        321,
        45,
        0,
        pytest.approx(411e-6),  # type: ignore[arg-type]  # compares
        0,
        0,
    )
    with engine.connect() as connection:
        row = connection.execute(select(questions)).one()
    assert (row.cost_usd, row.price_version) == (usage.cost_usd, usage.price_version)


def test_a_deleted_answer_is_paid_all_the_same(
    world: World, engine: Engine, server: OpenAIServer
) -> None:
    server.script(fake.PROSE)
    ask(world)
    assert AnswerStore(engine).delete_session("session-1") == 1
    paid = written_down(engine)
    assert paid is not None
    assert paid.cost_usd == pytest.approx(411e-6)


def test_an_attempt_that_failed_is_paid_and_stands_with_the_quotes(
    world: World, engine: Engine, server: OpenAIServer
) -> None:
    server.script(fake.UNCITED)
    answer = ask(world)
    assert answer.mode == "quotes"
    paid = written_down(engine)
    assert paid is not None
    assert (paid.model, paid.calls) == (NAME, 1)
    assert paid.cost_usd == pytest.approx(answer.usage.cost_usd)
    assert paid.cost_usd > 0


def test_a_refused_key_costs_nothing(world: World, engine: Engine, server: OpenAIServer) -> None:
    server.script(fake.UNAUTHORIZED)
    assert ask(world).mode == "quotes"
    assert written_down(engine) is None


def test_a_question_that_is_stopped_has_been_paid_for_so_far(
    world: World, engine: Engine, server: OpenAIServer
) -> None:
    server.script(replace(fake.TYPING, wait_s=0.2))

    async def stop() -> None:
        async with aclosing(world.asker.ask(QUESTION, "session-1")) as steps:
            async for step in steps:
                if isinstance(step, Drafted):
                    return

    asyncio.run(stop())
    paid = written_down(engine)
    assert paid is not None
    assert (paid.calls, paid.unknown_calls) == (1, 0)
    assert paid.input_tokens > 100
    with engine.connect() as connection:
        assert connection.execute(select(questions.c.status)).scalar_one() == "stopped"
