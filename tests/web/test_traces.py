"""``/traces``: the list, one trace, two compared, files to take away, and the ways there."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from app.domain import Answer, Question
from app.errors import BadRequest
from app.insights.traces.otlp_json import resource_spans
from app.insights.traces.query import trace_filters
from app.records.tracing.records import (
    SpanRecord,
    Trace,
    TraceFilters,
    TraceSummary,
    Workflow,
)
from app.telemetry import Attribute
from app.web.pm.traces import trace_csv
from app.web.pm.traces.passages_view import passage_rows
from app.web.pm.traces.trace_words import took, usd
from app.web.pm.traces.waterfall import GROUPS, by_document, waterfall
from tests.web.conftest import HTMX, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

MS = 1_000_000
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASKED = "How much is the deposit for a shower card?"


# --- made rows ------------------------------------------------------------------------------------


def span(name: str, start: int, end: int, parent: str = "", **values: Any) -> SpanRecord:
    """A step from ``start`` to ``end`` ms; its id is its name."""
    return SpanRecord(name, parent, name, start * MS, end * MS, values.pop("status", "ok"), values)


def summary(trace_id: str, **values: Any) -> TraceSummary:
    given: dict[str, Any] = {
        "trace_id": trace_id,
        "root_id": trace_id[:16],
        "kind": "ask",
        "name": "invoke_workflow ask",
        "answer_id": "",
        "started_at": NOW,
        "duration_ms": 80.0,
        "status": "ok",
        "error_type": "",
        "state": "answered",
        "level": "high",
        "mode": "quotes",
        "model": "quotes",
        "channel": "web",
        "conversation_id": "",
        "release": "9.9",
        "experiment": "",
        "arm": "",
        "first_token_ms": 70.0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "span_count": 1,
        "bytes": 10,
    }
    return TraceSummary(**(given | values))


# --- the waterfall --------------------------------------------------------------------------------


def test_steps_are_nested_in_the_order_they_began() -> None:
    fall = waterfall([span("c", 50, 90, "a"), span("b", 10, 40, "a"), span("a", 0, 100)])
    assert [(row.span.name, row.depth) for row in fall.rows] == [("a", 0), ("b", 1), ("c", 1)]
    assert [(row.x, row.width) for row in fall.rows] == [(0, 100), (10, 30), (50, 40)]


def test_a_steps_own_time_leaves_out_what_its_steps_took_even_where_they_overlap() -> None:
    steps = [span("a", 0, 100), span("b", 10, 50, "a"), span("c", 40, 60, "a")]
    assert waterfall(steps).rows[0].self_ms == 50


def test_a_step_that_outlives_its_parent_takes_no_more_than_the_parents_time() -> None:
    assert waterfall([span("a", 0, 100), span("b", 90, 150, "a")]).rows[0].self_ms == 90


def test_a_step_whose_parent_is_stored_nowhere_is_shown_as_a_root() -> None:
    assert waterfall([span("a", 0, 9, "of the caller")]).rows[0].depth == 0


def test_an_ingest_shows_its_documents_slowest_first_and_in_pages() -> None:
    steps = [span("ingest", 0, 10_000)]
    for i in range(GROUPS + 5):
        own = {Attribute.DOCUMENT: f"doc_{i}"}
        steps.append(span(f"parse-{i}", i, i + i, "ingest", **own))
        steps.append(span(f"split-{i}", i + i, i + i + 1, "ingest", **own))
    fall = waterfall(by_document(steps))
    assert (fall.groups, fall.pages, len(fall.rows)) == (GROUPS + 5, 2, GROUPS + 1)
    assert fall.rows[1].span.span_id == f"document-doc_{GROUPS + 4}"
    opened = waterfall(by_document(steps), selected=f"parse-{GROUPS + 4}")
    assert [row.span.name for row in opened.rows[2:4]] == [
        f"parse-{GROUPS + 4}",
        f"split-{GROUPS + 4}",
    ]
    assert len(waterfall(by_document(steps), page=2).rows) == 5 + 1


# --- passages -------------------------------------------------------------------------------------


def test_every_passage_says_why_it_was_or_was_not_used() -> None:
    found = [
        {"id": "p1", "score": 0.8, "dense": 0.7, "lexical": 9.0, "rank": 1, "use": "returned"},
        {"id": "p2", "score": 0.4, "dense": 0.3, "lexical": 0.0, "rank": 2, "use": "returned"},
        {"id": "p3", "score": 0.3, "dense": 0.3, "lexical": 1.0, "rank": 3, "use": "beyond"},
        {"id": "p4", "score": 0.3, "dense": 0.3, "lexical": 1.0, "use": "duplicate", "of": "p1"},
    ]
    uses = [{"id": "p1", "use": "quoted"}, {"id": "p2", "use": "read", "behind": 2.302585}]
    rows = passage_rows(
        [
            span("search", 0, 1, **{Attribute.PASSAGES: json.dumps(found)}),
            span("read", 1, 2, **{Attribute.ANSWER_PASSAGES: json.dumps(uses)}),
        ],
        {},
        None,
    )
    assert [(row.rank, row.used, row.use) for row in rows] == [
        (1, True, "Quoted in the answer"),
        (2, False, "Read; 10.0 times less likely to hold the answer"),
        (0, False, "Enough others ranked better"),
        (0, False, "Near-identical to rank 1"),
    ]
    assert rows[1].score is not None
    assert rows[1].score.share == 50.0
    assert rows[0].rerank is None


def test_a_model_that_cites_nothing_of_a_passage_did_not_use_it() -> None:
    found = [{"id": one, "score": 1.0, "rank": 1, "use": "returned"} for one in ("p1", "p2")]
    rows = passage_rows(
        [
            span("search", 0, 1, **{Attribute.PASSAGES: json.dumps(found)}),
            span("read", 1, 2, **{Attribute.ANSWER_PASSAGES: '[{"id":"p1","use":"quoted"}]'}),
            span("verify", 2, 3, **{Attribute.ANSWER_PASSAGES: '[{"id":"p2","use":"cited"}]'}),
        ],
        {},
        None,
    )
    assert [row.used for row in rows] == [False, True]


# --- filters and words ----------------------------------------------------------------------------


def test_filters_read_days_moments_and_bounds() -> None:
    found = trace_filters(
        {"from": "2026-11-01", "to": "2026-11-02", "latency_min": "50", "cost": "unknown"}, NOW
    )
    assert found == TraceFilters(
        since=datetime(2026, 11, 1, tzinfo=UTC),
        until=datetime(2026, 11, 3, tzinfo=UTC),
        min_ms=50.0,
        cost_known=False,
    )
    moment = trace_filters({"to": "2026-11-02T10:00:00+02:00"}, NOW)
    assert moment.until == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert trace_filters({"within": "24h"}, NOW).since == NOW - timedelta(hours=24)


@pytest.mark.parametrize(
    "given",
    [
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"latency_min": "nan"},
        {"feedback": "x"},
        {"within": "9y"},
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_understood_is_refused_in_words(given: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="“"):
        trace_filters(given, NOW)


def test_an_unknown_cost_is_never_shown_as_nothing() -> None:
    assert usd(None) == "unknown"
    assert usd(0.0) == "$0"


@pytest.mark.parametrize(
    ("ms", "said"),
    [(0.04, "0.0 ms"), (83.4, "83 ms"), (1240, "1.24 s"), (125_000, "2 min 5 s"), (None, "–")],
)
def test_durations_read_well(ms: float | None, said: str) -> None:
    assert took(ms) == said


# --- with real questions --------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Three questions that were really asked: the same one twice, and one without an answer."""

    first: Answer
    again: Answer
    missing: Answer


@pytest.fixture(scope="module")
def told(harbor: tuple[Services, TestClient]) -> Told:
    services, _ = harbor

    async def ask() -> Told:
        async def one(text: str) -> Answer:
            return await services.asker.answer(Question(text, channel="web"), "ses_traces")

        return Told(await one(ASKED), await one(ASKED), await one("Who painted the Mona Lisa?"))

    return asyncio.run(ask())


def test_a_question_stands_in_the_list_with_its_outcome_and_leads_to_its_trace(
    client: TestClient, told: Told
) -> None:
    page = tree(client.get("/traces").text)
    links = {a.attributes["href"]: a.text() for a in page.css(".trace-list th[scope=row] a")}
    assert links[f"/traces/{told.first.trace_id}"] == ASKED
    row = page.css_first(f'a[href="/traces/{told.missing.trace_id}"]').parent.parent
    assert "Not in your documents" in row.text()


def test_filters_narrow_the_list_and_are_shown_as_chips_that_take_them_back(
    client: TestClient, told: Told
) -> None:
    page = tree(client.get("/traces?q=mona&state=not_found").text)
    assert [a.text() for a in page.css(".trace-list th[scope=row] a")] == [told.missing.question]
    chips = {a.css_first("span").text(): a.attributes["href"] for a in page.css(".chip")}
    assert chips == {
        "Words: mona": "/traces?state=not_found",
        "Not in your documents": "/traces?q=mona",
    }
    assert "No traces match" in words(client.get("/traces?q=zzz").text)


def test_htmx_gets_the_list_alone_and_a_short_address(client: TestClient, told: Told) -> None:
    response = client.get("/traces?q=shower&state=&model=", headers=HTMX)
    assert "<html" not in response.text
    assert ASKED in response.text
    assert response.headers["hx-replace-url"] == "/traces?q=shower"


def test_a_filter_that_is_no_number_is_a_page_that_says_so(client: TestClient) -> None:
    response = client.get("/traces?latency_min=slow")
    assert response.status_code == 400
    assert "“slow” is not a number." in words(response.text)


def test_pages_follow_each_other_and_lead_back(
    client: TestClient, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.web.pm.traces import trace_pages

    monkeypatch.setattr(trace_pages, "PER_PAGE", 2)
    first = tree(client.get("/traces?kind=ask").text)
    following = first.css_first("a[rel=next]").attributes["href"]
    second = tree(client.get(following).text)
    rows = [
        [a.attributes["href"] for a in page.css(".trace-list th a")] for page in (first, second)
    ]
    assert not set(rows[0]) & set(rows[1])
    back = second.css_first("a[rel=prev]").attributes["href"]
    again = tree(client.get(back).text)
    assert [a.attributes["href"] for a in again.css(".trace-list th a")] == rows[0]


def test_one_click_leads_from_the_answer_to_its_trace_and_back(
    client: TestClient, told: Told
) -> None:
    page = tree(client.get(f"/a/{told.first.answer_id}").text)
    link = next(a for a in page.css("a") if a.text() == "How this was answered")
    response = client.get(link.attributes["href"])
    assert response.headers["location"].partition("#")[0] == f"/traces/{told.first.trace_id}"
    trace = tree(client.get(f"/traces/{told.first.trace_id}").text)
    assert trace.css_first(f'a[href="/a/{told.first.answer_id}"]') is not None
    assert trace.css_first("h1").text() == ASKED


def test_a_trace_shows_its_steps_and_where_the_answer_came_from(
    client: TestClient, told: Told
) -> None:
    page = tree(client.get(f"/traces/{told.first.trace_id}").text)
    steps = [a.text() for a in page.css(".waterfall tbody a")]
    assert steps[0] == "Question"
    assert {"Search the documents", "Search by meaning", "Read the passages"} <= set(steps)
    used = page.css(".passages tr.used")
    assert len(used) == len({one.passage_id for one in told.first.citations})
    cited = told.first.citations[0]
    assert used[0].css_first("a").attributes["href"].startswith(f"/documents/{cited.document_id}?")
    assert "Cited as [1]" in used[0].text()
    levels = [int(node.tag[1]) for node in page.css("h1, h2, h3, h4")]
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_a_step_shows_what_it_recorded_and_htmx_gets_it_alone(
    client: TestClient, told: Told
) -> None:
    page = tree(client.get(f"/traces/{told.first.trace_id}").text)
    link = next(a for a in page.css(".waterfall tbody a") if a.text() == "Search by meaning")
    address = link.attributes["href"]
    fragment = client.get(address.partition("#")[0], headers=HTMX).text
    assert "<html" not in fragment
    step = tree(fragment).css_first(".step-card")
    assert step.css_first(".step-name").text() == "Search by meaning"
    assert "Passages" in step.css_first(".facts").text()
    assert tree(fragment).css_first("a[aria-current=true]").text() == "Search by meaning"


def test_two_traces_are_compared_step_by_step_and_passage_by_passage(
    client: TestClient, told: Told
) -> None:
    chosen = {"t": [told.first.trace_id, told.again.trace_id]}
    redirect = client.get("/traces/compare", params=chosen)
    assert redirect.status_code == 303
    said = words(client.get(redirect.headers["location"]).text)
    assert "One question, two answers" in said
    assert "same rank" in said
    other = client.get(
        "/traces/compare", params={"a": told.first.answer_id, "b": told.missing.answer_id}
    )
    assert "Two traces compared" in words(other.text)
    one = client.get("/traces/compare", params={"t": [told.first.trace_id]})
    assert "it takes two" in words(one.text)


def test_a_trace_that_is_not_there_says_so(client: TestClient) -> None:
    for address in ("/traces/" + "0" * 32, "/traces/of/ans_gone", "/traces/compare?a=1&b=2"):
        assert client.get(address).status_code == 404


# --- several workflows, failures, content ---------------------------------------------------------


@pytest.fixture(scope="module")
def made(harbor: tuple[Services, TestClient]) -> str:
    """A caller's trace with two workflows: one that a model answered, and one that failed."""
    trace_id = "c" * 32
    asked = [{"role": "user", "parts": [{"type": "text", "content": "Say <b>it</b>."}]}]
    chat = replace(
        span(
            "chat m1",
            1,
            70,
            "aaaaaaaaaaaaaaaa",
            **{
                Attribute.SPAN_KIND: "LLM",
                Attribute.REQUEST_MODEL: "m1",
                Attribute.INPUT_TOKENS: 1200,
                Attribute.OUTPUT_TOKENS: 80,
            },
        ),
        content={Attribute.INPUT_MESSAGES: json.dumps(asked)},
    )
    root = replace(span("invoke_workflow ask", 0, 80), span_id="aaaaaaaaaaaaaaaa")
    lost = replace(
        span("invoke_workflow ask", 90, 95, status="error", **{Attribute.ERROR_TYPE: "NotReady"}),
        span_id="bbbbbbbbbbbbbbbb",
    )
    store = harbor[0].traces
    told = summary(
        trace_id,
        root_id="aaaaaaaaaaaaaaaa",
        mode="written",
        model="m1",
        cost_usd=None,
        input_tokens=1200,
        output_tokens=80,
    )
    failed = summary(
        trace_id,
        root_id="bbbbbbbbbbbbbbbb",
        started_at=NOW + timedelta(seconds=1),
        status="error",
        state="failed",
        error_type="NotReady",
        level="",
    )
    store.write(Workflow(told, (root, replace(chat, span_id="dddddddddddddddd"))))
    silent = span("chat m1", 91, 94, "bbbbbbbbbbbbbbbb", **{Attribute.SPAN_KIND: "LLM"})
    store.write(Workflow(failed, (lost, replace(silent, span_id="eeeeeeeeeeeeeeee"))))
    return trace_id


def test_a_callers_trace_shows_all_its_workflows_in_order(client: TestClient, made: str) -> None:
    page = tree(client.get(f"/traces/{made}").text)
    assert page.css_first("h1").text() == "2 workflows in one trace"
    ids = [node.attributes["id"] for node in page.css("article.flow")]
    assert ids == ["w-aaaaaaaaaaaaaaaa", "w-bbbbbbbbbbbbbbbb"]


def test_a_failure_is_told_in_words(client: TestClient, made: str) -> None:
    text = words(client.get("/traces?errors=1&release=9.9").text)
    assert "1 trace, newest first" in text
    assert "Warming up (NotReady)" in text
    assert "(NotReady)" in words(client.get(f"/traces/{made}").text)


def test_a_captured_prompt_is_shown_as_the_text_it_is(client: TestClient, made: str) -> None:
    html = client.get(f"/traces/{made}?span=dddddddddddddddd").text
    assert "Say &lt;b&gt;it&lt;/b&gt;." in html


def test_where_nothing_was_captured_the_step_says_how_to_switch_it_on(
    client: TestClient, made: str
) -> None:
    page = tree(client.get(f"/traces/{made}?span=eeeeeeeeeeeeeeee").text)
    told = " ".join(step.text() for step in page.css(".step-card"))
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true" in told


def test_a_price_that_is_unknown_is_called_that(client: TestClient, made: str) -> None:
    row = tree(client.get("/traces?model=m1").text).css_first(".trace-list tbody tr")
    assert row.css_first("[data-label=Cost]").text() == "unknown"


# --- taken away -----------------------------------------------------------------------------------


def test_the_list_is_a_csv_with_its_filters(client: TestClient, told: Told) -> None:
    response = client.get("/traces.csv?q=mona")
    assert response.headers["content-disposition"] == 'attachment; filename="traces.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["answer_id"] for row in rows] == [told.missing.answer_id]
    assert rows[0]["question"] == told.missing.question


def test_a_csv_ends_with_a_notice_where_it_was_cut(services: Services, told: Told) -> None:
    text = "".join(trace_csv.lines(services.traces, TraceFilters(kind="ask"), "started", most=2))
    lines = text.splitlines()
    assert len(lines) == 1 + 2 + 1
    assert "Only the first 2 rows" in lines[-1]


def test_a_trace_is_json_that_a_collector_takes(client: TestClient, told: Told) -> None:
    from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]  # no stubs
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    body = client.get(f"/api/v1/traces/{told.first.trace_id}").json()
    assert body["workflows"][0]["question"] == ASKED
    spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert len(spans) == body["workflows"][0]["span_count"]
    assert {one["traceId"] for one in spans} == {told.first.trace_id}
    # Protobuf's own JSON has bytes in base64, where OTLP has hexadecimal: without the ids.
    for one in spans:
        for name in ("traceId", "spanId", "parentSpanId"):
            one.pop(name, None)
    parsed = ParseDict({"resourceSpans": body["resourceSpans"]}, TracesData())
    names = {one.name for one in parsed.resource_spans[0].scope_spans[0].spans}
    assert "invoke_workflow ask" in names


def test_attribute_values_keep_their_types() -> None:
    own: dict[str, Any] = {"b": True, "i": 3, "f": 0.5, "s": "x", "l": ["y"]}
    one = Workflow(summary("a" * 32), (span("s", 0, 1, **own),))
    found = resource_spans(Trace("a" * 32, (one,)))[0]["scopeSpans"][0]["spans"][0]
    assert {pair["key"]: pair["value"] for pair in found["attributes"]} == {
        "b": {"boolValue": True},
        "i": {"intValue": "3"},
        "f": {"doubleValue": 0.5},
        "s": {"stringValue": "x"},
        "l": {"arrayValue": {"values": [{"stringValue": "y"}]}},
    }


def test_the_api_lists_pages_and_refuses_what_it_does_not_know(
    client: TestClient, told: Told
) -> None:
    first = client.get("/api/v1/traces", params={"kind": "ask", "limit": 2}).json()
    assert len(first["traces"]) == 2
    rest = client.get(
        "/api/v1/traces", params={"kind": "ask", "limit": 500, "after": first["next"]}
    ).json()
    ids = [one["root_id"] for one in (*first["traces"], *rest["traces"])]
    assert len(ids) == len(set(ids)) == first["total"]
    assert client.get("/api/v1/traces?kind=dance").status_code == 422
    assert client.get("/api/v1/traces?from=dawn").status_code == 400
