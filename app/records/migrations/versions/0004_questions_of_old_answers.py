"""A row of `questions` for each answer from before there were any, with what was said about it.

Rows get revision 0: `app.records.behavior.backfill` concludes the rest at the next start. What
nobody recorded then stays unknown: searches, opened sources, questions without an answer, vectors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_AT_ONCE = 500
"""Answers read and written at a time; one is a few kilobytes."""
_TIME = sa.DateTime(timezone=True)


def _table(name: str, times: str, others: str, *typed: sa.ColumnClause[Any]) -> sa.TableClause:
    columns = [sa.column(one, _TIME) for one in times.split()]
    return sa.table(name, *columns, *(sa.column(one) for one in others.split()), *typed)


answers = _table(
    "answers", "created_at", "id trace_id conversation_id session_id", sa.column("payload", sa.JSON)
)
feedback = _table(
    "feedback", "created_at", "id answer_id correction",
    sa.column("helpful", sa.Boolean), sa.column("reasons", sa.JSON),
)  # fmt: skip
reports = _table("problem_reports", "created_at", "id answer_id session_id kind")
requests = _table("content_requests", "created_at", "id answer_id session_id")
questions = _table(
    "questions",
    "asked_at completed_at",
    "answer_id kind channel session_id conversation_id trace_id text typed content_words status "
    "first_content_ms total_ms state mode model level probability citations collection "
    "input_tokens output_tokens cached_tokens cost_usd release thread_id revision",
    *(sa.column(name, sa.Boolean) for name in ("followup", "regenerate", "private")),
)
events = _table(
    "events", "at", "id kind answer_id session_id trace_id", sa.column("properties", sa.JSON)
)


def upgrade() -> None:
    """Add rows; nothing that is stored changes."""
    connection = op.get_bind()
    for rows in _old_answers(connection):
        op.bulk_insert(questions, [_question(row) for row in rows])
        op.bulk_insert(events, list(_said(connection, rows)))


def _old_answers(connection: sa.Connection) -> Iterator[list[sa.Row[Any]]]:
    last = ""
    while True:
        query = (
            sa.select(answers)
            .where(answers.c.id > last, answers.c.id.not_in(sa.select(questions.c.answer_id)))
            .order_by(answers.c.id)
            .limit(_AT_ONCE)
        )
        rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _question(row: sa.Row[Any]) -> dict[str, Any]:
    answer = row.payload if isinstance(row.payload, dict) else json.loads(row.payload)
    usage, timings = answer.get("usage") or {}, answer.get("timings_ms") or {}
    cited, closest = answer.get("citations") or [], answer.get("closest") or []
    confidence = answer.get("confidence") or {}
    collection = ""
    if cited and answer["state"] != "not_found":
        collection = cited[0]["collection"]
    elif closest:
        collection = closest[0]["document"]["collection"]
    return {
        "answer_id": row.id,
        "kind": "ask",
        "channel": "web" if row.session_id else "api",
        "session_id": row.session_id,
        "conversation_id": row.conversation_id,
        "trace_id": row.trace_id,
        "text": answer["question"],
        "typed": answer.get("asked"),
        # Whether a follow-up was completed or a word was corrected was not told apart.
        "followup": answer.get("asked") is not None,
        "regenerate": False,
        "private": False,
        "content_words": 0,
        "asked_at": row.created_at,
        "completed_at": row.created_at,
        "status": "complete",
        "first_content_ms": timings.get("first_token", timings.get("total")),
        "total_ms": timings.get("total"),
        "state": answer["state"],
        "mode": answer["mode"],
        "model": answer["model"],
        "level": confidence.get("level"),
        "probability": confidence.get("probability"),
        "citations": len(cited),
        "collection": collection,
        "input_tokens": usage.get("input_tokens", 0),
        "output_tokens": usage.get("output_tokens", 0),
        "cached_tokens": usage.get("cached_tokens", 0),
        "cost_usd": usage.get("cost_usd", 0.0),
        "release": "",
        "thread_id": row.id,
        "revision": 0,
    }


def _said(connection: sa.Connection, rows: list[sa.Row[Any]]) -> Iterator[dict[str, Any]]:
    """Marks, corrections, reports and requests as events, with ids that come out the same again."""
    about = {row.id: row for row in rows}
    marks = sa.select(feedback).where(feedback.c.answer_id.in_(about))
    for one in connection.execute(marks):
        corrects = bool((one.correction or "").strip())
        session = about[one.answer_id].session_id
        if one.helpful or not corrects:
            reasons = one.reasons if isinstance(one.reasons, list) else json.loads(one.reasons)
            own = {"helpful": bool(one.helpful), "reasons": [reason[:60] for reason in reasons]}
            yield _event(f"feedback_{one.id}", "marked", one, session, about, own)
        if corrects:
            yield _event(f"correction_{one.id}", "corrected", one, session, about, {})
    for one in connection.execute(sa.select(reports).where(reports.c.answer_id.in_(about))):
        own = {"problem": one.kind}
        yield _event(f"report_{one.id}", "reported", one, one.session_id, about, own)
    for one in connection.execute(sa.select(requests).where(requests.c.answer_id.in_(about))):
        yield _event(f"request_{one.id}", "content_requested", one, one.session_id, about, {})


def _event(
    name: str,
    kind: str,
    row: sa.Row[Any],
    session: str,
    about: dict[str, sa.Row[Any]],
    properties: dict[str, Any],
) -> dict[str, Any]:
    return {
        "id": f"old_{name}",
        "kind": kind,
        "answer_id": row.answer_id,
        "session_id": session,
        "trace_id": about[row.answer_id].trace_id,
        "at": row.created_at,
        "properties": properties,
    }
