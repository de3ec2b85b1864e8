"""What to try when nothing was found, and corrected spelling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pytest

from app.ask.conversation.rephrase import rephrasings, untried, without
from app.ask.conversation.spelling import replaced
from app.domain import Filters, Rephrasing
from tests.ask.asking import EVERYTHING, HANDBOOK, Asking
from tests.knowledge.company import ingested

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder


@pytest.fixture(scope="module")
def handbook(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with ingested(tmp_path_factory.mktemp("handbook"), HANDBOOK, embedder) as services:
        yield Asking(services)


def tries(asking: Asking, question: str, filters: Filters = EVERYTHING) -> tuple[Rephrasing, ...]:
    asking.checked.clear()
    return rephrasings(
        question,
        asking.search(question, filters),
        filters,
        texts=asking.services.documents,
        answerable=asking.answerable,
        speller=asking.speller(),
    )


# --- rephrasings ---------------------------------------------------------------------------------


def test_a_misspelled_word_is_proposed_as_the_documents_write_it(handbook: Asking) -> None:
    first = tries(handbook, "batery of a buoy lasts")[0]
    assert first.question == "battery of a buoy lasts"
    assert first.why == "“batery” stands in no document, “battery” does."


def test_a_word_that_no_document_has_is_dropped(handbook: Asking) -> None:
    found = tries(handbook, "How much does dental insurance cost?")
    assert any("dental" not in one.question and "insurance" in one.question for one in found)
    assert any("“dental”" in one.why for one in found)


def test_filters_that_leave_the_answer_out_are_taken_away(handbook: Asking) -> None:
    question = "How much is reimbursed for a hotel night?"
    found = tries(handbook, question, Filters(collections=("office",)))
    assert found[0] == Rephrasing(question, found[0].why, EVERYTHING)
    assert "all documents" in found[0].why


def test_dates_are_taken_away_before_the_other_filters(handbook: Asking) -> None:
    question = "How much is reimbursed for a hotel night?"
    narrow = Filters(collections=("handbook",), changed_before=date(2000, 1, 1))
    found = tries(handbook, question, narrow)
    assert found[0].question == question
    assert found[0].filters == Filters(collections=("handbook",))


def test_filters_stay_when_no_document_answers_anyway(handbook: Asking) -> None:
    found = tries(handbook, "Who won the chess championship?", Filters(collections=("office",)))
    assert all(one.filters.active for one in found)


def test_a_nearer_question_of_the_documents_is_proposed(handbook: Asking) -> None:
    question = "carry sabbatical vacation over"
    proposed = [one.question for one in tries(handbook, question)]
    assert "Can I carry vacation days over to the next year?" in proposed


def test_what_was_tried_comes_first_and_the_question_itself_never(handbook: Asking) -> None:
    for question in ("batery of a buoy lasts", "How much does dental insurance cost?"):
        found = tries(handbook, question)
        judged = [handbook.judged(one.question, one.filters) for one in found]
        assert judged == sorted(judged, reverse=True)
        assert question not in [one.question for one in found]
        assert len(found) <= 3
        assert len(handbook.checked) <= 4


def test_nothing_is_proposed_for_what_the_documents_never_touch(handbook: Asking) -> None:
    assert tries(handbook, "Who won the Reykjavik chess championship?") == ()


def at_once(
    asking: Asking, question: str, filters: Filters = EVERYTHING, asked: tuple[str, ...] = ()
) -> list[str]:
    asking.checked.clear()
    found = asking.search(question, filters)
    told = untried(question, found, filters, speller=asking.speller(), asked=asked)
    assert asking.checked == []
    assert {one.filters for one in told} <= {filters}
    return [one.question for one in told]


def test_what_is_shown_at_once_was_not_tried_and_stands_in_the_documents(handbook: Asking) -> None:
    assert at_once(handbook, "batery of a buoy lasts")[0] == "battery of a buoy lasts"
    closest = at_once(handbook, "carry sabbatical vacation over")
    assert "Can I carry vacation days over to the next year?" in closest
    assert len(closest) <= 3
    assert at_once(handbook, "Who won the Reykjavik chess championship?") == []


def test_what_is_shown_at_once_was_not_asked_before(handbook: Asking) -> None:
    first = at_once(handbook, "batery of a buoy lasts")
    again = at_once(handbook, "batery of a buoy lasts", asked=(first[0].upper(),))
    assert again == first[1:]


@pytest.mark.parametrize(
    ("question", "missing", "left"),
    [
        ("How much does dental insurance cost?", ["dental"], "How much does insurance cost?"),
        ("What is the hotel cap in Tokyo?", ["Tokyo"], "What is the hotel cap?"),
        ("What is the hotel cap for the Tokyo?", ["Tokyo"], "What is the hotel cap?"),
        ("Is Tokyo covered by travel insurance?", ["Tokyo"], "Is covered by travel insurance?"),
        ("Who sells umbrellas?", ["umbrellas"], None),
        ("hotel cap", ["breakfast"], None),
    ],
)
def test_dropping_a_word_takes_what_hangs_on_it(
    question: str, missing: list[str], left: str | None
) -> None:
    assert without(question, missing) == left


# --- spelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("batery life", "battery life"),
        ("Batery life", "Battery life"),
        ("how many vacatoin days", "how many vacation days"),
        ("Are hotels reimbursd?", "Are hotels reimbursed?"),
        ("is alcohool paid", "is alcohol paid"),
        ("tecnicians", "technicians"),
    ],
)
def test_a_misspelled_word_is_corrected(handbook: Asking, typed: str, meant: str) -> None:
    assert handbook.speller().corrected(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "How many vacation days do I have?",  # nothing is wrong
        "dental insurance",  # a word that no document has, but a word
        "flights to Batery Park",  # a name
        "xqzzvwk",  # nothing is near
        "v2-batery",  # no plain word
        "",
    ],
)
def test_what_may_be_meant_is_left_alone(handbook: Asking, typed: str) -> None:
    assert handbook.speller().corrected(typed) is None


def test_a_misspelled_name_is_only_proposed(handbook: Asking) -> None:
    speller = handbook.speller()
    assert speller.corrected("is there a Batery in it") is None
    assert speller.proposals("is there a Batery in it") == {"Batery": "battery"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("are hotels pald", "are hotels paid"),  # a short word
        ("how many vacatoin dasy", "how many vacation days"),  # two at once
        ("are tehcniciasn paid", "are technicians paid"),  # two edits
        ("how mnay vacation days", "how many vacation days"),  # a word of the language
        ("is teh hotel paid", "is the hotel paid"),  # two letters swapped in a short one
        ("is there a Batery in it", "is there a Battery in it"),  # a name, by one letter
    ],
)
def test_bolder_spellings_are_guessed_to_be_read_first(
    handbook: Asking, typed: str, meant: str
) -> None:
    assert meant in handbook.speller().guesses(typed)


@pytest.mark.parametrize("typed", ["dental insurance", "flights to Bxatxry", "xqzzvwk", ""])
def test_a_guess_leaves_far_names_and_words_of_the_language(handbook: Asking, typed: str) -> None:
    assert handbook.speller().guesses(typed) == []


def test_guesses_are_few_and_each_another_one(handbook: Asking) -> None:
    made = handbook.speller().guesses("batery hotl vacatoin tecnicians reimbursd alcohool paid")
    assert 1 <= len(made) <= 4
    assert len(set(made)) == len(made)


def test_neighbors_come_nearest_first(handbook: Asking) -> None:
    near = handbook.speller().neighbors("wintre")
    assert near[0].word == "winter"
    assert near == sorted(near, key=lambda one: one.distance)


def test_only_whole_words_are_replaced() -> None:
    assert replaced("bat batter bat", {"bat": "cat"}) == "cat batter cat"
