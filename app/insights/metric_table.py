"""Every metric as product.md and prd/metrics.yaml define it: id → what is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from app.insights.columns import NEVER, Mask, Real, Threads, Whole
from app.insights.measures import Counted, Measure
from app.insights.view import View

ABANDONED_AFTER_US = 600 * 1_000_000
"""10 minutes without an interaction: product.md, "abandonment"."""

Metric = Callable[[View], Measure]


def _rows(view: View, mask: Mask, weight: Real | None = None) -> Counted:
    rows = np.flatnonzero(mask)
    return Counted(view.columns["asked_at"][rows], rows, None if weight is None else weight[rows])


def _share(view: View, part: Mask, whole: Mask) -> Measure:
    return Measure(_rows(view, part & whole), _rows(view, whole))


def _of_threads(view: View, threads: Threads, rows: Whole, which: Mask | None = None) -> Counted:
    """Threads at the time of their first question, shown as the question in ``rows``."""
    at = view.columns["asked_at"][threads.first]
    return Counted(at, rows) if which is None else Counted(at[which], rows[which])


# --- outcomes -------------------------------------------------------------------------------------


def task_success(view: View) -> Measure:
    """Threads whose last question was accepted ÷ threads."""
    threads = view.threads
    accepted = view.columns.happened("accepted_at")[threads.last]
    return Measure(
        _of_threads(view, threads, threads.last, accepted),
        _of_threads(view, threads, threads.last),
    )


def abandonment(view: View) -> Measure:
    """Threads left without an interaction for 10 minutes after their last answer ÷ threads.

    Not left: a later question of the thread was asked in that time. Not yet left: the 10 minutes
    are not over.
    """
    threads, columns = view.threads, view.columns
    answered = threads.last_complete >= 0
    row = np.where(answered, threads.last_complete, threads.last)
    deadline = columns["completed_at"][row] + ABANDONED_AFTER_US
    following = threads.next[row]
    asked_again = (following >= 0) & (columns["asked_at"][following] <= deadline)
    quiet = columns["interacted_at"][row] > deadline
    left = answered & quiet & ~asked_again & (view.now_us >= deadline)
    return Measure(_of_threads(view, threads, row, left), _of_threads(view, threads, threads.last))


def tickets(view: View) -> Measure:
    """Problems reported and imported tickets, per 100 questions."""
    at, rows = view.reports
    imported = view.tickets
    top = Counted(
        np.concatenate([at, imported]), np.concatenate([rows, np.full(len(imported), -1, np.int64)])
    )
    return Measure(top, _rows(view, view.questions), scale=100.0)


def _happened(name: str) -> Metric:
    """Answers shown where this was done ÷ answers shown."""
    return lambda view: _share(view, view.columns.happened(name), view.shown)


def _retry(view: View) -> Measure:
    return _share(view, view.columns.happened("retried_at"), view.observed)


def _abstention(view: View) -> Measure:
    return _share(view, view.complete & view.columns.has("state", "not_found"), view.questions)


# --- trust ----------------------------------------------------------------------------------------


def _trust(view: View) -> Measure:
    at, rows, places = view.ratings
    return Measure(Counted(at, rows, view.columns.ratings.value[places]), Counted(at, rows))


def _helpful(level: str) -> Metric:
    """Marked helpful ÷ marked, of the answers of one level; the last mark counts."""

    def measure(view: View) -> Measure:
        marked = view.shown & view.columns.has("level", level) & (view.columns["helpful"] >= 0)
        return _share(view, view.columns["helpful"] == 1, marked)

    return measure


# --- speed ----------------------------------------------------------------------------------------


def _quantile(name: str, q: float, among: Callable[[View], Mask]) -> Metric:
    def measure(view: View) -> Measure:
        values = view.columns[name]
        found = _rows(view, among(view) & ~np.isnan(values), values)
        return Measure(found, found, "quantile", q=q)

    return measure


def _time_to_done(view: View, threads: Threads) -> Measure:
    """Seconds from a thread's first question to the acceptance of its last; accepted threads."""
    accepted_at = view.columns["accepted_at"][threads.last]
    done = threads.some(accepted_at < NEVER)
    asked = view.columns["asked_at"][done.first]
    seconds = (view.columns["accepted_at"][done.last] - asked) / 1e6
    found = Counted(asked, done.last, seconds)
    return Measure(found, found, "quantile", q=0.5)


# --- cost -----------------------------------------------------------------------------------------


def _cost_per_question(view: View) -> Measure:
    known = view.known_cost
    return Measure(_rows(view, known, view.columns["cost_usd"]), _rows(view, known))


def _cost_per_accepted(view: View) -> Measure:
    known = view.known_cost
    accepted = known & view.complete & view.columns.happened("accepted_at")
    return Measure(_rows(view, known, view.columns["cost_usd"]), _rows(view, accepted))


def _unknown_cost(view: View) -> Measure:
    return Measure(_rows(view, view.unknown_cost), _rows(view, view.questions), "count")


# --- questions ------------------------------------------------------------------------------------


def _rephrase_helped(view: View) -> Measure:
    columns = view.columns
    rows = np.flatnonzero(view.vague)
    threads = columns.threads
    last = threads.last_rephrase[threads.entry[rows]]
    rephrased = last > rows  # rows are in order of time
    rows, last = rows[rephrased], last[rephrased]
    answered = columns.has("status", "complete") & ~columns.has("state", "not_found")
    helped = (answered & columns.has("level", "medium", "high"))[last]
    asked = columns["asked_at"]
    return Measure(Counted(asked[rows[helped]], rows[helped]), Counted(asked[rows], rows))


METRICS: Mapping[str, Metric] = {
    "task_success": task_success,
    "acceptance": _happened("accepted_at"),
    "rejection": _happened("rejected_at"),
    "retry": _retry,
    "override": _happened("corrected_at"),
    "abandonment": abandonment,
    "abstention": _abstention,
    "tickets": tickets,
    "trust": _trust,
    "trust_high": _helpful("high"),
    "trust_medium": _helpful("medium"),
    "trust_low": _helpful("low"),
    "time_to_answer_p50": _quantile("total_ms", 0.5, lambda view: view.complete),
    "time_to_answer_p95": _quantile("total_ms", 0.95, lambda view: view.complete),
    "first_token_p50": _quantile("first_content_ms", 0.5, lambda view: view.questions),
    "first_token_p95": _quantile("first_content_ms", 0.95, lambda view: view.questions),
    "time_to_done": lambda view: _time_to_done(view, view.threads),
    "time_to_done_search": lambda view: _time_to_done(view, view.search_threads),
    "cost_per_question": _cost_per_question,
    "cost_per_accepted": _cost_per_accepted,
    "unknown_cost": _unknown_cost,
    "citation_open": _happened("opened_at"),
    "prompt_quality": lambda view: _share(view, view.vague, view.observed),
    "rephrase_helped": _rephrase_helped,
}
"""Those that are computed from questions; the others come from elsewhere (``extra``)."""
