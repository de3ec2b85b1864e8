"""What written answers may cost, and that an unknown price is never taken for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.trace import Span

from app.ask.writing.budget import Budget, BudgetedChatModel
from app.ask.writing.chat_model import Chunk, complete
from app.ask.writing.prices import Cost, Prices, estimated_tokens
from app.ask.writing.prompts import Message
from app.domain import Answer, AnswerState, Confidence, Level, Usage
from app.errors import SettingsError, WritingFailed
from app.records.answers import AnswerStore
from app.records.database import open_database
from app.records.spending import Spending
from app.settings import Settings, load_settings

TODAY = date(2026, 11, 22)
ASKED = [Message("user", "x" * 4000)]  # a thousand tokens
MINI = "openai:gpt-5-mini"


def test_a_known_model_has_the_price_of_the_table() -> None:
    cost = Prices(MINI).cost(1_000_000, 1_000_000)
    assert cost is not None
    assert 0 < cost.prompt < cost.completion
    assert cost.total == cost.prompt + cost.completion


def test_cached_input_costs_less() -> None:
    prices = Prices(MINI)
    plain, cached = prices.cost(10_000, 0), prices.cost(10_000, 0, 9_000)
    assert plain is not None
    assert cached is not None
    assert cached.total < plain.total


@pytest.mark.parametrize("name", ["ollama:llama3.2", "openai:made-up-model", "nobody:x"])
def test_an_unknown_price_is_none(name: str) -> None:
    assert Prices(name).cost(1000, 1000) is None


def test_a_server_of_ones_own_has_no_price_but_a_known_one_has_its_own() -> None:
    assert Prices(MINI, base_url="http://127.0.0.1:8080/v1").cost(1000, 1000) is None
    assert Prices(MINI, base_url="https://api.openai.com/v1").cost(1000, 1000) == (
        Prices(MINI).cost(1000, 1000)
    )


def test_a_server_named_by_the_providers_own_variable_is_ones_own_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
    assert Prices(MINI).cost(1000, 1000) is None


def test_a_price_that_is_set_wins() -> None:
    assert Prices("ollama:x", override=" 0.5 / 2 ").cost(1_000_000, 500_000) == Cost(0.5, 1.0)
    assert Prices("ollama:x", override="0/0").cost(1000, 1000) == Cost(0.0, 0.0)
    with pytest.raises(SettingsError, match="input/output"):
        Prices("ollama:x", override="cheap")


def test_a_price_that_is_no_price_is_said_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_CHAT_PRICE", "2")
    with pytest.raises(SettingsError, match="FOOTNOTE_CHAT_PRICE"):
        load_settings(_env_file=None)


def test_the_key_is_not_shown_with_the_settings() -> None:
    shown = repr(Settings(_env_file=None, chat_api_key="sk-secret"))
    assert "sk-secret" not in shown


def test_tokens_are_estimated_by_bytes() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("four") == 1
    assert estimated_tokens("港" * 4) == 3


def reserved(budget: Budget, usd: float) -> float:
    return budget.reserve(MINI, Cost(usd, 0.0))


def test_without_a_budget_everything_may_be_asked() -> None:
    budget = Budget()
    assert not budget.active
    assert budget.reserve("ollama:x", None) == 0.0


def test_a_question_over_its_budget_is_refused_before_it_is_asked() -> None:
    budget = Budget(question_usd=0.01)
    assert reserved(budget, 0.01) == 0.01
    with pytest.raises(
        WritingFailed, match=r"could cost USD 0\.02, more than the USD 0\.01"
    ) as caught:
        reserved(budget, 0.02)
    assert caught.value.problem == "over_budget"


def test_a_day_over_its_budget_is_refused_and_the_next_day_begins_anew() -> None:
    day = TODAY
    budget = Budget(day_usd=1, today=lambda: day)
    budget.settle(reserved(budget, 0.6), 0.6)
    with pytest.raises(WritingFailed, match=r"Today's USD 1.00 for written answers is used up"):
        reserved(budget, 0.5)
    day = TODAY + timedelta(days=1)
    assert reserved(budget, 0.5) == 0.5


def test_calls_under_way_count_until_they_are_settled() -> None:
    budget = Budget(day_usd=1, today=lambda: TODAY)
    first = reserved(budget, 0.6)
    with pytest.raises(WritingFailed):
        reserved(budget, 0.6)
    budget.settle(first, 0.1)
    assert reserved(budget, 0.6) == 0.6


def test_what_was_recorded_before_and_by_others_counts_once() -> None:
    recorded = 0.3
    budget = Budget(day_usd=1, spending=lambda _day: recorded, today=lambda: TODAY)
    budget.settle(reserved(budget, 0.2), 0.2)
    recorded = 0.5  # the same answer, now in the records
    assert reserved(budget, 0.5) == 0.5
    budget.settle(0.5, 0.0)
    recorded = 0.9  # another process spent
    with pytest.raises(WritingFailed):
        reserved(budget, 0.2)


def test_deleting_the_history_gives_no_money_back() -> None:
    recorded = 0.0
    budget = Budget(day_usd=1, spending=lambda _day: recorded, today=lambda: TODAY)
    budget.settle(reserved(budget, 0.8), 0.8)
    recorded = 0.8
    reserved(budget, 0.1)
    recorded = 0.0
    with pytest.raises(WritingFailed):
        reserved(budget, 0.2)


def test_a_budget_can_not_be_kept_without_a_price_and_says_what_to_set() -> None:
    with pytest.raises(WritingFailed) as caught:
        Budget(day_usd=1).reserve("ollama:x", None)
    assert caught.value.problem == "price_unknown"
    assert caught.value.notice == (
        "The price of ollama:x is unknown and a budget is set, so this is quoted from your "
        "documents instead. Set FOOTNOTE_CHAT_PRICE (0/0 for a model of your own), or unset the "
        "budget."
    )


class Told:
    """A model that says the same each time, without a server."""

    name = MINI

    def __init__(self, *pieces: str, usage: Usage | None = None, fails: bool = False) -> None:
        self.pieces, self.usage, self.fails, self.calls = pieces, usage, fails, 0

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: Span | None = None
    ) -> AsyncGenerator[Chunk, None]:
        self.calls += 1
        for piece in self.pieces:
            yield Chunk(piece)
        if self.fails:
            raise WritingFailed("It broke.", usage=Usage(1000, 10, 0.25))
        yield Chunk(usage=self.usage, finish="stop")


def budgeted(model: Told, budget: Budget) -> BudgetedChatModel:
    return BudgetedChatModel(model, Prices(MINI, override="100/1000"), budget)


def test_a_model_over_the_budget_is_not_called() -> None:
    model = Told("Hello.")
    # 1,000 tokens in at 100 and 50 out at 1,000 USD per million: 0.10 + 0.05
    with pytest.raises(WritingFailed, match=r"could cost USD 0\.15"):
        asyncio.run(complete(budgeted(model, Budget(question_usd=0.1)), ASKED, max_tokens=50))
    assert model.calls == 0


def test_what_a_call_did_cost_takes_the_place_of_the_estimate() -> None:
    budget = Budget(day_usd=0.4, today=lambda: TODAY)
    model = budgeted(Told("Hello.", usage=Usage(1000, 2, 0.1)), budget)
    for _ in range(3):
        asyncio.run(complete(model, ASKED, max_tokens=50))
    with pytest.raises(WritingFailed, match="used up"):
        asyncio.run(complete(model, ASKED, max_tokens=50))


def test_a_failed_call_counts_with_what_it_used() -> None:
    budget = Budget(day_usd=0.4, today=lambda: TODAY)
    with pytest.raises(WritingFailed, match="It broke"):
        asyncio.run(complete(budgeted(Told("a", fails=True), budget), ASKED, max_tokens=50))
    with pytest.raises(WritingFailed, match="used up"):
        reserved(budget, 0.16)
    assert reserved(budget, 0.14) == 0.14


def test_a_stopped_call_counts_with_what_was_read_and_written() -> None:
    budget = Budget(day_usd=0.3, today=lambda: TODAY)

    async def stop() -> None:
        model = budgeted(Told("word " * 8, "more"), budget)
        async with aclosing(model.stream(ASKED, max_tokens=50)) as chunks:
            async for _ in chunks:
                break

    asyncio.run(stop())  # 0.10 read and 10 tokens written: 0.01
    with pytest.raises(WritingFailed):
        reserved(budget, 0.2)
    assert reserved(budget, 0.18) == 0.18


def answer(key: str, cost: float | None, created: datetime) -> Answer:
    return Answer(
        answer_id=key,
        trace_id="0" * 32,
        conversation_id="con",
        question="?",
        state=AnswerState.ANSWERED,
        mode="written",
        model=MINI,
        text="",
        sentences=(),
        citations=(),
        confidence=Confidence(Level.HIGH, 0.9, ()),
        closest=(),
        retrieval=None,
        missing_terms=(),
        documents_searched=1,
        passages_searched=1,
        usage=Usage(1, 1, cost),
        timings_ms={"total": 1.0},
        created_at=created,
    )


def check_spending(url: str) -> None:
    engine = open_database(url)
    try:
        store, spending = AnswerStore(engine), Spending(engine)
        noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
        assert spending.usd_on(TODAY) == 0.0
        for key, cost, when in [
            ("a", 0.25, noon),
            ("b", 0.5, noon.replace(hour=0)),
            ("c", None, noon),
            ("d", 0.0, noon),
            ("e", 8.0, noon - timedelta(hours=12, seconds=1)),
            ("f", 8.0, noon + timedelta(hours=12)),
        ]:
            store.add(answer(key, cost, when), "session")
        assert spending.usd_on(TODAY) == pytest.approx(0.75)
        assert spending.usd_on(TODAY + timedelta(days=1)) == pytest.approx(8.0)
    finally:
        engine.dispose()


def test_a_days_spending_is_the_sum_of_its_answers(tmp_path: Path) -> None:
    check_spending(f"sqlite:///{tmp_path / 'records.db'}")


@pytest.mark.postgres
def test_a_days_spending_is_the_same_in_postgres(postgres_url: str) -> None:
    check_spending(postgres_url)
