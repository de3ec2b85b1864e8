"""``kill -9`` right after a response: its trace, answer, question and events are there."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.records.behavior.tables import events, questions
from app.records.database import open_database
from app.records.tables import answers
from app.records.tracing.store import TraceStore
from app.records.tracing.tables import spans, traces
from tests.faults.world import FULL

PROGRAM = Path(__file__).with_name("killed_server.py")
KILLS = 100 if FULL else 10
"""Each is the same: how many only says how sure one may be."""


def answer_of(port: int, question: str) -> dict[str, Any]:
    """Ask, and read the response to its last byte."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        body = json.dumps({"question": question})
        connection.request("POST", "/api/v1/ask", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        told: dict[str, Any] = json.loads(response.read())
        if response.status == 200:
            return told
        assert response.status == 503, told  # still warming up
        time.sleep(0.02)
    raise AssertionError("the server did not become ready")


@pytest.mark.slow
@pytest.mark.timeout(1800 if FULL else 600)
def test_a_question_that_was_answered_survives_a_kill(tmp_path: Path) -> None:
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    (docs / "travel.md").write_text(
        "# Travel\n\nThe hotel cap in Paris is EUR 220 a night.\n\nTrains are booked in advance.\n"
    )
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(data), str(docs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])},
    )
    assert program.stdin is not None
    assert program.stdout is not None
    told = []
    try:
        for number in range(KILLS):
            program.stdin.write("\n")
            program.stdin.flush()
            server = json.loads(program.stdout.readline())
            told.append(answer_of(server["port"], f"What is the hotel cap in Paris? {number}"))
            os.kill(server["pid"], signal.SIGKILL)
            assert json.loads(program.stdout.readline()) == {"signal": signal.SIGKILL}
    finally:
        program.stdin.close()
        program.wait(60)
        program.stdout.close()

    engine = open_database(f"sqlite:///{data / 'footnote.db'}")
    try:
        ids = [answer["answer_id"] for answer in told]
        assert len(set(ids)) == KILLS
        store = TraceStore(engine)
        with engine.connect() as connection:
            kept = {row.id: row.trace_id for row in connection.execute(select(answers))}
            status = {row.answer_id: row.status for row in connection.execute(select(questions))}
            happened: dict[str, set[str]] = {}
            for row in connection.execute(select(events)):
                happened.setdefault(row.answer_id, set()).add(row.kind)
            per_trace = select(spans.c.trace_id, func.count()).group_by(spans.c.trace_id)
            steps = {row[0]: row[1] for row in connection.execute(per_trace)}
            declared = {row.trace_id: row.span_count for row in connection.execute(select(traces))}
        assert kept == {answer["answer_id"]: answer["trace_id"] for answer in told}
        assert status == dict.fromkeys(ids, "complete")
        assert all({"asked", "answered"} <= happened.get(one, set()) for one in ids)
        for answer in told:
            trace = store.of_answer(answer["answer_id"])
            assert trace is not None
            assert (trace.trace_id, trace.state) == (answer["trace_id"], answer["state"])
            assert steps[trace.trace_id] == declared[trace.trace_id] >= 9
    finally:
        engine.dispose()
