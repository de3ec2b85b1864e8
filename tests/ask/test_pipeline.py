"""One question from its words to a stored answer, step by step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import func, select

from app.ask.pipeline import AskOptions
from app.domain import (
    Answer,
    AnswerState,
    AskStep,
    Drafted,
    Filters,
    Finished,
    Found,
    Level,
    Question,
    Searching,
    Verdict,
)
from app.errors import EmptyQuestion, IndexMismatch, ModeUnavailable, NotReady, QuestionTooLong
from app.knowledge.ports import Vector
from app.records.behavior.recorder import QuestionRecorder
from app.records.tables import answers
from app.telemetry import Attribute
from tests.ask.steps import steps_of
from tests.knowledge.corpus import FILES
from tests.knowledge.world import Options, WordEmbedder, World, open_world, wired

if TYPE_CHECKING:
    from app.bootstrap import Services


def answer_of(services: Services, text: str, filters: Filters = Filters()) -> Answer:
    """The finished answer; every citation is checked against the stored text."""
    answer = asyncio.run(services.asker.answer(Question(text, filters=filters)))
    for citation in answer.citations:
        stored, _ = services.documents.text(citation.document_id)
        assert stored[citation.start : citation.end] == citation.quote
    return answer


def names(answer: Answer) -> list[str]:
    """File names of the cited documents, in the order cited."""
    return [Path(citation.source).name for citation in answer.citations]


# --- what people get ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "name", "said"),
    [
        ("How many days of paid vacation does every employee have?", "vacation.md", "27 days"),
        ("How long must a password be?", "passwords.md", "at least 14 characters"),
        ("What does FOC stand for?", "glossary.txt", "Field Operations Center"),
        ("How many weeks of leave do parents take?", "parental-leave.md", "up to 20 weeks"),
        ("When are invoices paid?", "invoices.md", "within 30 days"),
        ("What is the price of the monitor Halcyon 27?", "equipment.csv", "Price in EUR: 320"),
        ("Who decides about purchases above the limit of a director?", "approvals.md", "the board"),
    ],
)
def test_a_question_the_documents_answer_is_answered_with_its_source(
    company: Services, question: str, name: str, said: str
) -> None:
    answer = answer_of(company, question)
    assert answer.state is AnswerState.ANSWERED
    assert names(answer)[0] == name
    assert said in answer.text
    assert answer.text == " ".join(sentence.text for sentence in answer.sentences)
    assert 1 <= len(answer.sentences) <= 3
    for sentence in answer.sentences:
        assert sentence.verdict is Verdict.SUPPORTED
        assert [answer.citations[n - 1].quote for n in sentence.citations] == [sentence.text]
    assert (answer.mode, answer.model, answer.closest) == ("quotes", "quotes", ())
    assert answer.confidence.level in (Level.HIGH, Level.MEDIUM)
    assert answer.confidence.reasons
    assert answer.usage.cost_usd == 0


def test_a_sentence_that_leans_on_the_one_before_comes_with_it(company: Services) -> None:
    answer = answer_of(company, "From which day on is a medical certificate needed?")
    assert "Tell your manager before 10:00 on the first day. It also needs" in answer.text


def test_the_steps_of_a_list_come_with_its_head(company: Services) -> None:
    answer = answer_of(company, "How do I connect from outside the office?")
    assert "follow these steps:" in answer.text
    assert "Open the Harborgate client." in answer.text


def test_a_table_row_comes_with_its_column_names(company: Services) -> None:
    answer = answer_of(company, "What is the limit of a department head?")
    assert "Role: Department head" in answer.text
    assert "Limit in EUR: 15,000" in answer.text


def test_filters_decide_which_version_answers(company: Services) -> None:
    question = "Up to how much are hotels reimbursed a night?"
    old = answer_of(company, question, Filters(changed_before=date(2024, 12, 31)))
    assert names(old)[0] == "travel-2024.md"
    assert "EUR 140" in old.text
    new = answer_of(company, question, Filters(changed_after=date(2026, 1, 1)))
    assert names(new)[0] == "travel-2026.md"
    assert "EUR 165" in new.text
    assert new.filters == Filters(changed_after=date(2026, 1, 1))
    assert new.documents_searched < sum(len(files) for files in FILES.values())


@pytest.mark.parametrize(
    "question",
    [
        "Who won the football world cup in 1974?",
        "What is the boiling point of tungsten?",
        "How do zebras sleep on the moon?",
    ],
)
def test_what_no_document_answers_is_not_found_with_what_is_closest(
    company: Services, question: str
) -> None:
    answer = answer_of(company, question)
    assert answer.state is AnswerState.NOT_FOUND
    assert (answer.text, answer.sentences, answer.citations) == ("", (), ())
    assert answer.confidence.level is Level.LOW
    assert 1 <= len(answer.closest) <= 5
    assert answer.retrieval is not None
    assert answer.closest == answer.retrieval.hits[:5]
    assert answer.missing_terms
    for term in answer.missing_terms[:3]:
        assert f"“{term}” appears in no document that was searched." in answer.confidence.reasons
    assert answer.documents_searched == sum(len(files) for files in FILES.values())


def test_a_library_without_documents_finds_nothing(world: World) -> None:
    *_, last = steps_of(world.asker, "When do boats leave?")
    assert isinstance(last, Finished)
    answer = last.answer
    assert (answer.state, answer.closest) == (AnswerState.NOT_FOUND, ())
    assert (answer.documents_searched, answer.passages_searched) == (0, 0)
    assert "Nothing was found to quote." in answer.confidence.reasons


# --- steps and records ----------------------------------------------------------------------------


def test_the_steps_come_in_order_and_agree_with_each_other(company: Services) -> None:
    searching, found, drafted, finished = steps_of(company.asker, " When are\n invoices  paid? ")
    assert searching == Searching("When are invoices paid?")
    assert isinstance(found, Found)
    assert isinstance(drafted, Drafted)
    assert isinstance(finished, Finished)
    answer = finished.answer
    assert answer.question == found.retrieval.question == "When are invoices paid?"
    assert answer.retrieval == found.retrieval
    assert (answer.sentences, answer.citations) == (drafted.sentences, drafted.citations)


def test_what_is_not_found_is_never_drafted(company: Services) -> None:
    steps = steps_of(company.asker, "Who won the football world cup in 1974?")
    assert [type(step) for step in steps] == [Searching, Found, Finished]


def test_an_answer_says_how_long_it_took(company: Services) -> None:
    timings = answer_of(company, "When are invoices paid?").timings_ms
    assert {"retrieve", "answer", "verify", "total", "first_token"} <= set(timings)
    assert all(ms >= 0 for ms in timings.values())
    assert timings["total"] >= timings["first_token"] >= timings["retrieve"]
    assert timings["retrieve.embed"] <= timings["retrieve"]


def test_an_answer_is_kept_under_its_id_as_it_was_shown(company: Services) -> None:
    from dataclasses import replace

    for text in ("When are invoices paid?", "Who won the football world cup in 1974?"):
        *_, last = steps_of(company.asker, text, session="session-1")
        assert isinstance(last, Finished)
        kept = company.answers.get(last.answer.answer_id)
        assert kept == replace(last.answer, retrieval=None)
        assert company.answers.recent("session-1", limit=1) == [kept]
        assert abs((datetime.now(UTC) - kept.created_at).total_seconds()) < 60


def test_every_answer_has_ids_of_its_own_and_keeps_its_conversation(company: Services) -> None:
    one, two = (answer_of(company, "When are invoices paid?") for _ in range(2))
    assert len({one.answer_id, two.answer_id, one.conversation_id, two.conversation_id}) == 4
    question = Question("When are invoices paid?", conversation_id=one.conversation_id)
    follow_up = asyncio.run(company.asker.answer(question))
    assert follow_up.conversation_id == one.conversation_id


def rows(world: World) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(answers)).scalar_one())


def test_evals_leave_no_record(tmp_path: Path) -> None:
    world = open_world(tmp_path, options=Options(record_answers=False))
    world.add(world.read("Boats leave at 09:30."))
    *_, last = steps_of(world.asker, "When do boats leave?")
    assert isinstance(last, Finished)
    assert rows(world) == 0
    world.close()


def test_the_number_of_sentences_is_a_setting(tmp_path: Path) -> None:
    world = open_world(tmp_path, options=Options(quote_sentences=1, ask=AskOptions(closest=2)))
    for who in ("pilots", "divers", "guests", "mail"):
        world.add(world.read(f"Boats leave the pier with {who} on board.", f"{who}.md"))
    *_, last = steps_of(world.asker, "When do boats leave the pier?")
    assert isinstance(last, Finished)
    assert len(last.answer.sentences) == 1
    *_, last = steps_of(world.asker, "zebra")
    assert isinstance(last, Finished)
    assert len(last.answer.closest) == 2
    world.close()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u0000", "\u00a0\u2003"])
def test_an_empty_question_is_refused(world: World, text: str) -> None:
    with pytest.raises(EmptyQuestion, match=r"The question is empty\. Type a question"):
        steps_of(world.asker, text)


def test_a_question_over_the_limit_is_refused_with_both_lengths(world: World) -> None:
    with pytest.raises(QuestionTooLong, match=r"has 2,001 characters; at most 2,000 are read"):
        steps_of(world.asker, "x" * 2001)
    assert len(steps_of(world.asker, "x" * 2000 + "  ")) == 3


def test_written_mode_without_a_chat_model_is_refused(world: World) -> None:
    with pytest.raises(ModeUnavailable, match=r"need a chat model.*Ask in quotes mode"):
        steps_of(world.asker, Question("When do boats leave?", mode="written"))
    for mode in ("auto", "quotes"):
        assert steps_of(world.asker, Question("When do boats leave?", mode=mode))


def test_characters_that_no_database_keeps_are_left_out_of_a_question(world: World) -> None:
    world.add(world.read("Boats leave at 09:30."))
    *_, last = steps_of(world.asker, "When do\u0000boats \ud800 leave?")
    assert isinstance(last, Finished)
    assert last.answer.question == "When do boats ? leave?"
    assert world.answers.get(last.answer.answer_id).question == "When do boats ? leave?"


class SlowEmbedder(WordEmbedder):
    """Holds the first question up until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def encode_query(self, text: str) -> Vector:
        self.begun.set()
        assert self.go_on.wait(20)
        return super().encode_query(text)


def test_a_question_while_the_model_loads_is_told_to_come_back(
    world: World, spans: InMemorySpanExporter
) -> None:
    from app.knowledge.model_holder import ModelHolder
    from app.knowledge.ports import Embedder
    from app.knowledge.retriever import Retriever

    begun, go_on = threading.Event(), threading.Event()

    def load() -> Embedder:
        begun.set()
        assert go_on.wait(20)
        return WordEmbedder()

    holder = ModelHolder(load, "search model")
    asker = wired(
        world.library,
        Retriever(world.library, holder),
        holder,
        Options(),
        world.answers,
        recorder=QuestionRecorder(world.engine, world.answers, "test"),
    )
    loading = threading.Thread(target=holder.get)
    loading.start()
    assert begun.wait(20)
    with pytest.raises(NotReady, match="search model is still loading"):
        steps_of(asker, "When do boats leave?")
    go_on.set()
    loading.join()
    assert [type(step) for step in steps_of(asker, "When do boats leave?")][-1] is Finished
    failed, answered = asked(spans)
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "NotReady")
    assert answered.status.is_ok
    assert rows(world) == 1


def test_an_index_of_another_model_is_refused(tmp_path: Path) -> None:
    first = open_world(tmp_path)
    first.add(first.read("Boats leave at 09:30."))
    first.close()
    second = open_world(tmp_path, WordEmbedder("another"))
    with pytest.raises(IndexMismatch, match="Run `footnote reindex`"):
        steps_of(second.asker, "When do boats leave?")
    second.close()


# --- traces ---------------------------------------------------------------------------------------


def asked(spans: InMemorySpanExporter) -> Sequence[ReadableSpan]:
    """The finished spans of whole questions."""
    return [s for s in spans.get_finished_spans() if s.name == "invoke_workflow ask"]


def test_an_answer_s_trace_is_the_one_its_spans_belong_to(
    company: Services, spans: InMemorySpanExporter
) -> None:
    answer = answer_of(company, "When are invoices paid?")
    [whole] = asked(spans)
    assert whole.attributes is not None
    assert f"{whole.context.trace_id:032x}" == answer.trace_id
    assert whole.attributes[Attribute.ANSWER_ID] == answer.answer_id
    assert whole.attributes[Attribute.ANSWER_STATE] == "answered"
    assert whole.attributes[Attribute.CITATIONS] == len(answer.citations)
    finished = spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in finished} == {answer.trace_id}
    inside = {span.name for span in finished if span.parent is not None}
    assert {"answer", "verify", "embeddings all-MiniLM-L6-v2", "dense"} <= inside


def test_no_span_carries_what_was_asked_or_answered(
    company: Services, spans: InMemorySpanExporter
) -> None:
    answer = answer_of(company, "When are invoices paid?")
    for span in spans.get_finished_spans():
        values = str(dict(span.attributes or {}))
        assert "invoices" not in values
        assert answer.text not in values


def test_two_questions_at_once_have_traces_of_their_own(
    company: Services, spans: InMemorySpanExporter
) -> None:
    async def both() -> list[Answer]:
        questions = (Question("When are invoices paid?"), Question("What does FOC stand for?"))
        return await asyncio.gather(*(company.asker.answer(question) for question in questions))

    one, two = asyncio.run(both())
    assert "30 days" in one.text
    assert "Field Operations Center" in two.text
    assert len({one.trace_id, two.trace_id}) == 2
    assert {f"{s.context.trace_id:032x}" for s in asked(spans)} == {one.trace_id, two.trace_id}


def test_a_reader_who_leaves_ends_the_span_and_leaves_no_record(
    world: World, spans: InMemorySpanExporter
) -> None:
    world.add(world.read("Boats leave at 09:30."))

    async def leave_after(kind: type[AskStep]) -> None:
        steps = world.asker.ask(Question("When do boats leave?"))
        async for step in steps:
            if isinstance(step, kind):
                break
        await steps.aclose()

    for kind in (Searching, Found):
        asyncio.run(leave_after(kind))
    assert len(asked(spans)) == 2
    assert rows(world) == 0


def test_a_task_that_is_cancelled_during_the_search_ends_the_span(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    embedder = SlowEmbedder()
    world = open_world(tmp_path, embedder)

    async def cancel() -> None:
        task = asyncio.create_task(world.asker.answer(Question("When do boats leave?")))
        assert await asyncio.to_thread(embedder.begun.wait, 20)
        task.cancel()
        embedder.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert len(asked(spans)) == 1
    assert rows(world) == 0
    world.close()
