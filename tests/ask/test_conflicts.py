"""Which statements contradict each other, and which only seem to."""

from __future__ import annotations

import pytest

from app.ask.checking.claims import read
from app.ask.sentences import rank_sentences
from app.ask.state.conflicts import YES_OR_NO, Clash, Evidence, clashes
from app.ask.state.denial import contrary
from app.ask.state.overtaking import overtakings
from app.ask.state.values import differ, values
from app.domain import Hit
from tests.knowledge.hits import MOMENT, make_document, make_hit, make_retrieval

CLOSE = 0.7
"""A cosine that sentences on one matter have."""


def evidence(question: str, *hits: Hit, nearness: float = CLOSE) -> Evidence:
    retrieval = make_retrieval(question, *hits)
    ranked = rank_sentences(question, retrieval, read=len(hits))
    return Evidence(question, ranked, retrieval.term_weights, lambda _a, _b: nearness)


def said(found: list[Clash]) -> set[str]:
    return {found[0].says_a, found[0].says_b} if found else set()


def contested(question: str, one: str, other: str, **fields: object) -> set[str]:
    """What two documents say against each other."""
    a = make_hit(one, "handbook", score=0.7, sentence_scores=(0.8,))
    b = make_hit(other, "faq", score=0.6, sentence_scores=(0.75,))
    return said(clashes(evidence(question, a, b, **fields)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("within 14 days", "within 30 days"),
        ("EUR 1,200", "1300 €"),
        ("at least 12 characters", "a minimum of 14 characters"),
        ("15 %", "20 percent"),
        ("31 March 2026", "2026-04-30"),
        ("Q1 2027", "the second quarter of 2027"),
        ("from 9:00", "from 10:00"),
        ("version 4.2", "version 5.0"),
        ("twenty guests", "30 guests"),
        ("EUR 45 a day", "EUR 55 for each full day"),
    ],
)
def test_values_that_cannot_both_be_true_differ(one: str, other: str) -> None:
    [a], [b] = values(one), values(other)
    assert differ(a, b)
    assert differ(b, a)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 weeks", "14 days"),
        ("1,000 euros", "EUR 1000"),
        ("fourteen days", "14 days"),
        ("12 months", "one year"),
        ("90 days", "three months"),
        ("about 5 million", "4.9 million"),
        ("March 2026", "2026-03-14"),
        ("the first quarter of 2027", "February 2027"),
        ("20 to 30 days", "25 days"),
        ("version 4.2.1", "version 4.2"),
        ("5 working days", "7 days"),
        ("at least 5 days", "at most 10 days"),
        ("EUR 45 a day", "EUR 900 a month"),
        ("20 guests", "30 tables"),
        ("14 days", "5 years"),
        ("EUR 50", "USD 60"),
        ("each additional 100 requests", "60 requests"),
    ],
)
def test_values_that_may_both_be_true_do_not_differ(one: str, other: str) -> None:
    assert not any(differ(a, b) for a in values(one) for b in values(other))


@pytest.mark.parametrize("text", ["see section 5", "4.2 Scope of this rule", "the LX-3", "Step 2"])
def test_numbers_that_only_name_something_are_no_values(text: str) -> None:
    assert values(text) == ()


def test_two_documents_with_different_periods_for_one_thing_clash() -> None:
    found = contested(
        "Within how many days can a bicycle be returned?",
        "Customers may return a bicycle within 30 days of purchase.",
        "A bicycle can be returned within 14 days of purchase for a full refund.",
    )
    assert found == {"30 days", "14 days"}


def test_a_table_row_clashes_with_a_sentence_on_the_same_thing() -> None:
    found = contested(
        "How much is the book allowance?",
        "Item: Book allowance | Limit: EUR 300 a year | Remarks: receipts needed",
        "The book allowance is EUR 250 a year for everybody.",
    )
    assert found == {"EUR 300", "EUR 250"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # the same value in other words
        ("A bicycle is repaired within 2 weeks.", "A bicycle is repaired within 14 days."),
        # of another thing
        ("A bicycle is repaired within 14 days.", "A kayak is rented for 3 days at most."),
        # under another condition
        (
            "At a 10-minute interval the bicycle lamp lasts 14 days.",
            "At a 30-minute interval the bicycle lamp lasts 40 days.",
        ),
        # for others, each of them named
        (
            "In Lisbon a bicycle is repaired within 14 days.",
            "In Toulouse a bicycle is repaired within 20 days.",
        ),
        # in another year
        (
            "In 2024 a bicycle was repaired within 14 days.",
            "In 2026 a bicycle was repaired within 9 days.",
        ),
        # of another rank
        (
            "The first repair of a bicycle takes 3 days.",
            "The second repair of a bicycle takes 5 days.",
        ),
        # of another model
        ("The bicycle R1 is repaired within 14 days.", "The bicycle R2 is repaired within 9 days."),
    ],
)
def test_statements_of_different_things_do_not_clash(one: str, other: str) -> None:
    assert contested("How long does it take until a bicycle is repaired?", one, other) == set()


def test_what_the_question_itself_gives_is_no_answer_to_it() -> None:
    found = contested(
        "How long does the lamp last at a 10-minute interval?",
        "The lamp lasts 14 months at a 10-minute interval.",
        "At a 10-minute interval the lamp lasts 18 months.",
    )
    assert found == {"14 months", "18 months"}


def test_sentences_of_far_meaning_do_not_clash_though_their_words_are_alike() -> None:
    one, other = "The season has 12 episodes.", "The season has 16 episodes."
    assert contested("How many episodes are there?", one, other)
    assert not contested("How many episodes are there?", one, other, nearness=0.0)


def test_rows_of_one_table_do_not_clash() -> None:
    rows = "City: Porto | Cap: EUR 140\nCity: Oslo | Cap: EUR 180"
    found = clashes(evidence("What is the cap?", make_hit(rows, sentence_scores=(0.8, 0.8))))
    assert found == []


def test_pages_of_one_series_speak_of_different_things() -> None:
    def page(city: str, guests: int) -> Hit:
        document = make_document(city, title=f"Visitors in the {city} office")
        text = f"For events with more than {guests} guests, ask the desk for a code."
        return make_hit(text, document, score=0.7, sentence_scores=(0.8,))

    question = "From how many guests on do I need a code for events?"
    assert clashes(evidence(question, page("Lyon", 20), page("Ghent", 10))) == []
    other = make_hit(
        "For events with more than 10 guests, ask the desk for a code.",
        make_document("rules", title="House rules"),
        score=0.7,
        sentence_scores=(0.8,),
    )
    assert said(clashes(evidence(question, page("Lyon", 20), other))) == {"20", "10"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Contractors may use the archive.", "Contractors are not allowed to use the archive."),
        ("Dogs are allowed in the office.", "Dogs are prohibited in the office."),
        ("The pilot in Lyon did start.", "The pilot in Lyon did not start."),
        ("Two-factor login is mandatory for staff.", "Two-factor login is optional for staff."),
        ("The shop is open on Sundays.", "The shop is closed on Sundays."),
        ("You can carry over unused leave.", "Unused leave cannot be carried over."),
    ],
)
def test_a_denial_contradicts_what_it_denies(one: str, other: str) -> None:
    assert contrary(read(one), read(other))
    assert contrary(read(other), read(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dogs are not allowed in the office.", "Dogs are prohibited in the office."),
        ("Contractors may use the archive.", "Contractors may use the archive room."),
        ("Limits count per key, not per user.", "Limits count for every key."),
        ("The shop is open on Sundays.", "The museum is not open on Mondays."),
        ("Leave can be carried over.", "Payments cannot be made in cash."),
    ],
)
def test_agreeing_and_unrelated_sentences_are_not_contrary(one: str, other: str) -> None:
    assert not contrary(read(one), read(other))


def test_documents_that_allow_and_forbid_the_same_clash() -> None:
    found = clashes(
        evidence(
            "Are dogs allowed in the office?",
            make_hit("Dogs are allowed in the office.", "handbook", sentence_scores=(0.8,)),
            make_hit("Dogs are not allowed in the office.", "lease", sentence_scores=(0.8,)),
        )
    )
    assert found[0].about == YES_OR_NO
    assert said(found) == {"Dogs are allowed in the office.", "Dogs are not allowed in the office."}


def decision(*, day: int) -> Hit:
    document = make_document("minutes", title="Minutes", modified_at=MOMENT.replace(day=day))
    text = "Night service in Ghent is decided to begin on September 5, 2026."
    return make_hit(text, document, score=0.8, sentence_scores=(0.8,))


REVIEW = make_hit(
    "Night service in Ghent did not begin.\nThe board had decided September 5.\n"
    "The start was moved to January 9, 2027.",
    make_document("review", title="Review", modified_at=MOMENT.replace(day=20)),
    score=0.6,
    sentence_scores=(0.6, 0.5, 0.5),
)


def test_a_later_text_that_calls_a_decision_changed_is_found() -> None:
    found = overtakings(
        evidence("When does night service in Ghent begin?", decision(day=2), REVIEW)
    )
    assert said(found) == {"September 5, 2026", "January 9, 2027"}


def test_an_earlier_text_overtakes_nothing() -> None:
    question = "When does night service in Ghent begin?"
    assert overtakings(evidence(question, decision(day=25), REVIEW)) == []
