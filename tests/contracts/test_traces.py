"""What the store of traces promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from app.errors import BadRequest
from app.records.behavior.tables import questions
from app.records.retention import purge
from app.records.tracing import listing
from app.records.tracing.records import Sort, SpanRecord, TraceFilters, TraceSummary, Workflow
from app.records.tracing.store import TraceStore
from app.records.tracing.tables import span_content, spans, traces
from app.settings import Settings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(engine: Engine) -> TraceStore:
    return TraceStore(engine)


def summary(number: int, **changes: Any) -> TraceSummary:
    usual: dict[str, Any] = {
        "trace_id": f"{number:032x}",
        "root_id": f"{number:016x}",
        "kind": "ask",
        "name": "invoke_workflow ask",
        "answer_id": f"ans_{number}",
        "started_at": NOON + timedelta(minutes=number),
        "duration_ms": 40.0 + number,
        "status": "ok",
        "error_type": "",
        "state": "answered",
        "level": "high",
        "mode": "quotes",
        "model": "quotes",
        "channel": "web",
        "conversation_id": "con_1",
        "release": "1.0",
        "experiment": "",
        "arm": "",
        "first_token_ms": 30.0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "span_count": 0,
        "bytes": 0,
    }
    return TraceSummary(**usual | changes)


def span(number: int, parent: str = "", **changes: Any) -> SpanRecord:
    usual: dict[str, Any] = {
        "span_id": f"{number:016x}",
        "parent_id": parent,
        "name": "verify",
        "started_ns": 1_000_000 + number,
        "ended_ns": 3_000_000 + number,
        "status": "ok",
        "attributes": {"footnote.sentences.count": 2, "list": ["a", "b"], "true": True},
    }
    return SpanRecord(**usual | changes)


def workflow(number: int, **changes: Any) -> Workflow:
    own = summary(number, **changes)
    content = {"input.value": "Grüße 🙂 'quoted' \"twice\""}
    return Workflow(own, (span(number, name=own.name, content=content),))


def ask(engine: Engine, number: int, text: str, **changes: Any) -> None:
    row = {
        "answer_id": f"ans_{number}",
        "kind": "ask",
        "channel": "web",
        "text": text,
        "followup": False,
        "regenerate": False,
        "private": False,
        "content_words": 2,
        "asked_at": NOON,
        "status": "complete",
        "citations": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "release": "1.0",
        "revision": number,
    }
    with engine.begin() as connection:
        connection.execute(insert(questions).values(row | changes))


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def numbers(store: TraceStore, sort: Sort = "started", **filters: Any) -> list[int]:
    found = store.page(TraceFilters(**filters), sort).rows
    return [int(one.root_id, 16) for one in found]


def test_a_trace_is_read_as_it_was_written(store: TraceStore) -> None:
    root = span(1, name="invoke_workflow ask", content={"input.value": "What? 🙂"})
    child = span(2, parent=root.span_id, events=({"name": "retry", "at_ns": 5},), status="error")
    store.write(Workflow(summary(1), (child, root)))
    found = store.trace(f"{1:032x}")
    assert found is not None
    [one] = found.workflows
    assert one.spans == (root, child)
    assert one.summary == replace(summary(1), span_count=2, bytes=one.summary.bytes)
    assert one.summary.bytes > 600
    assert store.trace("0" * 32) is None


def test_several_questions_of_one_caller_s_trace_stand_side_by_side(store: TraceStore) -> None:
    store.write(Workflow(summary(1), (span(1),)))
    store.write(Workflow(summary(2, trace_id=f"{1:032x}"), (span(2),)))
    found = store.trace(f"{1:032x}")
    assert found is not None
    assert [one.summary.answer_id for one in found.workflows] == ["ans_1", "ans_2"]
    assert [[s.span_id for s in one.spans] for one in found.workflows] == [
        [f"{1:016x}"],
        [f"{2:016x}"],
    ]
    second = store.of_answer("ans_2")
    assert second is not None
    assert second.root_id == f"{2:016x}"
    assert store.of_answer("ans_3") is None
    assert store.of_answer("") is None


def test_a_workflow_written_in_pieces_is_whole_in_the_end(
    store: TraceStore, engine: Engine
) -> None:
    running = summary(1, kind="ingest", status="running", answer_id="")
    store.write(Workflow(running, (span(2), span(3))))
    found = store.page().rows[0]
    assert (found.status, found.span_count) == ("running", 2)
    ended = replace(running, status="ok", duration_ms=99.0)
    store.write(Workflow(ended, (span(1),)), begun=True)
    found = store.page().rows[0]
    assert (found.status, found.duration_ms, found.span_count) == ("ok", 99.0, 3)
    assert count(engine, spans) == 3


def test_a_span_that_cannot_be_kept_leaves_nothing_of_its_trace(
    store: TraceStore, engine: Engine
) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write(Workflow(summary(1), (span(1), span(1))))
    assert count(engine, traces) == 0


@pytest.fixture
def many(store: TraceStore) -> TraceStore:
    for number in range(1, 24):
        cost = None if number % 4 == 0 else (number % 3) / 100
        store.write(workflow(number, duration_ms=float(number % 5), cost_usd=cost))
    return store


@pytest.mark.parametrize("sort", ["started", "duration", "cost"])
@pytest.mark.parametrize("size", [1, 4, 23, 50])
def test_pages_give_every_trace_once_in_order(many: TraceStore, sort: Sort, size: int) -> None:
    rows: list[TraceSummary] = []
    after: str | None = None
    for _ in range(30):
        page = many.page(TraceFilters(), sort, after, size)
        assert len(page.rows) <= size
        rows += page.rows
        after = page.after
        if after is None:
            break
    assert sorted(int(row.root_id, 16) for row in rows) == list(range(1, 24))
    if sort == "started":
        expected = sorted(rows, key=lambda row: row.started_at, reverse=True)
    elif sort == "duration":
        expected = sorted(rows, key=lambda row: (row.duration_ms, row.root_id), reverse=True)
    else:
        known = [row for row in rows if row.cost_usd is not None]
        unknown = [row for row in rows if row.cost_usd is None]
        expected = sorted(known, key=lambda row: (row.cost_usd, row.root_id), reverse=True)
        expected += sorted(unknown, key=lambda row: row.started_at, reverse=True)
    assert rows == expected


@pytest.mark.parametrize("cursor", ["x", "started~yesterday~1", "duration~1.0~1", "started~1~2~3"])
def test_a_cursor_that_is_none_is_refused_with_a_sentence(store: TraceStore, cursor: str) -> None:
    with pytest.raises(BadRequest, match="first page"):
        store.page(TraceFilters(), "started", cursor)


def test_filters_narrow_a_list(store: TraceStore, engine: Engine) -> None:
    store.write(workflow(1, state="not_found", level="low", release="0.9"))
    store.write(workflow(2, mode="written", model="gpt-5-mini", cost_usd=0.02))
    store.write(workflow(3, kind="search", answer_id="sea_3", channel="api", duration_ms=900.0))
    store.write(workflow(4, status="error", state="failed", error_type="NotReady", cost_usd=None))
    store.write(workflow(5, kind="ingest", answer_id="", arm="b", experiment="k"))
    assert numbers(store) == [5, 4, 3, 2, 1]
    cases: list[tuple[list[int], dict[str, Any]]] = [
        ([1], {"state": "not_found"}),
        ([1], {"level": "low", "release": "0.9"}),
        ([2], {"mode": "written"}),
        ([2], {"model": "gpt-5-mini"}),
        ([3], {"kind": "search"}),
        ([3], {"channel": "api"}),
        ([5], {"arm": "b", "experiment": "k"}),
        ([3], {"min_ms": 900}),
        ([2, 1], {"max_ms": 42}),
        ([2], {"min_cost": 0.01}),
        ([5, 3, 1], {"max_cost": 0.0}),
        ([4], {"cost_known": False}),
        ([5, 3, 2, 1], {"cost_known": True}),
        ([4], {"error": True}),
        ([5, 3, 2, 1], {"error": False}),
        ([5, 4], {"since": NOON + timedelta(minutes=4)}),
        ([3, 2, 1], {"until": NOON + timedelta(minutes=4)}),
        ([], {"state": "partial"}),
    ]
    for expected, filters in cases:
        assert numbers(store, **filters) == expected, filters
        assert store.totals(TraceFilters(**filters)).count == len(expected), filters
    assert numbers(store, "cost", cost_known=True) == [2, 5, 3, 1]
    assert numbers(store, "cost", cost_known=False) == [4]
    choices = store.choices()
    assert choices.models == ("gpt-5-mini", "quotes")
    assert choices.releases == ("0.9", "1.0")
    assert choices.arms == ("b",)


def test_traces_are_found_by_what_was_asked_and_what_was_said_about_it(
    store: TraceStore, engine: Engine
) -> None:
    for number in range(1, 6):
        store.write(workflow(number))
    ask(engine, 1, "What is the hotel cap in Paris?", helpful=True)
    ask(engine, 2, "hotel cap", helpful=False, rejected_at=NOON)
    ask(engine, 3, "100% cotton_shirts", typed="and cotton?", rejected_at=NOON)
    ask(engine, 4, "Who may drive?")
    assert numbers(store, text="HOTEL cap") == [2, 1]
    assert numbers(store, text="and cotton") == [3]
    assert numbers(store, text="100%") == [3]
    assert numbers(store, text="_") == [3]
    assert numbers(store, feedback="helpful") == [1]
    assert numbers(store, feedback="not") == [2]
    assert numbers(store, feedback="rejected") == [3, 2]
    assert numbers(store, feedback="none") == [4]
    assert store.totals(TraceFilters(text="hotel", feedback="helpful")).count == 1
    first = store.page(TraceFilters(text="hotel", feedback="helpful")).rows[0]
    assert (first.question, first.helpful, first.rejected) == (
        "What is the hotel cap in Paris?",
        True,
        False,
    )
    assert store.page(TraceFilters()).rows[0].question is None  # forgotten, or an ingest


def test_a_frequent_text_is_found_like_a_rare_one(
    store: TraceStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_RARE", 1)
    for number in range(1, 5):
        store.write(workflow(number))
        ask(engine, number, "hotel" if number != 2 else "train")
    assert numbers(store, text="hotel") == [4, 3, 1]
    assert store.totals(TraceFilters(text="hotel")).count == 3


def test_counting_ends_where_it_would_become_slow(
    store: TraceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 2)
    for number in range(1, 4):
        store.write(workflow(number))
    total = store.totals()
    assert (total.count, total.capped) == (2, True)
    assert store.totals(TraceFilters(until=NOON + timedelta(minutes=3))).capped is False


def settings(**values: Any) -> Settings:
    none: dict[str, Any] = {"keep_traces_days": 0, "keep_traces_mb": 0, "keep_content_days": 0}
    return Settings(_env_file=None, **{**none, "keep_questions_days": 0, **values})


def test_content_goes_sooner_than_its_trace_and_old_traces_go_whole(
    store: TraceStore, engine: Engine
) -> None:
    now = datetime.now(UTC)
    for number, days in [(1, 100), (2, 20), (3, 1)]:
        store.write(workflow(number, started_at=now - timedelta(days=days)))
    assert not purge(engine, settings())
    gone = purge(engine, settings(keep_content_days=14))
    assert (gone.contents, gone.traces) == (2, 0)
    assert count(engine, spans) == 3
    gone = purge(engine, settings(keep_traces_days=90))
    assert (gone.contents, gone.traces) == (0, 1)
    assert numbers(store) == [3, 2]
    assert count(engine, spans) == 2
    assert purge(engine, settings(), traces_days=0).traces == 2
    assert [count(engine, table) for table in (traces, spans, span_content)] == [0, 0, 0]


def test_the_oldest_go_when_traces_take_too_much_room(
    store: TraceStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.records.tracing import retention

    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for number in range(1, 8):
        big = span(number, attributes={"value": "x" * 300_000})
        store.write(Workflow(summary(number), (big,)))
    gone = purge(engine, settings(keep_traces_mb=1))
    assert gone.traces == 4
    assert numbers(store) == [7, 6, 5]
    assert retention.stored_bytes(engine) <= 1_000_000


def test_old_questions_go_with_their_answers(store: TraceStore, engine: Engine) -> None:
    now = datetime.now(UTC)
    ask(engine, 1, "old", asked_at=now - timedelta(days=401))
    ask(engine, 2, "new", asked_at=now)
    assert purge(engine, settings(keep_questions_days=400)).questions == 1
    assert count(engine, questions) == 1
