"""From what was read to the quoted answer: how much is quoted, and in which state it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.ask.confidence import Judgment, judge, load_model
from app.ask.drafting import Drafter, QuotedDraft
from app.ask.reading import Reading
from app.ask.sentences import rank_sentences
from app.domain import AnswerState, Document, Hit
from tests.knowledge.hits import make_document, make_hit, make_retrieval

TODAY = date(2026, 11, 22)
QUESTION = "When do boats leave?"


def reading(*hits: Hit, question: str = QUESTION, answerable: bool = True) -> Reading:
    retrieval = make_retrieval(question, *hits)
    candidates = rank_sentences(question, retrieval, 8)
    judgment: Judgment = judge(retrieval, candidates, load_model())
    return Reading(retrieval, candidates, replace(judgment, answerable=answerable))


def drafter(limit: int = 3, newer: Document | None = None) -> Drafter:
    return Drafter(limit, lambda _old: newer, today=lambda: TODAY)


def boats(document: Document | str = "doc", text: str = "Boats leave at 09:30.") -> Hit:
    return make_hit(text, document, score=0.9, lexical=4.0, sentence_scores=(0.9,))


def test_a_good_sentence_is_quoted_with_its_place() -> None:
    draft = drafter().draft(reading(boats()))
    assert draft.answers
    assert draft.state is AnswerState.ANSWERED
    assert [one.text for one in draft.sentences] == ["Boats leave at 09:30."]
    assert [one.quote for one in draft.citations] == ["Boats leave at 09:30."]
    assert (draft.conflicts, draft.stale, draft.uncovered) == ((), (), ())


def test_what_is_not_sure_enough_is_not_quoted() -> None:
    draft = drafter().draft(reading(boats(), answerable=False))
    assert draft == QuotedDraft(AnswerState.NOT_FOUND)
    assert not draft.answers
    assert drafter().draft(reading()) == QuotedDraft(AnswerState.NOT_FOUND)


def test_wider_quotes_twice_as_many_sentences() -> None:
    hits = [
        boats(f"d{i}", f"Boats leave the pier with {who}.")
        for i, who in enumerate(("pilots", "divers", "guests", "mail", "cargo"))
    ]
    found = reading(*hits, question="Do boats leave the pier?")
    assert len(drafter(limit=2).draft(found).quotes) == 2
    assert len(drafter(limit=2).draft(found, wider=True).quotes) == 4


def test_a_page_past_its_review_date_makes_the_answer_outdated() -> None:
    for day, state in (
        (date(2026, 11, 21), AnswerState.OUTDATED),
        (date(2026, 11, 23), AnswerState.ANSWERED),
    ):
        draft = drafter().draft(reading(boats(make_document("timetable", review_by=day))))
        assert draft.state is state
        assert [one.review_by for one in draft.stale] == [day][: len(draft.stale)]
        assert bool(draft.stale) == (state is AnswerState.OUTDATED)


def test_a_superseded_page_names_its_successor() -> None:
    newer = make_document("timetable-2027", title="Timetable 2027")
    old = make_document("timetable", superseded_by="timetable-2027.md")
    [stale] = drafter(newer=newer).draft(reading(boats(old))).stale
    assert (stale.reason, stale.newer_document_id) == ("superseded", "timetable-2027")
    assert stale.newer_title == "Timetable 2027"
