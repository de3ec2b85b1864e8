"""What is concluded of questions and events, by the definitions of the metrics."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.behavior.deriving import LOOK_BACK, Derived, Turn, derive
from app.records.behavior.events import (
    CitationOpened,
    ContentRequested,
    Copied,
    Corrected,
    Event,
    Marked,
    PassageOpened,
    Reported,
    ResultOpened,
    Shared,
    TrustRated,
)
from app.records.behavior.sameness import SIMILAR, asks_otherwise

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
FAR = 3600.0


def vector(angle: float) -> np.ndarray:
    """Of unit length; the cosine of two is that of the angle between them."""
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)


def turn(key: str, seconds: float = 0, text: str = "", **fields: object) -> Turn:
    made = Turn(
        answer_id=key,
        kind="ask",
        session_id="mine",
        conversation_id=f"con_{key}",
        text=text or f"question {key}",
        followup=False,
        regenerate=False,
        private=False,
        asked_at=START + timedelta(seconds=seconds),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # named by the tests


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def concluded(turns: list[Turn], *events: Event) -> dict[str, Derived]:
    by_answer: dict[str, list[Event]] = {}
    for event in events:
        by_answer.setdefault(event.answer_id, []).append(event)
    return derive(turns, by_answer)


def opened(seconds: float, key: str = "a", session: str = "mine") -> CitationOpened:
    return CitationOpened(answer_id=key, session_id=session, at=at(seconds), number=1)


def marked(seconds: float, helpful: bool, session: str = "mine") -> Marked:
    return Marked(answer_id="a", session_id=session, at=at(seconds), helpful=helpful)


# --- threads --------------------------------------------------------------------------------------


def test_the_same_words_again_are_a_rephrasing_in_the_same_thread() -> None:
    found = concluded([turn("a", text="Hotel cap?"), turn("b", 60, "hotel  CAP")])
    assert found["b"].rephrase_of == "a"
    assert found["b"].thread_id == "a"
    assert found["a"].retried_at == at(60)


def test_close_vectors_are_a_rephrasing_and_others_are_not() -> None:
    near, far = np.arccos(SIMILAR) - 0.01, np.arccos(SIMILAR) + 0.01
    turns = [
        turn("a", vector=vector(0)),
        turn("b", 10, vector=vector(near)),
        turn("c", 20, vector=vector(-far)),
    ]
    found = concluded(turns)
    assert found["b"].rephrase_of == "a"
    assert found["c"].rephrase_of is None
    assert found["c"].thread_id == "c"


def test_close_words_that_ask_for_another_thing_are_another_question() -> None:
    turns = [
        turn("a", text="When was Ada born?", vector=vector(0)),
        turn("b", 10, "Where was Ada born?", vector=vector(0.1)),
    ]
    assert concluded(turns)["b"].rephrase_of is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What was the revenue in 2024?", "What was the revenue in 2025?"),
        ("What are the hours in Porto?", "What are the hours in Halifax?"),
        ("What is the minimum order?", "What is the maximum order?"),
        ("What is Koch's second postulate?", "What is Koch's third postulate?"),
        ("Who is the chair of it?", "Who is the vice-chair of it?"),
        ("how deep is the trench", "where is the trench"),
    ],
)
def test_questions_that_differ_in_what_matters_ask_otherwise(one: str, other: str) -> None:
    assert asks_otherwise(one, other)
    assert asks_otherwise(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How many vacation days do I get?", "vacation days per year"),
        ("When was it built?", "In which year was it built?"),
        ("Who wrote Harry Potter?", "author of harry potter"),
        ("How old was Elway in 2015?", "How old was John Elway then?"),
        ("HOW MUCH MAY A HOTEL COST", "How much may a Hotel cost?"),
    ],
)
def test_questions_in_other_words_do_not_ask_otherwise(one: str, other: str) -> None:
    assert not asks_otherwise(one, other)


def test_a_visit_ends_after_half_an_hour_and_with_it_what_can_be_rephrased() -> None:
    text = "Hotel cap?"
    inside = concluded([turn("a", text=text), turn("b", 1800, text)])
    outside = concluded([turn("a", text=text), turn("b", 1801, text)])
    bridged = concluded([turn("a", text=text), turn("x", 1500), turn("b", 3000, text)])
    assert inside["b"].rephrase_of == "a"
    assert outside["b"].rephrase_of is None
    assert bridged["b"].rephrase_of == "a"


def test_a_conversation_is_one_thread_whatever_time_passes() -> None:
    later = turn("b", 100_000, conversation_id="con_a", followup=True)
    found = concluded([turn("a"), later])
    assert found["b"].thread_id == "a"
    assert found["b"].rephrase_of is None


def test_a_completed_follow_up_is_no_rephrasing_however_close() -> None:
    turns = [turn("a", vector=vector(0)), turn("b", 9, vector=vector(0), followup=True)]
    assert concluded(turns)["b"].rephrase_of is None


def test_asking_again_is_a_retry_in_the_same_conversation_or_with_the_same_words() -> None:
    again = turn("b", 30, "quite other words", regenerate=True, conversation_id="con_a")
    assert concluded([turn("a"), again])["a"].retried_at == at(30)
    elsewhere = turn("b", 30, "question a", regenerate=True, followup=True)
    assert concluded([turn("a"), elsewhere])["b"].rephrase_of == "a"


def test_the_latest_question_is_the_one_that_is_rephrased_and_all_were_retried() -> None:
    turns = [turn("a", 0, "Hi"), turn("b", 50, "hi"), turn("c", 100, "hi!")]
    found = concluded(turns)
    assert found["c"].rephrase_of == "b"
    assert found["a"].retried_at == at(50)
    assert found["b"].retried_at == at(100)


@pytest.mark.parametrize(("seconds", "retried"), [(120, True), (121, False)])
def test_a_rephrasing_after_two_minutes_is_no_retry_but_stays_in_the_thread(
    seconds: float, retried: bool
) -> None:
    found = concluded([turn("a", 0, "Hi"), turn("b", seconds, "hi")])
    assert (found["a"].retried_at is not None) == retried
    assert found["b"].thread_id == "a"


def test_nobody_s_questions_are_joined_by_their_conversation_alone() -> None:
    turns = [
        turn("a", 0, "Hi", session_id="", conversation_id="con_1"),
        turn("b", 5, "hi", session_id="", conversation_id="con_2"),
        turn("c", 9, "more", session_id="", conversation_id="con_1"),
    ]
    found = concluded(turns)
    assert [found[key].thread_id for key in "abc"] == ["a", "b", "a"]
    assert all(found[key].rephrase_of is None for key in "abc")


def test_private_questions_are_threads_of_their_own() -> None:
    private = {"session_id": "", "private": True, "conversation_id": "con_1"}
    found = concluded([turn("a", 0, "Hi", **private), turn("b", 5, "hi", **private)])
    assert [found[key].thread_id for key in "ab"] == ["a", "b"]


def test_searches_and_questions_are_never_in_one_thread() -> None:
    turns = [turn("a", 0, "hotel"), turn("b", 5, "hotel", kind="search", conversation_id="")]
    found = concluded([*turns, turn("c", 9, "hotel", kind="search", conversation_id="")])
    assert [found[key].thread_id for key in "abc"] == ["a", "b", "b"]


def test_another_session_s_question_is_not_rephrased() -> None:
    found = concluded([turn("a", 0, "Hi"), turn("b", 5, "Hi", session_id="theirs")])
    assert found["b"].rephrase_of is None


def test_vectors_of_another_model_compare_with_nothing() -> None:
    longer = np.array([1, 0, 0], dtype=np.float32)
    turns = [turn("a", vector=longer), turn("b", 5, vector=vector(0))]
    assert concluded(turns)["b"].rephrase_of is None


# --- acceptance -----------------------------------------------------------------------------------


def test_a_source_opened_is_acceptance_until_a_rephrasing_comes_within_two_minutes() -> None:
    first = turn("a", 0, "Hi")
    assert concluded([first], opened(30))["a"].accepted_at == at(30)
    for seconds, accepted in ((31, None), (150, None), (151, at(30)), (30, at(30))):
        found = concluded([first, turn("b", seconds, "hi")], opened(30))
        assert found["a"].accepted_at == accepted, seconds
        assert found["a"].opened_at == at(30)


@pytest.mark.parametrize(
    "refusal",
    [
        lambda when: marked(when, helpful=False),
        lambda when: Corrected(answer_id="a", at=at(when)),
        lambda when: Reported(answer_id="a", at=at(when)),
    ],
)
def test_a_source_opened_is_no_acceptance_where_a_rejection_follows(refusal: object) -> None:
    for seconds, accepted in ((30, None), (150, None), (151, at(30)), (29, at(30))):
        found = concluded([turn("a")], opened(30), refusal(seconds))  # type: ignore[operator]  # a function
        assert found["a"].accepted_at == accepted, seconds
        assert found["a"].rejected_at == at(seconds)


def test_a_second_source_opened_later_may_be_the_one_that_was_accepted() -> None:
    found = concluded([turn("a", 0, "Hi"), turn("b", 60, "hi")], opened(30), opened(500))
    assert found["a"].accepted_at == at(500)
    assert found["a"].opened_at == at(30)


def test_the_last_mark_holds() -> None:
    found = concluded([turn("a")], marked(10, helpful=False), marked(20, helpful=True))["a"]
    assert found.helpful is True
    assert found.accepted_at == at(20)
    assert found.rejected_at is None
    found = concluded(
        [turn("a")], marked(10, helpful=True), marked(20, helpful=False), marked(25, helpful=False)
    )["a"]
    assert found.helpful is False
    assert found.rejected_at == at(20)
    assert found.accepted_at is None


def test_an_answer_may_be_accepted_and_rejected() -> None:
    found = concluded(
        [turn("a")],
        Copied(answer_id="a", session_id="mine", at=at(5)),
        Shared(answer_id="a", session_id="mine", at=at(7)),
        Reported(answer_id="a", session_id="theirs", at=at(9)),
    )["a"]
    assert (found.accepted_at, found.rejected_at) == (at(5), at(9))
    assert (found.copied_at, found.shared_at, found.reported_at) == (at(5), at(7), at(9))


def test_what_others_do_does_not_count_and_what_they_say_does() -> None:
    found = concluded(
        [turn("a")], opened(5, session="theirs"), marked(9, helpful=True, session="theirs")
    )["a"]
    assert found.opened_at is None
    assert found.accepted_at == at(9)


def test_what_is_done_with_nobody_s_answer_does_not_count() -> None:
    assert concluded([turn("a", session_id="")], opened(5, session=""))["a"].opened_at is None


@pytest.mark.parametrize(
    "event",
    [
        PassageOpened(answer_id="a", session_id="mine", at=at(9), number=2),
        ContentRequested(answer_id="a", session_id="mine", at=at(9)),
        TrustRated(answer_id="a", session_id="mine", at=at(9), rating=4),
    ],
)
def test_other_interactions_are_neither_acceptance_nor_rejection(event: Event) -> None:
    assert concluded([turn("a")], event)["a"] == Derived("a", interacted_at=at(9))


def test_a_search_is_accepted_when_a_result_is_opened_and_no_like_search_follows() -> None:
    search = {"kind": "search", "conversation_id": ""}
    result = ResultOpened(answer_id="a", session_id="mine", at=at(10), number=1)
    alone = concluded([turn("a", 0, "hotel", **search)], result)
    assert alone["a"].accepted_at == at(10)
    again = concluded([turn("a", 0, "hotel", **search), turn("b", 60, "Hotel", **search)], result)
    assert again["a"].accepted_at is None


# --- in any order ---------------------------------------------------------------------------------

times = st.integers(0, 4000)
keys = st.sampled_from("abcdefgh")
turns = st.lists(
    st.builds(
        lambda key, when, text, con, angle, followup, regenerate, private: turn(
            key,
            when,
            text,
            conversation_id=con,
            vector=None if angle is None else vector(angle),
            followup=followup,
            regenerate=regenerate,
            private=private,
            session_id="" if private else "mine",
        ),
        keys,
        times,
        st.sampled_from(["hotel", "Hotel?", "train", "When?", "Where?"]),
        st.sampled_from(["con_1", "con_2", ""]),
        st.none() | st.floats(0, 3),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda one: one.answer_id,
    max_size=8,
)
happenings = st.lists(
    st.one_of(
        st.builds(lambda key, when: opened(when, key), keys, times),
        st.builds(
            lambda key, when, good: Marked(answer_id=key, at=at(when), helpful=good),
            keys,
            times,
            st.booleans(),
        ),
        st.builds(lambda key, when: Reported(answer_id=key, at=at(when)), keys, times),
        st.builds(
            lambda key, when: Copied(answer_id=key, session_id="mine", at=at(when)), keys, times
        ),
    ),
    max_size=10,
)


@given(turns, happenings, st.randoms())
def test_the_order_in_which_things_became_known_changes_nothing(
    given_turns: list[Turn], given_events: list[Event], random: Random
) -> None:
    expected = concluded(given_turns, *given_events)
    random.shuffle(given_turns)
    random.shuffle(given_events)
    assert concluded(given_turns, *given_events) == expected


@given(turns, happenings)
def test_known_threads_change_nothing(given_turns: list[Turn], given_events: list[Event]) -> None:
    expected = concluded(given_turns, *given_events)
    known = [replace(one, thread_id=expected[one.answer_id].thread_id) for one in given_turns]
    assert concluded(known, *given_events) == expected


@given(turns)
def test_a_thread_is_named_after_its_first_question(given_turns: list[Turn]) -> None:
    found = concluded(given_turns)
    by_key = {one.answer_id: one for one in given_turns}
    for one in given_turns:
        first = found[one.answer_id].thread_id
        assert found[first].thread_id == first
        assert by_key[first].key <= one.key


def test_a_program_s_endless_visit_is_looked_back_on_so_far_only() -> None:
    many = [turn(f"t{number:04}", number, f"other {number}") for number in range(LOOK_BACK + 1)]
    far = turn("z", LOOK_BACK + 2, "other 0")
    near = turn("z", LOOK_BACK + 2, "other 1")
    assert concluded([*many, far])["z"].rephrase_of is None
    assert concluded([*many, near])["z"].rephrase_of == "t0001"
