"""Numbers about questions from the columns in memory: SQL would read every row of a period."""

from __future__ import annotations

import numpy as np

from app.insights.columns import Columns, Mask
from app.insights.gaps.vague import FEW_WORDS
from app.insights.periods import Period
from app.records.product.question_filters import QuestionFilter

_TIMES = ("accepted", "rejected", "corrected", "reported", "copied", "shared", "opened", "retried")
_CODED = ("kind", "state", "level", "mode", "collection", "channel", "release", "experiment", "arm")
MOST_VAGUE = 1_000
"""Vague questions whose threads are read, the newest."""


def count(columns: Columns, wanted: QuestionFilter, period: Period) -> int | None:
    """How many match; None where it takes more than the columns have (texts, reviews, threads)."""
    if wanted.text.strip() or wanted.review or wanted.failure_mode or wanted.eval_case:
        return None
    found = _within(columns, period)
    for name in _CODED:
        word = getattr(wanted, name)
        if word:
            found &= columns.has(name, word)
    outcome = wanted.outcome
    complete = columns.has("status", "complete")
    if outcome in _TIMES:
        found &= columns.happened(f"{outcome}_at")
    elif outcome in ("stopped", "failed"):
        found &= columns.has("status", outcome)
    elif outcome == "untouched":
        found &= complete & ~columns.happened("interacted_at")
    elif outcome == "failure":
        found &= complete & columns.has("kind", "ask") & (_bad(columns) | _rejected(columns))
    elif outcome:
        return None
    return int(found.sum())


def vague_threads(columns: Columns, period: Period) -> tuple[list[str], int, int]:
    """Ids of the questions in threads with a vague one, newest threads; all vague; all questions.

    As `app.insights.gaps.vague.is_vague` has it, among questions of people who may be followed.
    """
    asked = columns.has("kind", "ask") & ~columns["private"].astype(bool)
    within = asked & _within(columns, period)
    vague = within & columns.has("status", "complete") & _bad(columns)
    vague &= columns["content_words"] < FEW_WORDS
    threads = columns["thread"][np.flatnonzero(vague)[-MOST_VAGUE:]]
    rows = np.flatnonzero(asked & np.isin(columns["thread"], threads))
    return [str(one) for one in columns.answer_id[rows]], int(vague.sum()), int(within.sum())


def _within(columns: Columns, period: Period) -> Mask:
    start, end = period.micros
    found: Mask = (columns["asked_at"] >= start) & (columns["asked_at"] < end)
    return found


def _bad(columns: Columns) -> Mask:
    return columns.has("state", "not_found") | columns.has("level", "low")


def _rejected(columns: Columns) -> Mask:
    return columns.happened("rejected_at")
