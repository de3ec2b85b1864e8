"""Content requests, problem reports, and the migration that made room for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, insert, inspect, text

from app.domain import Citation, Hit, Passage
from app.errors import NotFound
from app.records import database
from app.records.answers import AnswerStore
from app.records.database import open_database
from app.records.document_writer import DocumentWriter
from app.records.requests import RequestStore
from app.records.tables import feedback
from tests.contracts.documents import document, version
from tests.contracts.test_answers import plain_answer

PASSAGE = Passage("p", "doc_a", 0, 0, 4, "Text", (), None, ((0, 4),))


def near(name: str, owner: str | None) -> Hit:
    return Hit(PASSAGE, document(name, owner=owner), score=0.5, dense=0.5, lexical=0.0)


@pytest.fixture
def answers(engine: Engine) -> AnswerStore:
    return AnswerStore(engine)


@pytest.fixture
def store(engine: Engine) -> RequestStore:
    return RequestStore(engine)


def test_a_request_names_the_owners_of_the_closest_documents(
    answers: AnswerStore, store: RequestStore
) -> None:
    hits = (
        near("a", "Ana"),
        near("b", None),
        near("a", "Ana"),
        near("c", "Finn"),
        near("d", "Eve"),
    )
    answer = plain_answer("ans_1", question="Is there a gym?", closest=hits)
    answers.add(answer, "mine")
    made = store.add_request(answer, "mine", "Asked every week.")
    assert (made.question, made.answer_id, made.session_id) == ("Is there a gym?", "ans_1", "mine")
    assert made.owners == ("Ana", "Finn")
    assert made.documents == ("A", "B", "C")
    assert (made.comment, made.status) == ("Asked every week.", "open")
    assert made.created_at.tzinfo is not None
    assert store.request_of("ans_1") == made


def test_an_answer_s_owner_is_who_owns_the_document_today(
    engine: Engine, answers: AnswerStore, store: RequestStore
) -> None:
    DocumentWriter(engine).put([version("a", "Text.", owner="Today")])
    answer = plain_answer("ans_1", closest=(near("a", "Yesterday"),))
    answers.add(answer)
    assert store.add_request(answer).owners == ("Today",)


def test_without_closest_passages_the_cited_documents_count(
    engine: Engine, answers: AnswerStore, store: RequestStore
) -> None:
    DocumentWriter(engine).put([version("a", "Text.", owner="Ana")])
    citation = Citation(1, "doc_a", "p", "A", "", "", "md", (), None, "", "Text", 0, 4, None)
    gone = Citation(2, "doc_gone", "p", "Gone", "", "", "md", (), None, "", "Text", 0, 4, None)
    answer = plain_answer("ans_1", citations=(citation, gone))
    answers.add(answer)
    made = store.add_request(answer)
    assert (made.owners, made.documents) == (("Ana",), ("A",))


def test_a_second_request_for_an_answer_is_the_first_with_the_newer_comment(
    answers: AnswerStore, store: RequestStore
) -> None:
    answer = plain_answer("ans_1")
    answers.add(answer, "mine")
    first = store.add_request(answer, "mine", "Please.")
    assert store.add_request(answer, "mine") == first
    assert store.add_request(answer, "mine", "Really.").comment == "Really."
    assert store.requests()[1] == 1


def test_a_request_and_a_report_need_an_answer(store: RequestStore) -> None:
    with pytest.raises(NotFound, match=r"no answer at this address. Ask the question again"):
        store.add_request(plain_answer("ans_none"))
    with pytest.raises(NotFound, match="no answer at this address"):
        store.add_report("ans_none", "other")
    assert store.requests() == ([], 0)
    assert store.reports() == []


def test_requests_come_newest_first_and_by_status(
    answers: AnswerStore, store: RequestStore
) -> None:
    made = []
    for i in range(4):
        answer = plain_answer(f"ans_{i}", question=f"Question {i}?")
        answers.add(answer)
        made.append(store.add_request(answer))
    store.set_status(made[1].id, "done")
    found, total = store.requests("open", limit=2)
    assert ([one.question for one in found], total) == (["Question 3?", "Question 2?"], 3)
    assert [one.question for one in store.requests("open", limit=2, offset=2)[0]] == ["Question 0?"]
    assert [one.id for one in store.requests("done")[0]] == [made[1].id]
    store.set_status(made[1].id, "open")
    assert store.requests("open")[1] == 4
    with pytest.raises(NotFound, match="no such request"):
        store.set_status(10_000, "done")


def test_a_deleted_history_leaves_the_request_without_who_asked(
    answers: AnswerStore, store: RequestStore
) -> None:
    for i, session in enumerate(("mine", "theirs")):
        answer = plain_answer(f"ans_{i}")
        answers.add(answer, session)
        store.add_request(answer, session)
        store.add_report(f"ans_{i}", "private", "My name stands there.", session)
    answers.delete_session("mine")
    theirs, mine = store.requests()[0]
    assert (mine.answer_id, mine.session_id) == (None, "")
    assert (theirs.answer_id, theirs.session_id) == ("ans_1", "theirs")
    assert [one.answer_id for one in store.reports()] == ["ans_1"]


def test_every_report_is_kept(answers: AnswerStore, store: RequestStore) -> None:
    answers.add(plain_answer("ans_1"))
    answers.add(plain_answer("ans_2"))
    store.add_report("ans_1", "wrong_source", "Another office.", "mine")
    store.add_report("ans_1", "other", "NUL \0 and \ud800 here")
    store.add_report("ans_2", "broken")
    told = [(one.kind, one.comment, one.session_id) for one in store.reports("ans_1")]
    assert told == [("other", "NUL  and ? here", ""), ("wrong_source", "Another office.", "mine")]
    assert len(store.reports()) == 3


def test_a_database_of_the_first_release_is_brought_up_with_its_data(url: str) -> None:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    folder = Path(database.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    assert "content_requests" not in inspect(engine).get_table_names()
    old = AnswerStore(engine)
    old.add(plain_answer("ans_old", created_at=datetime(2026, 1, 1, tzinfo=UTC)), "mine")
    with engine.begin() as connection:
        told = {"answer_id": "ans_old", "helpful": False, "reasons": [], "comment": ""}
        when = datetime(2026, 1, 2, tzinfo=UTC)
        connection.execute(
            insert(feedback).values(**told, correction="It is 27 days.", created_at=when)
        )
    engine.dispose()

    opened = open_database(url)
    with opened.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == (
            database.HEAD
        )
    answers, store = AnswerStore(opened), RequestStore(opened)
    assert answers.get("ans_old").answer_id == "ans_old"
    assert answers.feedback("ans_old")[0].correction == "It is 27 days."
    assert store.add_request(answers.get("ans_old"), "mine").status == "open"
    assert answers.delete_session("mine") == 1
    opened.dispose()
