"""What every metric must be, worked out from what was done, by the definitions of the product.

Knows nothing of the product's tables, thresholds or code: threads and rephrasings are those that
the script's author meant. Plain loops over plain lists, so that it can be checked by reading.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.replay.play import Done

SAID = ("mark", "correct", "report", "request")
"""What somebody says on purpose; all else is only noticed, and not of who does not want it."""
ASKS = ("ask", "follow_up", "regenerate", "stop")
TWO_MINUTES = timedelta(minutes=2)
TEN_MINUTES = timedelta(minutes=10)


@dataclass
class Question:
    """One question or search with everything that was done about it."""

    done: Done
    at: datetime
    private: bool
    search: bool
    events: list[tuple[datetime, Done]] = field(default_factory=list)
    rephrased_at: list[datetime] = field(default_factory=list)
    thread: int = 0

    @property
    def answer(self) -> dict[str, Any]:
        return self.done.answer

    @property
    def shown(self) -> bool:
        return bool(self.answer)

    def times(self, *kinds: str) -> list[datetime]:
        return [at for at, event in self.events if event.does in kinds]

    def marks(self) -> list[tuple[datetime, bool]]:
        return [(at, event.helpful) for at, event in self.events if event.does == "mark"]

    def rejections(self) -> list[datetime]:
        said_no = [at for at, helpful in self.marks() if not helpful]
        return sorted([*said_no, *self.times("report", "correct")])

    def accepted_at(self) -> datetime | None:
        """When it was accepted: by word, by copying or sharing, or by reading and staying."""
        ways = []
        marks = self.marks()
        if marks and marks[-1][1]:
            ways.append(next(at for at, helpful in marks if helpful))
        ways += self.times("copy")[:1] + self.times("share")[:1]
        for opened in self.times("open", "open_result"):
            again = any(opened < at <= opened + TWO_MINUTES for at in self.rephrased_at)
            refused = any(opened <= at <= opened + TWO_MINUTES for at in self.rejections())
            if not again and not refused:
                ways.append(opened)
        return min(ways) if ways else None

    def rejected(self) -> bool:
        marks = self.marks()
        return bool(marks and not marks[-1][1]) or bool(self.times("report", "correct"))

    def retried(self) -> bool:
        return any(at - self.at <= TWO_MINUTES for at in self.rephrased_at)


def questions(log: Sequence[Done]) -> list[Question]:
    """The questions of a log, each with its events and its thread's number."""
    found: dict[tuple[str, int], Question] = {}
    numbers: dict[tuple[str, int], int] = {}
    for done in log:
        at, key = datetime.fromisoformat(done.at), (done.session, done.on)
        if done.does in (*ASKS, "search"):
            question = Question(done, at, done.door == "private", done.does == "search")
            found[key] = question
            joins = (done.session, done.thread) if done.thread is not None else None
            alone = done.door in ("private", "openai")
            if joins is not None and not alone:
                numbers[key] = numbers[joins]
            else:
                numbers[key] = len(found)
            question.thread = numbers[key]
            if done.rephrases is not None:
                found[done.session, done.rephrases].rephrased_at.append(at)
        elif done.does in SAID or (done.does != "nothing" and done.door != "private"):
            found[key].events.append((at, done))
    return list(found.values())


def metrics(
    log: Sequence[Done], now: datetime, part: Callable[[Question], bool] = lambda _one: True
) -> dict[str, Any]:
    """Metric id → value; None where there is nothing to divide by.

    ``part``: of the questions; a thread belongs to a part when its last question does.
    """
    everything = questions(log)
    asked = [one for one in everything if not one.search and part(one)]
    shown = [one for one in asked if one.shown]
    seen = [one for one in asked if not one.private]
    seen_shown = [one for one in seen if one.shown]
    open_ = [one for one in everything if not one.private]
    ends = [end for end in _threads([o for o in open_ if not o.search]) if part(end[-1])]
    searches = [end for end in _threads([o for o in open_ if o.search]) if part(end[-1])]
    accepted = [one for one in seen_shown if one.accepted_at()]
    totals = [one.answer["timings_ms"]["total"] for one in shown]
    firsts = [one.answer["timings_ms"]["first_token"] for one in shown]
    priced = [one for one in shown if one.answer["usage"]["cost_usd"] is not None]
    spent = sum(one.answer["usage"]["cost_usd"] for one in priced)
    accepted_priced = [one for one in priced if one.accepted_at()]
    ratings = [event.rating for one in seen for _, event in one.events if event.does == "rate"]
    return {
        "task_success": _share([bool(end[-1].accepted_at()) for end in ends]),
        "acceptance": _share([bool(one.accepted_at()) for one in seen_shown]),
        "rejection": _share([one.rejected() for one in seen_shown]),
        "retry": _share([one.retried() for one in seen]),
        "override": _share([bool(one.times("correct")) for one in seen_shown]),
        "abandonment": _share([_abandoned(end, now) for end in ends]),
        "abstention": _share([one.shown and one.answer["state"] == "not_found" for one in asked]),
        "tickets": 100 * sum(len(one.times("report")) for one in asked) / len(asked),
        "trust": statistics.fmean(ratings) if ratings else None,
        "time_to_answer_p50": _percentile(totals, 50),
        "time_to_answer_p95": _percentile(totals, 95),
        "first_token_p50": _percentile(firsts, 50),
        "first_token_p95": _percentile(firsts, 95),
        "time_to_done": _done(ends),
        "time_to_done_search": _done(searches),
        "cost_per_question": spent / len(priced) if priced else None,
        "cost_per_accepted": spent / len(accepted_priced) if accepted_priced else None,
        "unknown_cost": sum(one.answer["usage"]["cost_usd"] is None for one in shown),
        "citation_open": _share([bool(one.times("open")) for one in seen_shown]),
        "funnel": [
            len(seen),
            len(seen_shown),
            len(seen_shown),
            sum(bool(one.times("open")) for one in seen),
            len(accepted),
        ],
        "marks_by_level": _marks(seen_shown),
    }


def _threads(chosen: Sequence[Question]) -> list[list[Question]]:
    by_number: dict[int, list[Question]] = defaultdict(list)
    for one in chosen:
        by_number[one.thread].append(one)
    return [sorted(thread, key=lambda one: one.at) for thread in by_number.values()]


def _abandoned(thread: Sequence[Question], now: datetime) -> bool:
    answered = [one for one in thread if one.shown]
    if not answered:
        return False
    last = answered[-1]
    limit = last.at + TEN_MINUTES
    touched = any(at <= limit for at, _ in last.events)
    went_on = any(last.at < one.at <= limit for one in thread)
    return now >= limit and not touched and not went_on


def _done(threads: Sequence[Sequence[Question]]) -> float | None:
    took = []
    for thread in threads:
        accepted = thread[-1].accepted_at()
        if accepted is not None:
            took.append((accepted - thread[0].at).total_seconds())
    return statistics.median(took) if took else None


def _marks(shown: Sequence[Question]) -> dict[str, tuple[int, int]]:
    """Level → (marked helpful, marked at all); the last mark of an answer counts."""
    counts: dict[str, tuple[int, int]] = {}
    for one in shown:
        if marks := one.marks():
            level = one.answer["confidence"]["level"]
            yes, of = counts.get(level, (0, 0))
            counts[level] = (yes + marks[-1][1], of + 1)
    return counts


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _percentile(values: Sequence[float], percent: float) -> float | None:
    """Between the two nearest, in proportion (numpy's and PostgreSQL's percentile_cont)."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
