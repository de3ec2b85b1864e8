"""Whether a model call may still be made: USD per question and per day.

Before a call the most it can cost is set aside; afterwards what it did cost takes that place. With
a budget set, a model whose price nobody knows is not called.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from threading import Lock

from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan

from app.ask.writing.chat_model import ChatModel, Chunk
from app.ask.writing.prices import Cost, Prices, estimated_tokens
from app.ask.writing.prompts import Message
from app.domain import Usage
from app.errors import WritingFailed


class Budget:
    """Keeps written answers within USD per question and per UTC day; 0 is no limit.

    ``spending`` says what a day's recorded answers cost; None: nothing is recorded. Added to it is
    what this process spent without a record: calls under way, stopped ones, deleted answers.
    """

    def __init__(
        self,
        *,
        question_usd: float = 0,
        day_usd: float = 0,
        spending: Callable[[date], float] | None = None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._question_usd = question_usd
        self._day_usd = day_usd
        self._spending = spending or (lambda _day: 0.0)
        self._today = today
        self._lock = Lock()
        self._day: date | None = None
        self._before = 0.0
        self._own = 0.0
        self._under_way = 0.0

    @property
    def active(self) -> bool:
        """Whether there is anything to keep."""
        return self._question_usd > 0 or self._day_usd > 0

    def reserve(self, model: str, cost: Cost | None) -> float:
        """Set aside what a call costs at most; the amount is given back to `settle`.

        Blocks on the database.

        Raises:
            WritingFailed: the call must not be made, with the reason.
        """
        if not self.active:
            return 0.0
        if cost is None:
            raise WritingFailed(
                f"The price of {model} is unknown and a budget is set.",
                "Set FOOTNOTE_CHAT_PRICE (0/0 for a model of your own), or unset the budget.",
                problem="price_unknown",
            )
        if 0 < self._question_usd < cost.total:
            raise WritingFailed(
                f"A written answer could cost {_usd(cost.total)}, "
                f"more than the {_usd(self._question_usd)} set for one question.",
                "Raise FOOTNOTE_BUDGET_QUESTION_USD, or ask with fewer sources.",
                problem="over_budget",
            )
        with self._lock:
            if self._day_usd > 0 and self._spent() + cost.total > self._day_usd:
                raise WritingFailed(
                    f"Today's {_usd(self._day_usd)} for written answers is used up.",
                    "Written answers are back after midnight UTC.",
                    problem="over_budget",
                )
            self._under_way += cost.total
        return cost.total

    def settle(self, reserved: float, spent: float | None) -> None:
        """A reserved call has ended; ``spent`` None: unknown, so all of it counts."""
        with self._lock:
            self._under_way = max(0.0, self._under_way - reserved)
            self._own += reserved if spent is None else spent

    def _spent(self) -> float:
        day = self._today()
        recorded = self._spending(day)
        if day != self._day:
            self._day, self._before, self._own = day, recorded, 0.0
        return max(recorded, self._before + self._own) + self._under_way


class BudgetedChatModel:
    """A chat model that is only called while the budget lasts."""

    def __init__(self, model: ChatModel, prices: Prices, budget: Budget) -> None:
        self.name = model.name
        self._model = model
        self._prices = prices
        self._budget = budget

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: TraceSpan | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """As the model's own; raises `WritingFailed` instead of going over the budget."""
        if not self._budget.active:
            async with aclosing(
                self._model.stream(messages, max_tokens=max_tokens, parent=parent)
            ) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        asked = sum(estimated_tokens(message.text) for message in messages)
        reserved = await run_sync(
            lambda: self._budget.reserve(self.name, self._prices.cost(asked, max_tokens))
        )
        usage: Usage | None = None
        written = ""
        try:
            async with aclosing(
                self._model.stream(messages, max_tokens=max_tokens, parent=parent)
            ) as chunks:
                async for chunk in chunks:
                    written += chunk.text
                    usage = chunk.usage or usage
                    yield chunk
        except WritingFailed as failed:
            usage = failed.usage
            raise
        finally:
            # Stopped half-way: the provider charges for what it read and wrote until then.
            if usage is None:
                cost = self._prices.cost(asked, estimated_tokens(written))
                self._budget.settle(reserved, cost.total if cost else None)
            else:
                self._budget.settle(reserved, usage.cost_usd)


def _usd(amount: float) -> str:
    if amount >= 0.1:
        return f"USD {amount:.2f}"
    if amount < 0.0001:
        return "less than USD 0.0001"
    return f"USD {amount:.4f}".rstrip("0")
