"""What the store of answers promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import StatementError

from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Document,
    Filters,
    Hit,
    Level,
    Passage,
    Rephrasing,
    Retrieval,
    Sentence,
    Side,
    Stale,
    Usage,
    Verdict,
)
from app.errors import NotFound
from app.records.answers import AnswerStore, Feedback
from app.records.tables import answers as answer_rows

# Whatever a parser or a person may write; databases refuse lone surrogates and, in columns, NUL.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ids = st.text("abcdef0123456789_-", min_size=1, max_size=30)
offsets = st.integers(0, 10**9)
scores = st.floats(allow_nan=False, allow_infinity=False)
times = st.datetimes(timezones=st.just(UTC))
pages = st.none() | st.integers(1, 5000)
page_kinds = st.sampled_from(["page", "slide", "sheet", ""])


def many(elements: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(elements, max_size=3).map(tuple)


spans = st.tuples(offsets, offsets)
documents = st.builds(
    Document,
    id=ids,
    collection=texts,
    source=texts,
    title=texts,
    kind=texts,
    size=offsets,
    content_hash=texts,
    passages=offsets,
    characters=offsets,
    pages=pages,
    page_kind=page_kinds,
    modified_at=st.none() | times,
    ingested_at=times,
    status=st.sampled_from(["ready", "failed"]),
    error=st.none() | texts,
    warnings=many(texts),
    owner=st.none() | texts,
    review_by=st.none() | st.dates(),
    superseded_by=st.none() | texts,
)
passages = st.builds(
    Passage,
    id=ids,
    document_id=ids,
    ordinal=offsets,
    start=offsets,
    end=offsets,
    text=texts,
    heading=many(texts),
    page=pages,
    sentences=many(spans),
)
hits = st.builds(
    Hit,
    passage=passages,
    document=documents,
    score=scores,
    dense=scores,
    lexical=scores,
    rerank=st.none() | scores,
    sentence_scores=many(scores),
    duplicates=many(ids),
)
citations = st.builds(
    Citation,
    number=offsets,
    document_id=ids,
    passage_id=ids,
    title=texts,
    source=texts,
    collection=texts,
    kind=texts,
    heading=many(texts),
    page=pages,
    page_kind=page_kinds,
    quote=texts,
    start=offsets,
    end=offsets,
    updated_at=st.none() | times,
    before=texts,
    after=texts,
)
filters = st.builds(
    Filters,
    collections=many(texts),
    kinds=many(texts),
    changed_after=st.none() | st.dates(),
    changed_before=st.none() | st.dates(),
    document_ids=many(ids),
)
answers = st.builds(
    Answer,
    answer_id=ids,
    trace_id=st.text("0123456789abcdef", min_size=32, max_size=32),
    conversation_id=ids,
    question=lines,
    state=st.sampled_from(AnswerState),
    mode=st.sampled_from(["quotes", "written"]),
    model=texts,
    text=texts,
    sentences=many(
        st.builds(
            Sentence,
            text=texts,
            citations=many(offsets),
            verdict=st.sampled_from(Verdict),
            emphasis=many(spans),
            support=st.none() | scores,
            problems=many(texts),
        )
    ),
    citations=many(citations),
    confidence=st.builds(
        Confidence,
        level=st.sampled_from(Level),
        probability=st.floats(0, 1),
        reasons=many(texts),
        measured=texts,
    ),
    closest=many(hits),
    retrieval=st.none(),
    missing_terms=many(texts),
    documents_searched=offsets,
    passages_searched=offsets,
    usage=st.builds(
        Usage, input_tokens=offsets, output_tokens=offsets, cost_usd=st.none() | scores
    ),
    timings_ms=st.dictionaries(texts, scores, max_size=3),
    created_at=times,
    filters=filters,
    notice=st.none() | texts,
    asked=st.none() | lines,
    uncovered=many(texts),
    conflicts=many(
        st.builds(
            Conflict,
            about=texts,
            sides=many(st.builds(Side, citation=offsets, says=texts)),
            settled=st.booleans(),
        )
    ),
    stale=many(
        st.builds(
            Stale,
            document_id=ids,
            title=texts,
            reason=st.sampled_from(["superseded", "review_passed"]),
            review_by=st.none() | st.dates(),
            newer_title=st.none() | texts,
            newer_document_id=st.none() | ids,
        )
    ),
    rephrasings=many(st.builds(Rephrasing, question=texts, why=texts, filters=filters)),
    followups=many(texts),
    signals=st.dictionaries(texts, scores, max_size=3),
)


def plain_answer(key: str, **fields: object) -> Answer:
    """An answer of which a test names only what it is about."""
    made = Answer(
        answer_id=key,
        trace_id="0" * 32,
        conversation_id="con_1",
        question="How many days?",
        state=AnswerState.NOT_FOUND,
        mode="quotes",
        model="quotes",
        text="",
        sentences=(),
        citations=(),
        confidence=Confidence(Level.LOW, 0.1, ("Nothing was found to quote.",)),
        closest=(),
        retrieval=None,
        missing_terms=(),
        documents_searched=0,
        passages_searched=0,
        usage=Usage(),
        timings_ms={"total": 1.5},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # named by the tests


@pytest.fixture
def store(engine: Engine) -> AnswerStore:
    return AnswerStore(engine)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answer=answers)
def test_an_answer_is_read_back_exactly_as_it_was_shown(store: AnswerStore, answer: Answer) -> None:
    stored = replace(answer, answer_id=f"ans_{_next()}")
    store.add(stored)
    assert store.get(stored.answer_id) == stored


def _next(numbers: list[int] = [0]) -> int:  # noqa: B006  # one list for all calls is the point
    numbers[0] += 1
    return numbers[0]


def test_the_retrieval_behind_an_answer_is_not_kept_with_it(store: AnswerStore) -> None:
    retrieval = Retrieval("How many days?", (), 3, 9, ("days",), ())
    store.add(plain_answer("ans_1", retrieval=retrieval))
    assert store.get("ans_1").retrieval is None


def test_an_unknown_answer_is_not_found(store: AnswerStore) -> None:
    with pytest.raises(NotFound, match=r"no answer at this address. Ask the question again"):
        store.get("ans_none")


def test_a_session_s_last_answers_come_newest_first(store: AnswerStore) -> None:
    for i in range(4):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=i)
        store.add(plain_answer(f"ans_{i}", created_at=moment), "mine")
    store.add(plain_answer("ans_theirs"), "theirs")
    assert [one.answer_id for one in store.recent("mine", limit=3)] == ["ans_3", "ans_2", "ans_1"]
    assert store.recent("nobody") == []


def test_an_answer_with_a_time_without_a_zone_is_refused(store: AnswerStore) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused
    with pytest.raises(StatementError, match="naive datetime"):
        store.add(plain_answer("ans_1", created_at=naive))


def test_feedback_is_kept_in_the_order_it_came(store: AnswerStore) -> None:
    store.add(plain_answer("ans_1"))
    given_ = [
        Feedback("ans_1", helpful=False, reasons=("wrong", "old"), comment="Überholt 🌊"),
        Feedback("ans_1", helpful=True, correction="It is 27 days."),
    ]
    for one in given_:
        store.add_feedback(one)
    assert store.feedback("ans_1") == given_


def test_feedback_needs_an_answer(store: AnswerStore) -> None:
    with pytest.raises(NotFound, match="no answer at this address"):
        store.add_feedback(Feedback("ans_none", helpful=True))
    assert store.feedback("ans_none") == []


def test_feedback_with_characters_that_no_database_takes_is_kept_without_them(
    store: AnswerStore,
) -> None:
    store.add(plain_answer("ans_1"))
    store.add_feedback(Feedback("ans_1", helpful=False, comment="NUL \0 and \ud800 here"))
    assert store.feedback("ans_1")[0].comment == "NUL  and ? here"


# --- history -------------------------------------------------------------------------------------


def at(minute: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


def keep(store: AnswerStore, key: str, minute: int, session: str, conversation: str) -> None:
    answer = plain_answer(key, created_at=at(minute), conversation_id=conversation)
    store.add(answer, session)


def keys(found: list[Answer]) -> list[str]:
    return [one.answer_id for one in found]


def test_older_answers_of_a_session_come_page_by_page(store: AnswerStore) -> None:
    for i in range(5):
        keep(store, f"ans_{i}", i, "mine", "con_1")
    assert keys(store.recent("mine", limit=2, before=at(4))) == ["ans_3", "ans_2"]
    assert keys(store.recent("mine", limit=9, before=at(2))) == ["ans_1", "ans_0"]


def test_what_programs_asked_is_nobody_s_history(store: AnswerStore) -> None:
    keep(store, "ans_1", 0, "", "con_1")
    assert store.recent("") == []
    assert store.delete_session("") == 0
    assert store.get("ans_1").answer_id == "ans_1"


def test_a_conversation_is_read_oldest_first(store: AnswerStore) -> None:
    for minute, key in ((3, "ans_c"), (1, "ans_a"), (2, "ans_b")):
        keep(store, key, minute, "mine", "con_1")
    keep(store, "ans_x", 2, "mine", "con_2")
    assert keys(store.conversation("con_1")) == ["ans_a", "ans_b", "ans_c"]
    assert keys(store.conversation("con_1", limit=2)) == ["ans_b", "ans_c"]
    assert store.conversation("con_none") == []


def test_a_conversation_is_shown_only_to_the_session_that_had_it(store: AnswerStore) -> None:
    keep(store, "ans_a", 1, "mine", "con_1")
    keep(store, "ans_b", 2, "theirs", "con_1")
    keep(store, "ans_c", 3, "", "con_1")
    assert keys(store.conversation("con_1", "mine")) == ["ans_a"]
    assert keys(store.conversation("con_1", "")) == ["ans_c"]


def test_the_latest_answer_of_a_conversation_is_known(store: AnswerStore) -> None:
    keep(store, "ans_a", 1, "mine", "con_1")
    keep(store, "ans_b", 2, "mine", "con_1")
    latest = store.latest("con_1", "mine")
    assert latest is not None
    assert latest.answer_id == "ans_b"
    assert store.latest("con_1", "theirs") is None


def test_an_answer_is_deleted_with_what_was_said_about_it(store: AnswerStore) -> None:
    keep(store, "ans_1", 1, "mine", "con_1")
    keep(store, "ans_2", 2, "mine", "con_1")
    store.add_feedback(Feedback("ans_1", helpful=True))
    store.delete("ans_1", "mine")
    with pytest.raises(NotFound, match="may have deleted theirs"):
        store.get("ans_1")
    assert store.feedback("ans_1") == []
    assert keys(store.recent("mine")) == ["ans_2"]


def test_nobody_deletes_another_session_s_answer(store: AnswerStore) -> None:
    keep(store, "ans_1", 1, "mine", "con_1")
    for session in ("theirs", ""):
        with pytest.raises(NotFound, match="no such answer in your history"):
            store.delete("ans_1", session)
    assert store.delete_conversation("con_1", "theirs") == 0
    assert store.delete_session("theirs") == 0
    assert store.get("ans_1").answer_id == "ans_1"


def test_a_conversation_is_deleted_as_a_whole(store: AnswerStore) -> None:
    for i, conversation in enumerate(("con_1", "con_1", "con_2")):
        keep(store, f"ans_{i}", i, "mine", conversation)
    assert store.delete_conversation("con_1", "mine") == 2
    assert keys(store.recent("mine")) == ["ans_2"]


def test_a_session_s_history_is_deleted_and_others_stay(store: AnswerStore) -> None:
    for i in range(3):
        keep(store, f"ans_{i}", i, "mine", f"con_{i}")
        store.add_feedback(Feedback(f"ans_{i}", helpful=False, comment="private words"))
    keep(store, "ans_theirs", 5, "theirs", "con_1")
    assert store.delete_session("mine") == 3
    assert store.delete_session("mine") == 0
    assert store.recent("mine") == []
    assert store.feedback("ans_0") == []
    assert store.get("ans_theirs").answer_id == "ans_theirs"


def test_an_answer_that_an_older_version_stored_is_still_read(engine: Engine) -> None:
    """The payload as the first release wrote it, without the fields that came later."""
    store = AnswerStore(engine)
    store.add(plain_answer("ans_1", sentences=(Sentence("It is 27 days.", (1,)),)))
    later = ("asked", "uncovered", "conflicts", "stale", "rephrasings", "followups", "signals")
    with engine.begin() as connection:
        payload = connection.execute(select(answer_rows.c.payload)).scalar_one()
        for name in later:
            del payload[name]
        for name in ("support", "problems"):
            del payload["sentences"][0][name]
        del payload["confidence"]["measured"]
        connection.execute(update(answer_rows).values(payload=payload))
    found = store.get("ans_1")
    assert found == plain_answer("ans_1", sentences=(Sentence("It is 27 days.", (1,)),))
    assert found.followups == ()
