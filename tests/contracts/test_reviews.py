"""Questions read page by page, what reviewers decide, and gaps that keep what was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from sqlalchemy import Engine, delete

from app import moment
from app.errors import BadRequest, NotFound
from app.records.behavior.tables import questions
from app.records.product.failure_reads import FailureReads
from app.records.product.gap_store import GapStore, KnownGap
from app.records.product.question_filters import OUTCOMES, QuestionFilter
from app.records.product.question_reads import QuestionReads, SortKey
from app.records.product.reviews import FAILURE_HINTS, FAILURE_MODES, ReviewStore
from tests.contracts.asked import NOON, Asked

LATER = NOON + timedelta(hours=2)


@pytest.fixture
def asked(engine: Engine) -> Asked:
    return Asked(engine)


@pytest.fixture
def reads(engine: Engine) -> QuestionReads:
    return QuestionReads(engine)


@pytest.fixture
def reviews(engine: Engine) -> ReviewStore:
    return ReviewStore(engine)


def walk(reads: QuestionReads, sort: SortKey, descending: bool) -> tuple[list[str], list[str]]:
    """Every page forward, then every page back."""
    forward: list[str] = []
    page = reads.page(QuestionFilter(), sort=sort, descending=descending, limit=3)
    assert not page.before
    while True:
        forward += [row.answer_id for row in page.rows]
        if not page.after:
            break
        page = reads.page(
            QuestionFilter(), sort=sort, descending=descending, after=page.after, limit=3
        )
    back = [row.answer_id for row in page.rows]
    while page.before:
        page = reads.page(
            QuestionFilter(), sort=sort, descending=descending, before=page.before, limit=3
        )
        back = [row.answer_id for row in page.rows] + back
    return forward, back


def test_pages_show_every_question_once_in_either_direction(
    asked: Asked, reads: QuestionReads
) -> None:
    for number in range(11):
        # Equal times and unknown values are what keyset paging gets wrong.
        at = NOON + timedelta(minutes=number // 3)
        asked.ask(f"Question {'x' * (number % 4)}", at, end="complete" if number % 3 else "stopped")
    everything = set(reads.ids(QuestionFilter()))
    assert len(everything) == 11
    for sort in get_args(SortKey):
        for descending in (True, False):
            forward, back = walk(reads, sort, descending)
            assert forward == back == reads.ids(QuestionFilter(), sort=sort, descending=descending)
            assert set(forward) == everything
            assert len(forward) == 11


def test_unknown_values_stand_at_the_end(asked: Asked, reads: QuestionReads) -> None:
    stopped = asked.ask("Stopped", end="stopped")
    asked.ask("Answered")
    for descending in (True, False):
        assert reads.ids(QuestionFilter(), sort="latency", descending=descending)[-1] == stopped


def test_a_cursor_that_no_page_gave_is_refused(reads: QuestionReads) -> None:
    for cursor in ("nonsense", "2026-13-01~ans_1", "2026-11-20T12:00:00~ans_1"):
        with pytest.raises(BadRequest):
            reads.page(QuestionFilter(), after=cursor)


def test_filters_narrow_the_list(asked: Asked, reads: QuestionReads) -> None:
    found = asked.ask("How many days of leave?", state="answered", level="high", quote="25 days.")
    missing = asked.ask("Is there a gym? 100% sure", NOON + timedelta(hours=1))
    old = asked.ask("Old", NOON - timedelta(days=9))
    everything = QuestionFilter()
    cases = {
        replace(everything, state="not_found"): {missing, old},
        replace(everything, level="high"): {found},
        replace(everything, text="GYM"): {missing},
        replace(everything, text="100%"): {missing},
        replace(everything, text="%"): {missing},
        replace(everything, start=NOON, end=NOON + timedelta(hours=1)): {found},
        replace(everything, outcome="failure"): {missing, old},
        replace(everything, kind="search"): set(),
        replace(everything, collection="default"): {found},
        replace(everything, release="1.0"): {found, missing, old},
        replace(everything, arm="b"): set(),
    }
    for wanted, expected in cases.items():
        assert set(reads.ids(wanted)) == expected, wanted
        assert reads.count(wanted) == len(expected)


def test_what_became_of_a_question_is_told_from_its_events(
    asked: Asked, reads: QuestionReads
) -> None:
    copied = asked.ask("Copied?", state="answered", level="high", quote="Yes.")
    asked.happens("copied", copied, NOON + timedelta(seconds=30))
    bad = asked.ask("Wrong?", state="answered", level="high", quote="No.")
    asked.happens("marked", bad, NOON + timedelta(seconds=30), helpful=False)
    left = asked.ask("Left?", state="answered", level="high", quote="So.")
    stopped = asked.ask("Stopped?", end="stopped")
    private = asked.ask("Private?", state="answered", level="high", quote="S.", private=True)

    def having(outcome: str, at: datetime = LATER) -> set[str]:
        with moment.at(at):
            return set(reads.ids(QuestionFilter(outcome=outcome)))

    assert having("accepted") == having("copied") == {copied}
    assert having("rejected") == having("failure") == {bad}
    assert having("abandoned") == {left}
    assert having("abandoned", NOON + timedelta(seconds=599)) == set()
    assert having("abandoned", NOON + timedelta(seconds=600)) == {left}
    assert having("stopped") == {stopped}
    assert having("untouched") == {left, private}
    assert all(having(outcome) <= {copied, bad, left, stopped, private} for outcome in OUTCOMES)
    with moment.at(LATER):
        assert reads.get(left).abandoned
        assert not reads.get(copied).abandoned
    assert reads.get(copied).outcomes == ("accepted",)


def test_the_last_answer_of_a_thread_is_what_is_abandoned(
    asked: Asked, reads: QuestionReads
) -> None:
    first = asked.ask("Who pays the fee?", session="session-a", conversation="con_x")
    second = asked.ask(
        "And when?", NOON + timedelta(minutes=2), session="session-a", conversation="con_x"
    )
    with moment.at(LATER):
        assert reads.ids(QuestionFilter(outcome="abandoned")) == [second]
        thread = reads.thread(reads.get(second).thread_id)
    assert [row.answer_id for row in thread] == [first, second]


def test_a_timeline_is_in_order(asked: Asked, reads: QuestionReads) -> None:
    key = asked.ask("What?", state="answered", level="high", quote="That.")
    asked.happens("copied", key, NOON + timedelta(seconds=9))
    asked.happens("citation_opened", key, NOON + timedelta(seconds=5), number=1)
    assert [one.kind for one in reads.timeline(key)][-2:] == ["citation_opened", "copied"]
    assert reads.timeline(key)[-2].properties == {"number": 1}


# --- decisions ------------------------------------------------------------------------------------


def test_a_decision_changes_only_what_is_said(asked: Asked, reviews: ReviewStore) -> None:
    key = asked.ask("Why?")
    assert reviews.get(key).status == "new"
    reviews.decide(key, failure_mode="missing_document", note="  Ask Ana.\n")
    reviews.decide(key, status="planned")
    found = reviews.decide(key, eval_case=True)
    assert (found.status, found.failure_mode, found.note, found.eval_case) == (
        "planned",
        "missing_document",
        "Ask Ana.",
        True,
    )
    assert reviews.get(key) == found
    reviews.decide(key, note="", failure_mode="")
    assert reviews.get(key).note == reviews.get(key).failure_mode == ""


def test_a_word_that_is_none_is_refused(asked: Asked, reviews: ReviewStore) -> None:
    key = asked.ask("Why?")
    with pytest.raises(BadRequest, match="no status"):
        reviews.decide(key, status="later")
    with pytest.raises(BadRequest, match="no failure mode"):
        reviews.decide(key, failure_mode="bad luck")
    with pytest.raises(NotFound):
        reviews.decide("ans_none", status="fixed")
    assert reviews.get(key).updated_at is None


def test_every_failure_mode_says_when_it_applies() -> None:
    assert set(FAILURE_MODES) == set(FAILURE_HINTS)
    assert len(FAILURE_MODES) == 10  # the keys 1 to 9 and 0


def test_a_failure_mode_alone_is_a_decision(
    asked: Asked, reads: QuestionReads, reviews: ReviewStore
) -> None:
    named, noted, untouched = (asked.ask(text) for text in ("A?", "B?", "C?"))
    reviews.decide(named, failure_mode="other")
    reviews.decide(noted, note="Hm.")
    assert set(reads.ids(QuestionFilter(review="new"))) == {noted, untouched}
    assert reviews.decided([named, noted, untouched]) == 1
    assert reads.ids(QuestionFilter(failure_mode="other")) == [named]
    reviews.decide(noted, status="ignored")
    assert reads.ids(QuestionFilter(review="ignored")) == [noted]


def test_eval_cases_come_in_the_order_they_were_asked(asked: Asked, reviews: ReviewStore) -> None:
    late = asked.ask("Late?", NOON + timedelta(hours=1))
    early = asked.ask("Early?")
    for key in (late, early, asked.ask("No?")):
        reviews.decide(key, eval_case=key in (late, early))
    assert [one.answer_id for one in reviews.eval_cases()] == [early, late]


def test_a_deleted_question_takes_its_review_along(
    asked: Asked, reviews: ReviewStore, engine: Engine
) -> None:
    key = asked.ask("Why?")
    reviews.decide(key, status="planned")
    with engine.begin() as connection:
        connection.execute(delete(questions))
    assert reviews.get(key).updated_at is None


# --- gaps -----------------------------------------------------------------------------------------


def test_a_gap_that_is_seen_again_keeps_its_decision(engine: Engine) -> None:
    store = GapStore(engine)
    store.remember([KnownGap("gap_1", "Is there a gym?", b"\x00\x3c")])
    store.decide("gap_1", status="planned", note="Ask Ana.", failure_mode="missing_document")
    store.remember([KnownGap("gap_1", "Is there a fitness club?", b"\x00\x40")])
    (found,) = store.known()
    assert (found.label, found.centroid) == ("Is there a fitness club?", b"\x00\x40")
    assert (found.status, found.note, found.failure_mode) == (
        "planned",
        "Ask Ana.",
        "missing_document",
    )
    with pytest.raises(NotFound):
        store.decide("gap_2", status="fixed")


def test_failures_are_what_got_no_good_answer(asked: Asked, engine: Engine) -> None:
    reads = FailureReads(engine)
    good = asked.ask("Good?", state="answered", level="high", quote="Yes.")
    bad = asked.ask("Bad?", state="answered", level="medium", quote="No.")
    low = asked.ask("Low?", state="partial", level="low", quote="Perhaps.")
    none = asked.ask("None?", private=True)
    asked.ask("Stopped?", end="stopped")
    asked.happens("marked", bad, helpful=False)
    found = reads.failures(NOON, LATER, 10)
    assert {one.answer_id for one in found} == {bad, low, none}
    assert all(one.vector and one.text for one in found)
    assert {one.answer_id for one in found if one.rejected} == {bad}
    assert reads.failures(NOON, LATER, 1) == found[:1]
    assert good in reads.asked(NOON, LATER)


def test_only_new_vectors_are_read(asked: Asked, engine: Engine) -> None:
    reads = FailureReads(engine)
    first = asked.ask("First?")
    second = asked.ask("Second?")
    batches = [row for batch in reads.new_vectors(0, ()) for row in batch]
    assert [row[0] for row in batches] == [first, second]
    revision = max(row[1] for row in batches)
    asked.happens("copied", first)
    third = asked.ask("Third?")
    again = [row for batch in reads.new_vectors(revision, {first, second}) for row in batch]
    known = {key: vector for key, _, vector in again}
    assert known[third]
    assert not known.get(first)


def test_what_came_closest_is_told_with_its_owner(asked: Asked, engine: Engine) -> None:
    from tests.contracts.documents import document

    near = document("benefits", owner="Ana")
    key = asked.ask("Is there a gym?", near=(near,), missing=("gym",))
    found = FailureReads(engine).evidence([key, "ans_none"])
    assert set(found) == {key}
    assert found[key].missing_terms == ("gym",)
    assert [(one.title, one.owner) for one in found[key].near] == [("Benefits", "Ana")]


def test_a_rephrase_that_was_answered_is_found(asked: Asked, engine: Engine) -> None:
    session = "session-a"
    asked.ask("gym membership", NOON, session=session)
    again = asked.ask(
        "gym membership",
        NOON + timedelta(seconds=30),
        session=session,
        state="answered",
        level="high",
        quote="Yes.",
    )
    (found,) = FailureReads(engine).reworded(NOON, LATER, 10)
    assert found.answer_id == again


def test_threads_come_in_order_with_what_their_askers_used(asked: Asked, engine: Engine) -> None:
    first = asked.ask("leave?", session="session-a")
    asked.happens("rephrasing_chosen", first, NOON + timedelta(seconds=10))
    second = asked.ask(
        "leave?", NOON + timedelta(seconds=20), session="session-a", state="answered"
    )
    other = asked.ask("vague?")
    parts = FailureReads(engine).thread_parts([other, second, first])
    own = [part for part in parts if part.thread_id == parts[0].thread_id]
    assert [part.answer_id for part in own] == [first, second]
    assert own[1].rephrase_of == first
    assert own[0].acts == {"rephrasing_chosen"}
