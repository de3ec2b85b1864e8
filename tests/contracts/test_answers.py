"""What the store of answers promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError

from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Document,
    Filters,
    Hit,
    Level,
    Passage,
    Retrieval,
    Sentence,
    Usage,
    Verdict,
)
from app.errors import NotFound
from app.records.answers import AnswerStore, Feedback

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
        )
    ),
    citations=many(citations),
    confidence=st.builds(
        Confidence,
        level=st.sampled_from(Level),
        probability=st.floats(0, 1),
        reasons=many(texts),
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
