"""Whether a model call may still be made: USD per question, day, month and person; what calls cost.

Before a call the most it can cost is set aside; afterwards what it did cost takes that place. With
a budget set, a model whose price nobody knows is not called.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Protocol

from anyio import CancelScope
from anyio.to_thread import run_sync
from opentelemetry.trace import Span as TraceSpan

from app import moment
from app.access import Principal, principal
from app.ask.writing.chat_model import ChatModel, Chunk
from app.ask.writing.prices import Cost, Prices, estimated_tokens
from app.ask.writing.prompts import Message
from app.domain import Usage
from app.errors import WritingFailed

log = logging.getLogger(__name__)


class SpendingLog(Protocol):
    """Keeps what model calls cost, across processes. Blocks on a database; called in a thread."""

    def called(self, model: str, usage: Usage) -> None:
        """A call has ended, well or not; it is paid either way."""

    def refused(self, model: str) -> None:
        """A call was not made, to keep within the budget of the day or month."""

    def usd_on(self, day: date) -> float:
        """What the calls of one UTC day cost."""

    def usd_in_month(self, day: date) -> float:
        """What the calls of ``day``'s month cost so far."""


@dataclass(slots=True)
class _Purse:
    """A limit for a stretch of time: what is recorded, and what this process knows to be spent.

    The records are the truth, and hold what other processes spent. What this process spent counts
    also where recording failed.
    """

    limit: float
    recorded: Callable[[date], float]
    began: Callable[[date], date]
    since: date | None = None
    before: float = 0.0
    own: float = 0.0
    under_way: float = 0.0

    def spent(self, day: date) -> float:
        if self.limit <= 0:
            return 0.0
        recorded = self.recorded(day)
        if self.began(day) != self.since:
            self.since, self.before, self.own = self.began(day), recorded, 0.0
        return max(recorded, self.before + self.own)


class _UsedUp(WritingFailed):
    """Nothing more may be spent for now; other questions are refused too."""


class Budget:
    """Keeps written answers within USD per question, UTC day and UTC month; 0 is no limit.

    ``person_day_usd``: most for whoever is signed in, a day. ``spending`` says what a day's calls
    cost, ``spending_in_month`` what those of its month did until then, ``spending_of`` what the
    questions of one session did; None: nothing is recorded. Calls that other processes have under
    way are not seen: with several processes a limit may be passed by one call for each of the
    others.
    """

    def __init__(
        self,
        *,
        question_usd: float = 0,
        day_usd: float = 0,
        month_usd: float = 0,
        person_day_usd: float = 0,
        spending: Callable[[date], float] | None = None,
        spending_in_month: Callable[[date], float] | None = None,
        spending_of: Callable[[str, date], float] | None = None,
        today: Callable[[], date] = lambda: moment.now().date(),
    ) -> None:
        nothing: Callable[[date], float] = lambda _day: 0.0  # noqa: E731  # typed
        self._question_usd = question_usd
        self._today = today
        self._lock = Lock()
        self._day = _Purse(day_usd, spending or nothing, lambda day: day)
        self._month = _Purse(
            month_usd, spending_in_month or nothing, lambda day: day.replace(day=1)
        )
        self._person_usd = person_day_usd
        self._spending_of = spending_of or (lambda _session, _day: 0.0)
        self._people: dict[str, _Purse] = {}
        self._under_way = 0.0

    @property
    def active(self) -> bool:
        """Whether there is anything to keep."""
        limits = (self._question_usd, self._day.limit, self._month.limit, self._person_usd)
        return any(limit > 0 for limit in limits)

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
            day = self._today()
            wanted = self._under_way + cost.total
            if 0 < self._day.limit < self._day.spent(day) + wanted:
                raise _UsedUp(
                    f"Today's {_usd(self._day.limit)} for written answers is used up.",
                    "Written answers are back after midnight UTC.",
                    problem="over_budget",
                )
            if 0 < self._month.limit < self._month.spent(day) + wanted:
                raise _UsedUp(
                    f"This month's {_usd(self._month.limit)} for written answers is used up.",
                    "Written answers are back next month, or with a higher "
                    "FOOTNOTE_BUDGET_MONTH_USD.",
                    problem="over_budget",
                )
            own = self._purse_of(principal())
            if own is not None and own.limit < own.spent(day) + own.under_way + cost.total:
                raise _UsedUp(
                    f"Your {_usd(own.limit)} of written answers for today is used up.",
                    "Written answers are back after midnight UTC.",
                    problem="over_budget",
                )
            if own is not None:
                own.under_way += cost.total
            self._under_way += cost.total
        return cost.total

    def settle(self, reserved: float, spent: float | None) -> None:
        """A reserved call has ended; ``spent`` None: unknown, so all of it counts."""
        with self._lock:
            self._under_way = max(0.0, self._under_way - reserved)
            own = self._purse_of(principal())
            if own is not None:
                own.under_way = max(0.0, own.under_way - reserved)
            for purse in filter(None, (self._day, self._month, own)):
                purse.own += reserved if spent is None else spent

    def _purse_of(self, who: Principal) -> _Purse | None:
        """A person's day; None where there is no limit, or nobody is signed in."""
        if self._person_usd <= 0 or not who.user_id:
            return None
        if who.user_id not in self._people:
            session = who.session_id
            self._people[who.user_id] = _Purse(
                self._person_usd, lambda day: self._spending_of(session, day), lambda day: day
            )
        return self._people[who.user_id]


class BudgetedChatModel:
    """A chat model that is only called while the budget lasts, and whose calls are written down."""

    def __init__(
        self,
        model: ChatModel,
        prices: Prices,
        budget: Budget,
        spending: SpendingLog | None = None,
    ) -> None:
        """``spending`` None: what calls cost is not written down (evals)."""
        self.name = model.name
        self._model = model
        self._prices = prices
        self._budget = budget
        self._log = spending

    async def stream(
        self, messages: Sequence[Message], *, max_tokens: int, parent: TraceSpan | None = None
    ) -> AsyncGenerator[Chunk, None]:
        """As the model's own; raises `WritingFailed` instead of going over the budget."""
        asked = sum(estimated_tokens(message.text) for message in messages)
        reserved = await run_sync(self._reserved, asked, max_tokens)
        started = time.monotonic()
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
                usage = self._estimated(asked, written, time.monotonic() - started)
            # Also when this task is cancelled: the bill is paid all the same.
            with CancelScope(shield=True):
                await run_sync(self._paid, reserved, usage)

    def _reserved(self, asked: int, max_tokens: int) -> float:
        if not self._budget.active:
            return 0.0
        try:
            return self._budget.reserve(self.name, self._prices.at_most(asked, max_tokens))
        except _UsedUp:
            if self._log is not None:
                self._log.refused(self.name)
            raise

    def _estimated(self, asked: int, written: str, seconds: float) -> Usage:
        tokens = estimated_tokens(written)
        cost = self._prices.cost(asked, tokens, seconds=seconds)
        if cost is None:
            return Usage(asked, tokens, None)
        return Usage(asked, tokens, cost.total, price_version=self._prices.version)

    def _paid(self, reserved: float, usage: Usage) -> None:
        """Written down first, then no longer set aside: at no time does it count for nothing."""
        try:
            if self._log is not None and (usage.input_tokens or usage.output_tokens):
                self._log.called(self.name, usage)
        except Exception:
            # An answer is not lost over its bill; within this process it counts all the same.
            log.exception("what a call of %s cost could not be written down", self.name)
        finally:
            self._budget.settle(reserved, usage.cost_usd)


def _usd(amount: float) -> str:
    if amount >= 0.1:
        return f"USD {amount:.2f}"
    if amount < 0.0001:
        return "less than USD 0.0001"
    return f"USD {amount:.4f}".rstrip("0")
