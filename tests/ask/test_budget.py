"""What written answers may cost, and that an unknown price is never taken for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date, timedelta

import pytest
from opentelemetry.trace import Span

from app.ask.writing.budget import Budget, BudgetedChatModel
from app.ask.writing.chat_model import Chunk, complete
from app.ask.writing.prices import Cost, Prices, estimated_tokens
from app.ask.writing.prompts import Message
from app.domain import Usage
from app.errors import SettingsError, WritingFailed
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


def test_a_month_over_its_budget_is_refused_until_the_next_one() -> None:
    day = date(2026, 11, 29)
    budget = Budget(month_usd=1, today=lambda: day)
    budget.settle(reserved(budget, 0.6), 0.6)
    day = date(2026, 11, 30)
    with pytest.raises(WritingFailed, match=r"This month's USD 1.00 for written answers is used"):
        reserved(budget, 0.5)
    day = date(2026, 12, 1)
    assert reserved(budget, 0.5) == 0.5


def test_what_a_month_cost_before_this_process_began_counts() -> None:
    budget = Budget(month_usd=1, spending_in_month=lambda _day: 0.7, today=lambda: TODAY)
    assert budget.active
    with pytest.raises(WritingFailed, match="used up"):
        reserved(budget, 0.4)
    assert reserved(budget, 0.3) == 0.3


class Ledger:
    """What is written down, in memory."""

    def __init__(self, *, broken: bool = False) -> None:
        self.calls: list[Usage] = []
        self.refusals: list[str] = []
        self.broken = broken

    def called(self, model: str, usage: Usage) -> None:
        assert model == MINI
        if self.broken:
            raise OSError("the disk is full")
        self.calls.append(usage)

    def refused(self, model: str) -> None:
        self.refusals.append(model)

    def usd_on(self, day: date) -> float:
        return sum(one.cost_usd or 0.0 for one in self.calls)

    def usd_in_month(self, day: date) -> float:
        return self.usd_on(day)


def logged(model: Told, ledger: Ledger, **limits: float) -> BudgetedChatModel:
    budget = Budget(**limits, spending=ledger.usd_on, today=lambda: TODAY)  # type: ignore[arg-type]  # limits are floats
    return BudgetedChatModel(model, Prices(MINI, override="100/1000"), budget, ledger)


def test_every_call_is_written_down_once_also_without_a_budget() -> None:
    ledger = Ledger()
    used = Usage(1000, 2, 0.1, 400, "here")
    asyncio.run(complete(logged(Told("Hello.", usage=used), ledger), ASKED, max_tokens=50))
    assert ledger.calls == [used]


def test_a_failed_call_is_written_down_with_what_it_used() -> None:
    ledger = Ledger()
    with pytest.raises(WritingFailed):
        asyncio.run(complete(logged(Told("a", fails=True), ledger), ASKED, max_tokens=50))
    assert ledger.calls == [Usage(1000, 10, 0.25)]


def test_a_stopped_call_is_written_down_with_an_estimate() -> None:
    ledger = Ledger()

    async def stop() -> None:
        async with aclosing(logged(Told("word " * 8), ledger).stream(ASKED, max_tokens=50)) as all_:
            async for _ in all_:
                break

    asyncio.run(stop())
    assert ledger.calls == [
        Usage(1000, 10, pytest.approx(0.11), 0, "FOOTNOTE_CHAT_PRICE 100/1000")  # type: ignore[arg-type]  # compares
    ]


def test_a_cancelled_call_is_written_down_too() -> None:
    ledger = Ledger()

    class Slow(Told):
        async def stream(
            self, messages: Sequence[Message], *, max_tokens: int, parent: Span | None = None
        ) -> AsyncGenerator[Chunk, None]:
            yield Chunk("word " * 8)
            await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(complete(logged(Slow(), ledger), ASKED, max_tokens=50))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancel())
    assert [one.output_tokens for one in ledger.calls] == [10]


def test_a_call_that_is_refused_for_the_days_budget_is_counted_as_that() -> None:
    ledger = Ledger()
    model = Told("Hello.")
    with pytest.raises(WritingFailed, match="used up"):
        asyncio.run(complete(logged(model, ledger, day_usd=0.1), ASKED, max_tokens=50))
    assert (ledger.refusals, ledger.calls, model.calls) == ([MINI], [], 0)


def test_a_question_too_dear_by_itself_is_no_sign_of_a_budget_used_up() -> None:
    ledger = Ledger()
    with pytest.raises(WritingFailed, match="could cost"):
        asyncio.run(complete(logged(Told("Hi."), ledger, question_usd=0.1), ASKED, max_tokens=50))
    assert ledger.refusals == []


def test_an_answer_is_given_and_its_cost_counts_though_nothing_can_be_written_down() -> None:
    ledger = Ledger(broken=True)
    model = logged(Told("Hello.", usage=Usage(1000, 2, 0.3)), ledger, day_usd=0.4)
    text, _ = asyncio.run(complete(model, ASKED, max_tokens=50))
    assert text == "Hello."
    with pytest.raises(WritingFailed, match="used up"):
        asyncio.run(complete(model, ASKED, max_tokens=50))
