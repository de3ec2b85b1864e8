"""What the store of events promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, MetaData, delete, event, func, insert, select, text, update

from app import moment
from app.domain import Asking, Hit, Question, Retrieval
from app.records.answers import AnswerStore, Feedback
from app.records.behavior import tables
from app.records.behavior.backfill import catch_up
from app.records.behavior.deriving import Derived, Turn, derive
from app.records.behavior.event_reads import read
from app.records.behavior.event_store import EventStore
from app.records.behavior.events import (
    KINDS,
    CitationOpened,
    Copied,
    Event,
    Marked,
    Shared,
    made,
)
from app.records.behavior.recorder import QuestionRecorder
from app.records.behavior.revisions import current
from app.records.behavior.searches import SearchRecorder
from app.records.database import open_database
from app.records.requests import RequestStore
from app.records.tracing.tables import span_content, spans, traces
from tests.contracts.test_answers import plain_answer

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DERIVED = [one.name for one in fields(Derived)]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def store(engine: Engine) -> EventStore:
    return EventStore(engine, "1.2")


@pytest.fixture
def answers(engine: Engine) -> AnswerStore:
    return AnswerStore(engine, "1.2")


@pytest.fixture
def recorder(engine: Engine, answers: AnswerStore) -> QuestionRecorder:
    return QuestionRecorder(engine, answers, "1.2")


def asking(key: str, seconds: float = 0, session: str = "mine", **question: Any) -> Asking:
    asked = Question(question.pop("text", f"Question {key}?"), channel="web", **question)
    return Asking(
        answer_id=key,
        trace_id=key.encode().hex().ljust(32, "0")[:32],
        conversation_id=asked.conversation_id or f"con_{key}",
        session_id=session,
        question=asked,
        typed=asked.text,
        asked_at=at(seconds),
    )


def vector(angle: float) -> bytes:
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float16).tobytes()


def asked(recorder: QuestionRecorder, one: Asking, angle: float | None = None) -> None:
    """Ask and answer."""
    recorder.asked(one)
    answered(recorder, one, angle)


def answered(recorder: QuestionRecorder, one: Asking, angle: float | None = None) -> None:
    found = Retrieval(one.typed, (), 1, 1, ("word",), (), vector(angle or 0) if angle else b"")
    answer = plain_answer(
        one.answer_id,
        trace_id=one.trace_id,
        conversation_id=one.conversation_id,
        question=one.typed,
        created_at=one.asked_at,
        retrieval=found,
    )
    with moment.at(one.asked_at + timedelta(seconds=1)):
        recorder.answered(one, answer)


def row(engine: Engine, key: str) -> Any:
    with engine.connect() as connection:
        query = select(tables.questions).where(tables.questions.c.answer_id == key)
        return connection.execute(query).one()


def derived_rows(engine: Engine) -> dict[str, tuple[Any, ...]]:
    with engine.connect() as connection:
        c = tables.questions.c
        query = select(c.answer_id, *(c[name] for name in DERIVED))
        return {found.answer_id: tuple(found)[1:] for found in connection.execute(query)}


def opened(key: str, seconds: float, session: str = "mine", name: str = "") -> CitationOpened:
    given = CitationOpened(answer_id=key, session_id=session, at=at(seconds), number=1)
    return replace(given, id=name) if name else given


# --- kinds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_when_it_is_recorded_and_what_for(kind: str) -> None:
    said = KINDS[kind].__doc__ or ""
    assert KINDS[kind].kind == kind
    assert " By " in said.replace("\n", " ")
    assert "For: " in said


EXAMPLES: dict[str, dict[str, Any]] = {
    "asked": {"channel": "web", "regenerate": True},
    "answered": {"state": "answered", "level": "high", "mode": "quotes", "followup": True},
    "stopped": {"first_content_ms": 12.5},
    "failed": {"error_type": "NotReady"},
    "citation_opened": {"number": 2},
    "passage_opened": {"number": 3},
    "copied": {"what": "selection"},
    "regenerated": {"more_sources": True},
    "sources_narrowed": {"wider": True},
    "marked": {"helpful": False, "reasons": ["wrong"]},
    "reported": {"problem": "conflict"},
    "trust_rated": {"rating": 5},
    "searched": {"channel": "mcp", "results": 7},
    "result_opened": {"number": 1},
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_back_as_it_was_recorded(
    kind: str, store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    recorder.asked(asking("ans_1"))
    given = made(kind, EXAMPLES.get(kind, {}), answer_id="ans_1", session_id="mine", at=at(5))
    assert given.properties == EXAMPLES.get(kind, {})
    store.record(given)
    (found,) = [one for one in store.of_answer("ans_1") if one.event.id == given.id]
    assert found.event == given
    assert (found.release, found.trace_id) == ("1.2", asking("ans_1").trace_id)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("trust_rated", {"rating": 6}),
        ("trust_rated", {}),
        ("copied", {"what": "everything"}),
        ("shared", {"text": "who I am"}),
        ("citation_opened", {"number": "one"}),
    ],
)
def test_properties_that_do_not_belong_are_refused(kind: str, properties: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        made(kind, properties, answer_id="ans_1")


# --- once, in any order, under load ---------------------------------------------------------------


def test_an_event_that_is_sent_twice_counts_once(
    store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    asked(recorder, asking("ans_1"))
    assert store.record(opened("ans_1", 5, name="eve_same")) == 1
    before = row(engine, "ans_1")
    assert store.record(opened("ans_1", 9, name="eve_same")) == 0
    assert row(engine, "ans_1") == before
    assert len(store.of_answer("ans_1")) == 3  # asked, answered, opened


def test_an_event_may_come_before_what_it_is_about(
    store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    store.record(opened("ans_1", 5), opened("ans_1", 3, session="theirs"))
    one = asking("ans_1")
    recorder.asked(one)
    assert row(engine, "ans_1").opened_at == at(5)
    answered(recorder, one)
    assert row(engine, "ans_1").accepted_at == at(5)


def test_an_event_about_nothing_known_is_kept_and_changes_nothing(store: EventStore) -> None:
    assert store.record(opened("ans_unknown", 5)) == 0
    assert len(store.of_session("mine")) == 1


def test_a_row_that_changes_is_found_by_its_revision(
    store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    asked(recorder, asking("ans_1"))
    asked(recorder, asking("ans_2", 4000))
    before = row(engine, "ans_2").revision
    store.record(opened("ans_1", 5))
    with engine.connect() as connection:
        newest, _ = current(connection)
    assert row(engine, "ans_1").revision == newest > before
    assert row(engine, "ans_2").revision == before


def test_what_others_do_is_not_kept_and_what_they_say_is(
    store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    asked(recorder, asking("ans_1"))
    store.record(
        opened("ans_1", 5, session="theirs"),
        Marked(answer_id="ans_1", session_id="theirs", at=at(6), helpful=True),
    )
    assert [one.event.kind for one in store.of_session("theirs")] == ["marked"]
    assert row(engine, "ans_1").accepted_at == at(6)


def test_who_does_not_want_to_be_followed_leaves_no_session_and_no_events(
    store: EventStore, engine: Engine, recorder: QuestionRecorder, answers: AnswerStore
) -> None:
    asked(recorder, asking("ans_1", private=True))
    store.record(opened("ans_1", 5), Copied(answer_id="ans_1", session_id="mine"))
    answers.add_feedback(Feedback("ans_1", helpful=True), "mine")
    found = row(engine, "ans_1")
    assert (found.session_id, found.opened_at, found.copied_at) == ("", None, None)
    assert found.helpful is True
    assert [(one.event.kind, one.event.session_id) for one in store.of_answer("ans_1")] == [
        ("marked", "")
    ]


def test_the_text_of_a_private_question_stands_only_with_an_answer_to_delete(
    engine: Engine, recorder: QuestionRecorder
) -> None:
    one = asking("ans_1", private=True, text="Am I ill?")
    recorder.asked(one)
    recorder.ended(one, "stopped", "", {})
    assert row(engine, "ans_1").text == ""
    assert row(engine, "ans_1").status == "stopped"


def test_nothing_is_lost_and_nothing_counted_twice_when_many_write_at_once(
    store: EventStore, engine: Engine, recorder: QuestionRecorder
) -> None:
    questions = [asking(f"ans_{number}", number, f"session{number % 4}") for number in range(12)]
    work: list[Any] = [lambda one=one: asked(recorder, one) for one in questions]
    expected = set()
    for one in questions:
        for number in range(6):
            given = replace(
                opened(one.answer_id, 30 + number, one.session_id), id=f"{one.answer_id}.{number}"
            )
            expected.add(given.id)
            work += [lambda given=given: store.record(given)] * 2
    random.Random(7).shuffle(work)
    ready = threading.Barrier(8)

    def play(mine: list[Any]) -> None:
        ready.wait()
        for do in mine:
            do()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(play, [work[number::8] for number in range(8)]))
    with engine.connect() as connection:
        kept = [one.event for one in read(connection)]
        count = connection.execute(select(func.count()).select_from(tables.questions)).scalar_one()
    assert count == 12
    assert {one.id for one in kept if one.kind == "citation_opened"} == expected
    assert sorted(one.kind for one in kept if one.kind != "citation_opened") == sorted(
        ["asked", "answered"] * 12
    )
    assert all(row(engine, one.answer_id).opened_at == at(30) for one in questions)


def _story(seed: int) -> tuple[list[Asking], list[Event], dict[str, float | None]]:
    """Two sessions over several visits, with rephrasings, conversations and events."""
    draw = random.Random(seed)
    asks: list[Asking] = []
    events: list[Event] = []
    angles: dict[str, float | None] = {}
    for number in range(14):
        key = f"ans_{number:02}"
        con = draw.choice([None, None, "con_x", "con_y"])
        session = draw.choice(["mine", "mine", "theirs", ""])
        when = draw.choice([0, 4000, 9000]) + draw.randrange(900)
        text = draw.choice(["Hotel cap?", "hotel cap", "train", "Where?", "When?"])
        asks.append(asking(key, when, session, text=text, conversation_id=con))
        angles[key] = draw.choice([None, 0.1, 0.5, 1.5, 3.0])
        for _ in range(draw.randrange(3)):
            later = at(when + draw.randrange(400))
            kind = draw.choice(["open", "mark", "share"])
            if kind == "open":
                events.append(CitationOpened(answer_id=key, session_id=session, at=later, number=1))
            elif kind == "mark":
                good = draw.random() < 0.5
                events.append(Marked(answer_id=key, at=later, helpful=good))
            else:
                events.append(Shared(answer_id=key, session_id=session, at=later))
    return asks, events, angles


@pytest.mark.parametrize("seed", range(6))
def test_rows_say_what_follows_from_everything_whatever_came_first(
    seed: int, engine: Engine, recorder: QuestionRecorder, store: EventStore
) -> None:
    asks, events, angles = _story(seed)
    work: list[Any] = [lambda one=one: store.record(one) for one in events]
    work += [lambda one=one: asked(recorder, one, angles[one.answer_id]) for one in asks]
    random.Random(seed).shuffle(work)
    for do in work:
        do()
    assert derived_rows(engine) == _expected(asks, events, angles)


def _expected(
    asks: list[Asking], events: list[Event], angles: dict[str, float | None]
) -> dict[str, tuple[Any, ...]]:
    by_answer: dict[str, list[Event]] = {}
    for one in events:
        by_answer.setdefault(one.answer_id, []).append(one)
    turns = [
        Turn(
            answer_id=one.answer_id,
            kind="ask",
            session_id=one.session_id,
            conversation_id=one.conversation_id,
            text=one.typed,
            followup=False,
            regenerate=False,
            private=False,
            asked_at=one.asked_at,
            vector=np.frombuffer(vector(angle), dtype=np.float16).astype(np.float32)
            if (angle := angles[one.answer_id])
            else None,
        )
        for one in asks
    ]
    found = derive(turns, by_answer)
    return {key: tuple(getattr(one, name) for name in DERIVED) for key, one in found.items()}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_left_after_a_deletion_is_as_if_the_question_had_never_been(
    seed: int,
    engine: Engine,
    recorder: QuestionRecorder,
    store: EventStore,
    answers: AnswerStore,
) -> None:
    asks, events, angles = _story(seed)
    for one in sorted(asks, key=lambda one: one.asked_at):
        asked(recorder, one, angles[one.answer_id])
    store.record(*events)
    gone = random.Random(seed).sample([one for one in asks if one.session_id], 3)
    for one in gone:
        answers.delete(one.answer_id, one.session_id)
    left = [one for one in asks if one not in gone]
    kept = [one for one in events if one.answer_id in {ask.answer_id for ask in left}]
    assert derived_rows(engine) == _expected(left, kept, angles)


def test_deriving_again_changes_no_row(
    engine: Engine, recorder: QuestionRecorder, store: EventStore
) -> None:
    asks, events, angles = _story(1)
    for one in asks:
        asked(recorder, one, angles[one.answer_id])
    store.record(*events)
    with engine.connect() as connection:
        before = connection.execute(select(tables.questions)).all()
    store.record(*events)
    with engine.connect() as connection:
        assert connection.execute(select(tables.questions)).all() == before


# --- bounded --------------------------------------------------------------------------------------


def test_a_session_of_thousands_is_not_read_for_one_more_question(
    engine: Engine, recorder: QuestionRecorder
) -> None:
    template = {
        "kind": "ask", "channel": "api", "session_id": "mine", "followup": False,
        "regenerate": False, "private": False, "content_words": 3, "status": "complete",
        "citations": 0, "input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "release": "",
        "revision": 1,
    }  # fmt: skip
    with engine.begin() as connection:
        many = [
            {**template, "answer_id": f"old_{n:05}", "text": f"t{n}", "thread_id": f"old_{n:05}",
             "asked_at": at(n), "conversation_id": f"con_{n}"}
            for n in range(3000)
        ]  # fmt: skip
        connection.execute(insert(tables.questions), many)
    fetched = 0

    def count(*args: Any) -> None:
        nonlocal fetched
        fetched += 1

    event.listen(engine, "after_cursor_execute", count)
    asked(recorder, asking("ans_new", 3010, text="t2999"))
    event.remove(engine, "after_cursor_execute", count)
    assert row(engine, "ans_new").rephrase_of == "old_02999"
    assert fetched < 40


# --- searches -------------------------------------------------------------------------------------


@pytest.fixture
def searches(engine: Engine) -> SearchRecorder:
    return SearchRecorder(engine, "1.2")


def searched(
    searches: SearchRecorder, text: str, seconds: float, session: str = "mine", **more: Any
) -> str:
    hits: tuple[Hit, ...] = ()
    with moment.at(at(seconds)):
        key = searches.identify(text, session)
        found = Retrieval(text, hits, 1, 1, ("word",), (), vector(0.2), timings_ms={"a": 1.5})
        return searches.searched(key, text, found, session_id=session, channel="web", **more)


def test_the_same_search_within_ten_minutes_is_one(searches: SearchRecorder) -> None:
    first = searched(searches, "hotel cap", 0)
    assert searched(searches, "Hotel  cap ", 600) == first
    assert searched(searches, "hotel cap", 601) != first
    assert searched(searches, "hotel cap", 5, session="theirs") != first


def test_nobody_s_searches_are_each_their_own(searches: SearchRecorder) -> None:
    assert searched(searches, "hotel", 0, session="") != searched(searches, "hotel", 1, session="")


def test_words_that_are_still_being_typed_are_one_search(
    searches: SearchRecorder, engine: Engine
) -> None:
    for seconds, typed in ((0, "ho"), (1, "hotel"), (2, "hotel ca"), (3, "hotel cap")):
        searched(searches, typed, seconds, typing=True)
    searched(searches, "train", 4, typing=True)
    with engine.connect() as connection:
        kept = connection.scalars(
            select(tables.questions.c.text).order_by(tables.questions.c.asked_at)
        ).all()
        kinds = connection.scalars(select(tables.events.c.kind)).all()
    assert kept == ["hotel cap", "train"]
    assert kinds == ["searched", "searched"]


def test_a_search_from_which_something_was_opened_stays(
    searches: SearchRecorder, store: EventStore, engine: Engine
) -> None:
    first = searched(searches, "hotel", 0, typing=True)
    with moment.at(at(1)):
        store.opened(first, 1, "mine")
    searched(searches, "hotel cap", 2, typing=True)
    assert row(engine, first).opened_at == at(1)


def test_what_is_opened_is_named_by_what_it_is_opened_from(
    searches: SearchRecorder, store: EventStore, recorder: QuestionRecorder, engine: Engine
) -> None:
    asked(recorder, asking("ans_no"))
    asked(recorder, asking("ans_yes", 5))
    with engine.begin() as connection:
        connection.execute(
            update(tables.questions)
            .where(tables.questions.c.answer_id == "ans_yes")
            .values(state="answered")
        )
    for key in ("ans_no", "ans_yes", searched(searches, "hotel", 9), "ans_unknown"):
        store.opened(key, 2, "mine")
        store.opened(key, 2, "theirs")
        store.opened(key, 2, "")
    kinds = [one.event.kind for one in store.of_session("mine") if one.event.person]
    assert sorted(kinds) == ["citation_opened", "passage_opened", "result_opened"]
    assert store.of_session("theirs") == []


# --- forgetting -----------------------------------------------------------------------------------


def everything(engine: Engine) -> dict[str, str]:
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            table.name: repr(connection.execute(select(table)).all())
            for table in metadata.sorted_tables
        }


def traced(engine: Engine, trace_id: str, root: str, answer_id: str, text: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(traces).values(
                trace_id=trace_id, root_id=root, kind="ask", name="ask", answer_id=answer_id,
                started_at=START, duration_ms=1.0, status="ok", span_count=1, bytes=1,
            )
        )  # fmt: skip
        connection.execute(
            insert(spans).values(
                trace_id=trace_id, span_id=root, root_id=root, name="ask", started_ns=0,
                ended_ns=1, status="ok", attributes={}, events=[],
            )
        )  # fmt: skip
        connection.execute(
            insert(span_content).values(
                trace_id=trace_id, span_id=root, name="input", value=text, at=START
            )
        )


def test_a_deleted_session_stands_nowhere(
    engine: Engine,
    recorder: QuestionRecorder,
    store: EventStore,
    answers: AnswerStore,
    searches: SearchRecorder,
) -> None:
    session, secret = "session-of-mine", "a very private matter"
    stopped = asking("ans_s", 50, session, text=f"{secret} that stopped")
    private = asking("ans_p", 60, session, text=f"{secret} unfollowed", private=True)
    mine = asking("ans_m", 0, session, text=secret)
    theirs = asking("ans_t", 70, "theirs", text="something else")
    for one in (mine, private, theirs):
        asked(recorder, one, 0.3)
    recorder.asked(stopped)
    recorder.ended(stopped, "stopped", "", {})
    found = searched(searches, f"{secret} searched", 80, session)
    for one in (mine, private, stopped, theirs):
        traced(engine, one.trace_id, one.answer_id, one.answer_id, one.typed)
    traced(engine, "f" * 32, "root", found, secret)
    traced(engine, theirs.trace_id, "other", mine.answer_id, secret)
    store.record(opened("ans_m", 5, session), opened("ans_unknown", 5, session))
    answers.add_feedback(Feedback("ans_m", helpful=False, comment=secret), session)
    requests = RequestStore(engine)
    requests.add_report("ans_m", "other", secret, session)
    requests.add_report("ans_t", "other", "theirs", session)
    with engine.begin() as connection:
        connection.execute(
            insert(tables.question_reviews).values(
                answer_id="ans_m", status="new", note=secret, eval_case=False, updated_at=START
            )
        )
    with engine.connect() as connection:
        _, before = current(connection)
    assert answers.delete_session(session) == 2
    left = everything(engine)
    for gone in (session, secret, mine.trace_id, stopped.trace_id, private.trace_id, "f" * 32):
        assert [name for name, rows in left.items() if gone in rows] == []
    assert theirs.trace_id in left["spans"]
    assert "something else" in left["questions"]
    with engine.connect() as connection:
        assert current(connection)[1] > before


def test_a_deleted_question_stands_nowhere_and_the_others_stay(
    engine: Engine, recorder: QuestionRecorder, store: EventStore, answers: AnswerStore
) -> None:
    one, other = asking("ans_1", 0, text="first"), asking("ans_2", 9, text="second")
    for each in (one, other):
        asked(recorder, each, 0.3)
        traced(engine, each.trace_id, each.answer_id, each.answer_id, each.typed)
        store.record(opened(each.answer_id, 20))
    answers.delete("ans_1", "mine")
    left = everything(engine)
    for gone in ("ans_1", "first", one.trace_id):
        assert [name for name, rows in left.items() if gone in rows] == []
    for kept in ("questions", "question_vectors", "events", "answers", "traces"):
        assert "ans_2" in left[kept]


def test_old_questions_go_with_everything_and_new_ones_stay(
    engine: Engine, recorder: QuestionRecorder, store: EventStore
) -> None:
    asked(recorder, asking("ans_old", 0, text="Hi"), 0.3)
    asked(recorder, asking("ans_new", 100, text="hi"), 0.3)
    store.record(opened("ans_old", 5), opened("ans_unknown", 5), opened("ans_new", 105))
    assert row(engine, "ans_new").thread_id == "ans_old"
    assert store.purge(at(50)) == 1
    left = everything(engine)
    for gone in ("ans_old", "ans_unknown"):
        assert [name for name, rows in left.items() if gone in rows] == []
    assert row(engine, "ans_new").thread_id == "ans_new"
    assert row(engine, "ans_new").rephrase_of is None
    assert row(engine, "ans_new").opened_at == at(105)
    assert store.purge(at(50)) == 0


# --- from before ----------------------------------------------------------------------------------


def test_answers_from_before_there_were_questions_are_not_lost(
    engine: Engine, answers: AnswerStore
) -> None:
    """A database as it was, with answers and what was said about them, is caught up."""
    with moment.at(at(30)):
        for key, words, session in (
            ("ans_a", "Hotel cap per night?", "mine"),
            ("ans_b", "hotel cap per night", "mine"),
            ("ans_c", "Other", ""),
        ):
            made_at = at({"ans_a": 0, "ans_b": 20, "ans_c": 40}[key])
            one = plain_answer(
                key, question=words, created_at=made_at, conversation_id=f"con_{key}"
            )
            answers.add(one, session)
        answers.add_feedback(Feedback("ans_b", helpful=True))
        answers.add_feedback(Feedback("ans_c", helpful=False, correction="It says 5."))
        RequestStore(engine).add_report("ans_c", "other", "", "")
        RequestStore(engine).add_request(plain_answer("ans_c"), "")
    with engine.begin() as connection:
        connection.execute(delete(tables.events))
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    reopened = open_database(engine.url.render_as_string(hide_password=False))
    try:
        assert catch_up(reopened) == 3
        assert catch_up(reopened) == 0
        again, last, other = (row(reopened, key) for key in ("ans_a", "ans_b", "ans_c"))
        assert (again.retried_at, last.rephrase_of, last.thread_id) == (at(20), "ans_a", "ans_a")
        assert (last.accepted_at, last.helpful) == (at(30), True)
        assert (other.corrected_at, other.reported_at) == (at(30), at(30))
        assert (again.content_words, again.channel, other.channel) == (3, "web", "api")
        assert (other.helpful, other.rejected_at) == (None, at(30))
        kinds = [one.event.kind for one in EventStore(reopened).of_answer("ans_c")]
        assert sorted(kinds) == ["content_requested", "corrected", "reported"]
    finally:
        reopened.dispose()
