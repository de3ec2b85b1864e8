"""A store full of plausible questions, searches and events, written in bulk.

    python -m tests.load.questions sqlite:////tmp/footnote.db 100000

About 100,000 questions in 20 s. The conclusions (accepted_at and so on) are drawn, not derived:
for tests of speed and looks, not of truth.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Engine, insert, update

from app.records.behavior.tables import events, questions, revisions
from app.records.database import open_database

TOPICS = (
    "how many days of parental leave do I get",
    "what is the travel budget per night in Berlin",
    "who approves an expense above 500 euros",
    "how do I reset the door code of the lab",
    "when is the office closed in December",
    "what changed in the retention policy",
    "which insurance covers a rental car",
    "can contractors use the company VPN",
    "how long are audit logs kept",
    "is dental treatment covered",
)
COLLECTIONS = ("handbook", "policies", "engineering", "support")
RELEASES = ("1.4.0", "1.5.0", "1.5.1")
BATCH = 5000


@dataclass(frozen=True)
class Filled:
    """What was written."""

    questions: int
    searches: int
    events: int


def fill(
    engine: Engine,
    count: int,
    *,
    days: int = 120,
    until: datetime | None = None,
    seed: int = 0,
) -> Filled:
    """``count`` questions and searches over the ``days`` before ``until``, and their events."""
    until = until or datetime.now(UTC)
    wrote = [0, 0, 0]
    rows = _rows(random.Random(seed), count, until - timedelta(days=days), until)
    with engine.begin() as connection:
        connection.execute(
            update(revisions)
            .where(revisions.c.name == "questions")
            .values(value=revisions.c.value + count)
        )
        while batch := list(islice(rows, BATCH)):
            asked = [row for row, _ in batch]
            happened = [event for _, several in batch for event in several]
            connection.execute(insert(questions), asked)
            if happened:
                connection.execute(insert(events), happened)
            searches = sum(row["kind"] == "search" for row in asked)
            wrote[0] += len(asked) - searches
            wrote[1] += searches
            wrote[2] += len(happened)
    return Filled(*wrote)


def _rows(
    draw: random.Random, count: int, start: datetime, end: datetime
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Sessions one after the other, until there are enough questions."""
    number = 0
    span = (end - start).total_seconds()
    while number < count:
        session = f"ses-{number:012d}"
        # More each week, fewer on weekends and at night: trends have something to show.
        at = start + timedelta(seconds=span * draw.random() ** 0.8)
        if (at.weekday() >= 5 or not 7 <= at.hour <= 19) and draw.random() < 0.75:
            continue
        private = draw.random() < 0.04
        kind = "search" if draw.random() < 0.12 else "ask"
        first = ""
        for place in range(min(count - number, 1 + int(draw.expovariate(0.9)))):
            answer_id = f"{'sea' if kind == 'search' else 'ans'}_{number:016x}"
            rephrase = place > 0 and draw.random() < 0.7
            thread = first if rephrase or (place and draw.random() < 0.5) else answer_id
            first = first or answer_id
            yield _question(
                draw,
                number,
                answer_id,
                kind,
                at,
                "" if private else session,
                answer_id if private else thread,
                first if rephrase and not private else None,
                min(1.0, (at - start).total_seconds() / span),
            )
            number += 1
            at = min(end, at + timedelta(seconds=20 + draw.expovariate(1 / 90)))


def _question(
    draw: random.Random,
    number: int,
    answer_id: str,
    kind: str,
    at: datetime,
    session: str,
    thread: str,
    rephrase_of: str | None,
    late: float,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    release = RELEASES[min(2, int(late * 3))]
    written = kind == "ask" and draw.random() < 0.35
    took = draw.lognormvariate(7.6 if written else 6.3, 0.45)
    roll = draw.random()
    status = "complete" if roll < 0.965 else "stopped" if roll < 0.985 else "failed"
    complete = status == "complete"
    level = draw.choices(("high", "medium", "low"), (0.55, 0.3, 0.15))[0]
    missing = complete and kind == "ask" and draw.random() < 0.16
    good = {"high": 0.78, "medium": 0.55, "low": 0.3}[level] * (0.9 + 0.2 * late)
    completed = at + timedelta(milliseconds=took) if complete else None
    opened = (
        completed and draw.random() < 0.42 and completed + timedelta(seconds=draw.uniform(3, 60))
    )
    copied = (
        completed and draw.random() < 0.12 and completed + timedelta(seconds=draw.uniform(5, 90))
    )
    marked = complete and draw.random() < 0.14
    helpful = draw.random() < good if marked else None
    said_at = completed + timedelta(seconds=draw.uniform(5, 200)) if completed and marked else None
    reported = completed and draw.random() < 0.012 and completed + timedelta(seconds=70)
    corrected = completed and draw.random() < 0.006 and completed + timedelta(seconds=140)
    if missing or not session:
        opened = copied = None
    bad = [one for one in (said_at if helpful is False else None, reported, corrected) if one]
    fine = [one for one in (said_at if helpful else None, copied) if one]
    if opened and not bad and rephrase_of is None:
        fine.append(opened)
    happened: list[tuple[str, datetime, dict[str, Any]]] = [
        (what, when, extra)
        for what, when, extra in (
            ("citation_opened" if kind == "ask" else "result_opened", opened, {}),
            ("copied", copied, {}),
            ("marked", said_at, {"helpful": helpful}),
            ("reported", reported, {"problem": "other"}),
            ("corrected", corrected, {}),
        )
        if when
    ]
    if completed and session and draw.random() < 0.02:
        rating = min(5, max(1, round(draw.gauss(3.4 + 0.6 * late, 1))))
        happened.append(("trust_rated", completed + timedelta(seconds=30), {"rating": rating}))
    model = "openai:gpt-5-mini" if written and draw.random() < 0.8 else "ollama:llama3.2"
    experiment = "k-12" if late > 0.7 and kind == "ask" else ""
    arm = ("a", "b")[number % 2] if experiment else ""
    row = {
        "answer_id": answer_id,
        "kind": kind,
        "channel": draw.choices(("web", "api", "mcp", "cli"), (0.85, 0.09, 0.04, 0.02))[0],
        "session_id": session,
        "conversation_id": f"con_{thread[4:]}",
        "trace_id": f"{number:032x}",
        "text": draw.choice(TOPICS),
        "followup": False,
        "regenerate": False,
        "private": not session,
        "content_words": draw.choices((1, 2, 3, 4, 5, 6), (0.05, 0.1, 0.25, 0.3, 0.2, 0.1))[0],
        "asked_at": at,
        "status": status,
        "error_type": "WritingFailed" if status == "failed" else None,
        "first_content_ms": took * (0.4 if written else 0.95) if complete else None,
        "total_ms": took if complete else None,
        "completed_at": completed,
        "state": None if not complete else "not_found" if missing else "answered",
        "mode": None if not complete else "written" if written else "quotes",
        "model": None if not complete else model if written else "quotes",
        "level": level if complete and kind == "ask" else None,
        "probability": draw.random() if complete else None,
        "citations": 0 if missing else draw.randint(1, 4),
        "collection": draw.choices(COLLECTIONS, (0.5, 0.25, 0.15, 0.1))[0],
        "input_tokens": 2400 if written and complete else 0,
        "output_tokens": 180 if written and complete else 0,
        "cached_tokens": 0,
        "cost_usd": _cost(draw, complete, written, model),
        "release": release,
        "experiment": experiment,
        "arm": arm,
        "thread_id": thread,
        "rephrase_of": rephrase_of,
        "retried_at": at + timedelta(seconds=60) if complete and draw.random() < 0.11 else None,
        "helpful": helpful,
        "accepted_at": min(fine) if fine else None,
        "rejected_at": min(bad) if bad else None,
        "corrected_at": corrected or None,
        "reported_at": reported or None,
        "copied_at": copied or None,
        "shared_at": None,
        "opened_at": opened or None,
        "interacted_at": min((when for _, when, _ in happened), default=None),
        "revision": number + 1,
    }
    return row, [
        {
            "id": f"{answer_id}-{what}",
            "kind": what,
            "answer_id": answer_id,
            "session_id": session,
            "trace_id": row["trace_id"],
            "release": release,
            "experiment": experiment,
            "arm": arm,
            "at": when,
            "properties": extra,
        }
        for what, when, extra in happened
    ]


def _cost(draw: random.Random, complete: bool, written: bool, model: str) -> float | None:
    if not complete:
        return None
    if not written:
        return 0.0
    return None if model.startswith("ollama") else round(0.0009 * draw.uniform(0.6, 1.7), 7)


if __name__ == "__main__":
    print(fill(open_database(sys.argv[1]), int(sys.argv[2])))
