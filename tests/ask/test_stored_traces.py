"""A question, a search and an ingest each leave a trace in the store, whole when they are over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select

from app import telemetry
from app.bootstrap import Services
from app.domain import Answer, Question
from app.errors import EmptyQuestion
from app.records.tracing.records import SpanRecord, TraceFilters
from app.records.tracing.tables import span_content
from ingest.pipeline import IngestOptions, ingest
from tests.knowledge.company import ingested
from tests.knowledge.world import WordEmbedder

FILES = {
    "default": {
        "travel.md": "# Travel\n\nThe hotel cap in Paris is EUR 220 a night.\n\nTrains come first.",
        "boats.md": "# Boats\n\nBoats leave the harbor at 09:30 in summer.",
        "empty.md": "# Nothing\n\nBut this line.",
    }
}
QUESTION = "What is the hotel cap in Paris?"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    telemetry.set_up("test")
    with ingested(tmp_path, FILES, WordEmbedder()) as opened:
        yield opened


def ask(services: Services, text: str = QUESTION) -> Answer:
    return asyncio.run(services.asker.answer(Question(text, channel="cli")))


def steps(services: Services, trace_id: str) -> tuple[SpanRecord, ...]:
    found = services.traces.trace(trace_id)
    assert found is not None
    [workflow] = found.workflows
    return workflow.spans


def test_a_question_leaves_its_steps_and_what_it_came_to(services: Services) -> None:
    answer = ask(services)
    row = services.traces.of_answer(answer.answer_id)
    assert row is not None
    assert (row.trace_id, row.kind, row.state) == (answer.trace_id, "ask", answer.state.value)
    assert (row.level, row.mode) == (answer.confidence.level.value, "quotes")
    assert (row.channel, row.conversation_id) == ("cli", answer.conversation_id)
    assert (row.cost_usd, row.status, row.question) == (0.0, "ok", QUESTION)
    assert row.duration_ms >= answer.timings_ms["total"]
    spans = steps(services, answer.trace_id)
    assert row.span_count == len(spans) <= 14
    names = [span.name for span in spans]
    assert names[0] == "invoke_workflow ask"
    assert {
        *("rewrite", "embeddings words", "retrieval all", "dense", "lexical", "fuse"),
        *("answer", "read", "confidence", "verify"),
    } <= set(names)
    parents = {span.name: span.parent_id for span in spans}
    by_name = {span.name: span.span_id for span in spans}
    assert parents["dense"] == parents["fuse"] == by_name["retrieval all"]
    assert parents["retrieval all"] == parents["answer"] == by_name["invoke_workflow ask"]


def test_content_is_kept_apart_and_only_where_it_is_opted_in(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = ask(services)
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    captured = ask(services)
    for answer in (without, captured):
        for span in steps(services, answer.trace_id):
            assert "EUR 220" not in str(span.attributes)  # whole: an id may hold 220
            assert "hotel" not in str(span.attributes).lower()
    with services.engine.connect() as connection:
        kept = connection.execute(select(span_content.c.trace_id)).scalars().all()
    assert set(kept) == {captured.trace_id}
    root = steps(services, captured.trace_id)[0]
    assert root.content == {"input.value": QUESTION, "output.value": captured.text}


def test_a_search_leaves_a_trace_too(services: Services) -> None:
    services.search.search("boats harbor", 5, channel="web")
    [row] = services.traces.page(TraceFilters(kind="search")).rows
    assert (row.channel, row.cost_usd, row.status) == ("web", 0.0, "ok")
    names = {span.name for span in steps(services, row.trace_id)}
    assert {"invoke_workflow search", "retrieval all", "dense", "lexical"} <= names


def test_an_ingest_leaves_a_span_for_each_document_and_for_each_batch(
    services: Services, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.md").write_text("# One\n\nThe buoy has a battery.")
    (tmp_path / "more" / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
    ingest(services, [str(tmp_path / "more")], IngestOptions(collection="more"))
    row = services.traces.page(TraceFilters(kind="ingest")).rows[0]
    spans = steps(services, row.trace_id)
    counts = Counter(span.name for span in spans)
    assert counts["parse"] == 2
    assert counts["split"] == counts["store"] == counts["embeddings words"] == 1
    [failed] = [span for span in spans if span.status == "error"]
    assert (failed.name, failed.attributes["error.type"]) == ("parse", "UnreadableDocument")
    [together] = [span for span in spans if span.name == "embeddings words"]
    assert together.attributes["footnote.documents.count"] == 1


def test_a_refused_question_and_the_warm_up_leave_none(services: Services) -> None:
    before = services.traces.totals().count
    with pytest.raises(EmptyQuestion):
        ask(services, "  ")
    services.warm_up()
    assert services.traces.totals().count == before


def test_a_question_is_answered_while_traces_cannot_be_written(services: Services) -> None:
    def refuse(*arguments: object) -> None:
        if "INTO traces" in str(arguments[2]):
            raise OSError("disk full")

    event.listen(services.engine, "before_cursor_execute", refuse)
    answer = ask(services)
    assert answer.sentences
    assert services.traces.of_answer(answer.answer_id) is None
    assert services.answers.get(answer.answer_id).text == answer.text


def test_two_services_in_one_process_keep_their_own(services: Services, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with ingested(tmp_path / "other", FILES, WordEmbedder()) as other:
        answer = ask(other)
        assert other.traces.of_answer(answer.answer_id) is not None
        assert services.traces.of_answer(answer.answer_id) is None
