"""Fills a store with synthetic traces: ``python -m tests.load.many_traces URL COUNT``.

Ten spans each, and a question row. 100,000 traces (a million spans) took four minutes on SQLite
and two busy cores, and 640 MB: real ones are larger, some 14 kB each.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from app.records.behavior.tables import questions
from app.records.database import open_database
from app.records.tracing.tables import spans, traces

STEPS = (
    *("rewrite", "embeddings m", "retrieval all", "dense", "lexical", "fuse", "answer", "read"),
    *("confidence", "invoke_workflow ask"),
)
_WORDS = [
    "hotel",
    "cap",
    "Paris",
    "invoice",
    "buoy",
    "battery",
    "travel",
    "policy",
    "vacation",
    "laptop",
    "sensor",
    "harbor",
]
_AT_ONCE = 2_000


def fill(engine: Engine, count: int, end: datetime, *, seed: int = 0) -> None:
    """Add ``count`` traces that end at ``end``, one a minute before."""
    chance = random.Random(seed)
    passages = json.dumps([{"id": f"doc_{i:020d}-0001", "score": 0.5} for i in range(40)])
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(count, first + _AT_ONCE))
        rows = [_trace(number, end, chance) for number in numbers]
        with engine.begin() as connection:
            connection.execute(insert(traces), rows)
            connection.execute(insert(spans), list(_spans(rows, passages)))
            connection.execute(
                insert(questions),
                [_question(row, chance) for row in rows if row["kind"] != "ingest"],
            )


def _trace(number: int, end: datetime, chance: random.Random) -> dict[str, Any]:
    kind = chance.choices(["ask", "search", "ingest"], [90, 9, 1])[0]
    failed = chance.random() < 0.01
    written = chance.random() < 0.3
    cost = None if chance.random() < 0.05 else chance.random() / 100 if written else 0.0
    return {
        "trace_id": f"{chance.getrandbits(128):032x}",
        "root_id": f"{chance.getrandbits(64):016x}",
        "kind": kind,
        "name": f"invoke_workflow {kind}",
        "answer_id": "" if kind == "ingest" else f"ans_{number:016x}",
        "started_at": end - timedelta(minutes=number),
        "duration_ms": chance.lognormvariate(4, 0.7),
        "status": "error" if failed else "ok",
        "error_type": "NotReady" if failed else "",
        "state": chance.choice(["answered", "partial", "not_found", "outdated"]),
        "level": chance.choice(["high", "medium", "low"]),
        "mode": "written" if written else "quotes",
        "model": "openai:gpt-5-mini" if written else "quotes",
        "channel": chance.choice(["web", "api", "mcp"]),
        "release": f"1.{number // 20_000}",
        "arm": chance.choice(["", "", "a", "b"]),
        "cost_usd": cost,
        "span_count": len(STEPS),
        "bytes": 14_000,
    }


def _spans(rows: list[dict[str, Any]], passages: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        begun = int(row["started_at"].timestamp() * 1e9)
        root = row["root_id"]
        for place, name in enumerate(STEPS):
            last = place == len(STEPS) - 1
            attributes: dict[str, Any] = {"openinference.span.kind": "CHAIN"}
            if name.startswith("retrieval"):
                attributes["footnote.retrieval.passages"] = passages
            yield {
                "trace_id": row["trace_id"],
                "span_id": root if last else f"{place:016x}",
                "root_id": root,
                "parent_id": "" if last else root,
                "name": name,
                "started_ns": begun + place,
                "ended_ns": begun + place + 1_000_000,
                "status": "ok",
                "attributes": attributes,
                "events": [],
            }


def _question(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    marked = chance.random()
    return {
        "answer_id": row["answer_id"],
        "kind": row["kind"],
        "channel": row["channel"],
        "text": f"What is the {' '.join(chance.sample(_WORDS, 3))} of {row['root_id'][:6]}?",
        "trace_id": row["trace_id"],
        "followup": False,
        "regenerate": False,
        "private": False,
        "content_words": 4,
        "asked_at": row["started_at"],
        "status": "complete",
        "citations": 2,
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "release": row["release"],
        "helpful": True if marked < 0.1 else False if marked < 0.12 else None,
        "rejected_at": row["started_at"] if 0.1 <= marked < 0.12 else None,
        "revision": 1,
    }


if __name__ == "__main__":
    fill(open_database(sys.argv[1]), int(sys.argv[2]), datetime.now(UTC))
