"""Written answers through the whole pipeline: what a model writes, checked, or quotes instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.domain import (
    Answer,
    AnswerState,
    Drafted,
    Finished,
    Found,
    Level,
    Question,
    Searching,
    Usage,
    Verdict,
)
from app.telemetry import Attribute
from tests.ask.steps import answer_to, steps_of
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import OpenAIServer, Script, serve
from tests.knowledge.company import ingested
from tests.knowledge.corpus import FILES
from tests.knowledge.world import Options, open_world

if TYPE_CHECKING:
    from pathlib import Path

    from app.bootstrap import Services
    from app.knowledge.ports import Embedder

INVOICES = "When are invoices paid?"
HOTEL = "Up to how much are hotels reimbursed a night?"
TRUE = "Invoices are paid within 30 days [1]."
FALSE = "They are paid within 90 days [1]."
PRICE = Usage(321, 45, 321e-6 * 1 + 45e-6 * 2, price_version="FOOTNOTE_CHAT_PRICE 1/2")
"""What the scripted server counts, at 1 and 2 USD per million tokens."""


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with serve() as running:
        yield running


def chat_settings(server: OpenAIServer, **more: Any) -> dict[str, Any]:
    return {
        "chat_model": "openai:scripted",
        "chat_base_url": server.base_url,
        "chat_price": "1/2",
        "chat_first_token_timeout_s": 0.6,
        "chat_timeout_s": 1.5,
        **more,
    }


@pytest.fixture(scope="module")
def writing(
    server: OpenAIServer, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """The company's documents, with a model that writes what a test scripts."""
    folder = tmp_path_factory.mktemp("writing")
    with ingested(folder, FILES, embedder, **chat_settings(server)) as services:
        assert services.chat_model is not None
        services.chat_model.load(services.settings.chat_max_output_tokens)  # seconds; not timed
        yield services


@pytest.fixture(autouse=True)
def _fresh(server: OpenAIServer) -> None:
    server.requests.clear()
    server.closed_early.clear()
    server.script(fake.PROSE)


def written(
    services: Services, server: OpenAIServer, script: Script | str, text: str = INVOICES
) -> Answer:
    server.script(Script(script) if isinstance(script, str) else script)
    answer = answer_to(services.asker, text)
    for citation in answer.citations:
        stored, _ = services.documents.text(citation.document_id)
        assert stored[citation.start : citation.end] == citation.quote
    assert [citation.number for citation in answer.citations] == [
        place for place, _ in enumerate(answer.citations, 1)
    ]
    return answer


# --- what is written ------------------------------------------------------------------------------


def test_drafts_stream_and_the_checked_answer_comes_last(
    writing: Services, server: OpenAIServer
) -> None:
    server.script(
        Script(f"{TRUE} An invoice without a purchase order is sent back [1].", wait_s=0.04)
    )
    steps = steps_of(writing.asker, INVOICES, "session-1")
    assert [type(step) for step in steps[:2]] == [Searching, Found]
    drafts = [step for step in steps if isinstance(step, Drafted)]
    assert len(drafts) > 2
    assert all(isinstance(step, Drafted) for step in steps[2:-1])
    lengths = [sum(len(one.text) for one in draft.sentences) for draft in drafts]
    assert lengths == sorted(lengths)
    last = steps[-1]
    assert isinstance(last, Finished)
    answer = last.answer
    assert (answer.mode, answer.model) == ("written", "openai:scripted")
    assert [one.text for one in answer.sentences] == [one.text for one in drafts[-1].sentences]
    assert all(one.verdict is Verdict.SUPPORTED for one in answer.sentences)
    assert all(one.support is not None and one.support > 0.5 for one in answer.sentences)
    assert answer.text == " ".join(one.text for one in answer.sentences)
    assert answer.notice is None
    assert answer.usage == PRICE
    assert 0 < answer.timings_ms["first_token"] < answer.timings_ms["total"]
    assert writing.answers.get(answer.answer_id) == replace(answer, retrieval=None)


def test_a_model_is_shown_the_question_as_it_was_corrected(
    writing: Services, server: OpenAIServer
) -> None:
    answer = written(writing, server, TRUE, "When are invioces paid?")
    assert answer.mode == "written"
    assert (answer.question, answer.asked) == (INVOICES, "When are invioces paid?")
    assert server.requests[-1].question == INVOICES


def test_more_sources_gives_the_model_more_passages(
    writing: Services, server: OpenAIServer
) -> None:
    answer_to(writing.asker, HOTEL)
    answer_to(writing.asker, Question(HOTEL, more_sources=True))
    usual, more = (len(request.passages) for request in server.requests)
    assert usual == 8
    assert more > usual


def test_quotes_mode_asks_no_model(writing: Services, server: OpenAIServer) -> None:
    answer = answer_to(writing.asker, Question(INVOICES, mode="quotes"))
    assert (answer.mode, answer.usage, answer.notice) == ("quotes", Usage(), None)
    assert server.requests == []


def test_what_no_document_answers_is_not_given_to_the_model(
    writing: Services, server: OpenAIServer
) -> None:
    answer = answer_to(writing.asker, "Who won the football world cup in 1974?")
    assert answer.state is AnswerState.NOT_FOUND
    assert server.requests == []


# --- what is not supported ------------------------------------------------------------------------


def test_a_sentence_that_its_source_does_not_carry_is_marked(
    writing: Services, server: OpenAIServer
) -> None:
    answer = written(writing, server, f"{TRUE} {FALSE}")
    right, wrong = answer.sentences
    assert (right.verdict, wrong.verdict) == (Verdict.SUPPORTED, Verdict.UNSUPPORTED)
    assert right.problems == ()
    assert "90 days" in wrong.problems[0]
    assert answer.confidence.level is Level.MEDIUM
    assert answer.confidence.reasons[0] == (
        "One sentence is not fully supported by the sources named."
    )


def test_a_sentence_that_its_source_does_not_carry_is_removed_by_setting(
    server: OpenAIServer, embedder: Embedder, tmp_path: Path
) -> None:
    files = {"finance": {"invoices.md": FILES["finance"]["invoices.md"]}}
    settings = chat_settings(server, unsupported_sentences="remove", chat_first_token_timeout_s=20)
    with ingested(tmp_path, files, embedder, **settings | {"chat_timeout_s": 20}) as services:
        answer = written(services, server, f"{TRUE} {FALSE}")
    assert [one.text for one in answer.sentences] == ["Invoices are paid within 30 days."]
    assert "90" not in answer.text
    assert answer.notice == "One sentence that stood in no source was left out."


def test_an_answer_that_mostly_stands_nowhere_is_not_shown(
    writing: Services, server: OpenAIServer
) -> None:
    answer = written(writing, server, "Invoices are paid within 90 days [1].")
    assert answer.mode == "quotes"
    assert "90" not in answer.text
    assert "does not stand in the sources it named" in (answer.notice or "")
    assert answer.usage == PRICE


def test_both_sides_of_a_disagreement_are_cited_when_the_model_tells_one(
    writing: Services, server: OpenAIServer
) -> None:
    answer = written(writing, server, "Hotels are reimbursed up to EUR 165 a night [1].", HOTEL)
    assert answer.mode == "written"
    assert len(answer.sentences) == 1
    [conflict] = answer.conflicts
    assert [side.says for side in conflict.sides] == ["EUR 165", "EUR 140"]
    for side in conflict.sides:
        assert side.says in answer.citations[side.citation - 1].quote


# --- when nothing can be written ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "says", "charged"),
    [
        (fake.SLOW_FIRST, "did not answer within 0.6 s", None),
        (fake.SLOW_BETWEEN, "did not finish its answer within 1.5 s", None),
        (fake.DROPPED_AT_ONCE, "openai:scripted", None),
        (fake.DROPPED, "broke off in the middle", None),
        (fake.ERROR_MIDWAY, "broke off in the middle", None),
        (fake.GARBAGE_MIDWAY, "broke off in the middle", None),
        (fake.UNAUTHORIZED, "did not accept the key", Usage()),
        (fake.NO_SUCH_MODEL, "was not found at its server", Usage()),
        (fake.NO_CREDIT, "has no credit left", Usage()),
        (fake.TOO_LONG, "did not take the request", Usage()),
        (fake.BROKEN, "has a problem of its own", Usage()),
        (fake.rate_limited(), "takes no more requests", Usage()),
        (fake.FILTERED, "refused to answer", PRICE),
        (fake.REFUSING, "refused to answer", PRICE),
        (fake.EMPTY, "gave an empty answer", PRICE),
        (fake.BLANK, "gave an empty answer", PRICE),
        (fake.UNCITED, "named no source", PRICE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_fails_the_quoted_answer_stands_in_with_a_notice(
    writing: Services, server: OpenAIServer, script: Script, says: str, charged: Usage | None
) -> None:
    answer = written(writing, server, script)
    assert (answer.state, answer.mode, answer.model) == (AnswerState.ANSWERED, "quotes", "quotes")
    assert answer.text == "Invoices are paid within 30 days."
    assert answer.question == INVOICES
    assert says in (answer.notice or "")
    assert "so this is quoted from your documents instead." in (answer.notice or "")
    assert "SECRET" not in (answer.notice or "")
    if charged is not None:
        assert answer.usage == charged
    assert writing.answers.get(answer.answer_id).notice == answer.notice


def test_an_unreachable_server_costs_nothing_but_the_notice(
    embedder: Embedder, tmp_path: Path
) -> None:
    with serve() as gone:
        settings = chat_settings(gone)
    files = {"finance": {"invoices.md": FILES["finance"]["invoices.md"]}}
    with ingested(tmp_path, files, embedder, **settings) as services:
        answer = answer_to(services.asker, INVOICES)
    assert (answer.mode, answer.usage) == ("quotes", Usage())
    assert "openai:scripted can't be reached" in (answer.notice or "")


def test_a_sure_quote_stands_against_a_model_that_finds_nothing(
    writing: Services, server: OpenAIServer
) -> None:
    answer = written(writing, server, fake.NOT_COVERED)
    assert answer.confidence.level is Level.HIGH
    assert (answer.state, answer.mode) == (AnswerState.ANSWERED, "quotes")
    assert "found no answer in the passages" in (answer.notice or "")


UNSURE = "How many days of paid vacation does parents have?"


def test_a_model_that_finds_nothing_is_believed_where_the_quotes_are_not_sure(
    writing: Services, server: OpenAIServer
) -> None:
    quoted = answer_to(writing.asker, Question(UNSURE, mode="quotes"))
    assert quoted.sentences
    assert quoted.confidence.level is not Level.HIGH
    answer = written(writing, server, fake.NOT_COVERED, UNSURE)
    assert answer.state is AnswerState.NOT_FOUND
    assert (answer.text, answer.sentences, answer.citations, answer.conflicts) == ("", (), (), ())
    assert answer.closest
    assert answer.usage == PRICE
    assert answer.notice == "openai:scripted found no answer in the passages it was given."


# --- money ----------------------------------------------------------------------------------------


def test_a_follow_up_s_rewriting_is_paid_for_too(writing: Services, server: OpenAIServer) -> None:
    first = answer_to(writing.asker, Question("What does FOC stand for?", mode="quotes"), "me")
    server.script(Script("What does TWQI stand for?"), fake.PROSE)
    follow_up = Question("and TWQI, is that the same?", conversation_id=first.conversation_id)
    answer = answer_to(writing.asker, follow_up, "me")
    assert (answer.question, answer.asked) == ("What does TWQI stand for?", follow_up.text)
    assert len(server.requests) == 2
    assert answer.usage.input_tokens == 2 * PRICE.input_tokens
    assert answer.usage.output_tokens == 2 * PRICE.output_tokens
    assert answer.usage.cost_usd == pytest.approx(2 * (PRICE.cost_usd or 0))


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({"budget_question_usd": 0.0001}, "more than the USD 0.0001 set for one question"),
        ({"budget_day_usd": 0.0001}, "written answers is used up"),
        ({"budget_day_usd": 5, "chat_price": ""}, "is unknown and a budget is set"),
    ],
    ids=["question", "day", "price unknown"],
)
def test_over_budget_the_model_is_not_called(
    server: OpenAIServer, embedder: Embedder, tmp_path: Path, budget: dict[str, Any], says: str
) -> None:
    files = {"finance": {"invoices.md": FILES["finance"]["invoices.md"]}}
    with ingested(tmp_path, files, embedder, **chat_settings(server) | budget) as services:
        answer = answer_to(services.asker, INVOICES)
    assert (answer.mode, answer.text) == ("quotes", "Invoices are paid within 30 days.")
    assert says in (answer.notice or "")
    assert server.requests == []


def test_what_is_recorded_counts_for_the_day(
    server: OpenAIServer, embedder: Embedder, tmp_path: Path
) -> None:
    files = {"finance": {"invoices.md": FILES["finance"]["invoices.md"]}}
    # A call costs at most some 0.0006 USD here, and 0.0004 in fact: the second finds too little.
    settings = chat_settings(server, budget_day_usd=0.0009, chat_max_output_tokens=100)
    with ingested(tmp_path, files, embedder, **settings) as services:
        server.script(Script(TRUE))
        first, second = (answer_to(services.asker, INVOICES) for _ in range(2))
    assert first.mode == "written"
    assert second.mode == "quotes"
    assert "used up" in (second.notice or "")
    assert len(server.requests) == 1


# --- leaving, and records -------------------------------------------------------------------------


def test_a_reader_who_leaves_stops_the_model_and_leaves_no_record(
    writing: Services, server: OpenAIServer, spans: InMemorySpanExporter
) -> None:
    server.script(Script("Invoices are paid within 30 days [1]. ", endless=True, wait_s=0.01))
    before = writing.answers.recent("leaving", limit=5)

    async def leave() -> None:
        steps = writing.asker.ask(Question(INVOICES), "leaving")
        async with aclosing(steps) as running:
            async for step in running:
                if isinstance(step, Drafted):
                    return

    asyncio.run(leave())
    assert server.closed_early.wait(30)
    assert writing.answers.recent("leaving", limit=5) == before == []
    ended = [span.name for span in spans.get_finished_spans()]
    assert "chat scripted" in ended
    assert "invoke_workflow ask" in ended


def test_a_cancelled_question_stops_the_model(writing: Services, server: OpenAIServer) -> None:
    server.script(Script("Invoices are paid within 30 days [1]. ", endless=True, wait_s=0.01))

    async def cancel() -> None:
        task = asyncio.create_task(writing.asker.answer(Question(INVOICES), "leaving"))
        while not server.requests:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert server.closed_early.wait(30)
    assert writing.answers.recent("leaving", limit=5) == []


def test_the_model_s_call_belongs_to_the_question_s_trace_without_its_words(
    writing: Services, server: OpenAIServer, spans: InMemorySpanExporter
) -> None:
    answer = written(writing, server, TRUE)
    finished = spans.get_finished_spans()
    [call] = [span for span in finished if span.name == "chat scripted"]
    assert call.context is not None
    assert f"{call.context.trace_id:032x}" == answer.trace_id
    assert call.attributes is not None
    assert call.attributes[Attribute.INPUT_TOKENS] == 321
    assert all("invoices" not in str(dict(span.attributes or {})).lower() for span in finished)


def test_evals_record_no_written_answer(
    server: OpenAIServer, tmp_path: Path, writing: Services
) -> None:
    world = open_world(tmp_path, options=Options(record_answers=False), chat=writing.chat_model)
    world.add(world.read("# Boats\n\nBoats leave the harbor at 09:30 in summer."))
    server.script(Script("Boats leave the harbor at 09:30 in summer [1]."))
    answer = answer_to(world.asker, "When do boats leave the harbor?", "session-1")
    assert answer.mode == "written"
    assert world.answers.recent("session-1", limit=5) == []
    world.close()
