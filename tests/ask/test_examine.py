"""From quotes to the answer's state: contested, out of date, in part, or plainly answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from app.ask.quotes import compile_answer, select
from app.ask.sentences import rank_sentences
from app.ask.state.examine import Examination, conflicts_of, examine
from app.ask.state.freshness import Successor, successor_in
from app.bootstrap import Services
from app.domain import AnswerState, Document, Hit
from app.knowledge.ports import Embedder
from tests.knowledge.company import ingested
from tests.knowledge.hits import make_document, make_hit, make_retrieval

TODAY = date(2026, 11, 22)
QUESTION = "Within how many days can a bicycle be returned?"


def none_newer(_document: Document) -> Document | None:
    return None


def examined(
    question: str, *hits: Hit, read: int = 8, successor: Successor = none_newer
) -> Examination:
    retrieval = make_retrieval(question, *hits)
    candidates = rank_sentences(question, retrieval, read)
    quotes = select(candidates, 3)
    return examine(question, retrieval, candidates, quotes, today=TODAY, successor=successor)


def returns(key: str, days: int, score: float = 0.7, **fields: object) -> Hit:
    document = make_document(key, **fields)
    text = f"A bicycle can be returned within {days} days of purchase."
    return make_hit(text, document, score=score, sentence_scores=(0.8,))


def changed(year: int) -> datetime:
    return datetime(year, 5, 1, tzinfo=UTC)


def test_nothing_to_quote_is_left_alone() -> None:
    assert examined(QUESTION) == Examination(AnswerState.ANSWERED, ())


def test_documents_that_agree_are_an_answer() -> None:
    found = examined(QUESTION, returns("shop", 14), returns("terms", 14, score=0.6))
    assert (found.state, found.conflicts) == (AnswerState.ANSWERED, ())


def test_both_sides_of_a_conflict_are_quoted_the_newer_first() -> None:
    found = examined(
        QUESTION,
        returns("shop", 14, modified_at=changed(2024)),
        returns("terms", 30, score=0.6, modified_at=changed(2026)),
    )
    assert found.state is AnswerState.CONFLICTING
    [conflict] = found.conflicts
    assert conflict.about == "period of time"
    assert [says for _quote, says in conflict.sides] == ["30 days", "14 days"]
    assert not conflict.settled
    assert [quote.hit.document.id for quote in found.quotes] == ["terms", "shop"]


def test_a_side_that_was_not_read_for_the_answer_is_found_among_the_other_hits() -> None:
    found = examined(QUESTION, returns("shop", 14), returns("terms", 30, score=0.6), read=1)
    assert found.state is AnswerState.CONFLICTING
    assert {quote.hit.document.id for quote in found.quotes} == {"shop", "terms"}


def test_conflicts_carry_the_numbers_of_their_citations() -> None:
    found = examined(QUESTION, returns("shop", 14), returns("terms", 30, score=0.6))
    _sentences, citations = compile_answer(found.quotes)
    [conflict] = conflicts_of(found, citations)
    said = {side.citation: side.says for side in conflict.sides}
    assert all(said[citation.number] in citation.quote for citation in citations)
    assert conflicts_of(found, citations[:1]) == ()  # one side alone is no conflict


NEW = make_document("new", title="Returns policy 2026", modified_at=changed(2026))
OLD = make_document(
    "old", title="Returns policy 2024", superseded_by="new.md", modified_at=changed(2024)
)


def follows(document: Document) -> Document | None:
    return NEW if document.id == "old" else None


def policy(document: Document, days: int, score: float = 0.7) -> Hit:
    text = f"A bicycle can be returned within {days} days of purchase."
    return make_hit(text, document, score=score, sentence_scores=(0.8,))


def test_the_newer_version_answers_and_the_older_is_shown_as_what_was_said_before() -> None:
    found = examined(QUESTION, policy(OLD, 14, 0.8), policy(NEW, 30), successor=follows)
    assert found.state is AnswerState.ANSWERED
    [conflict] = found.conflicts
    assert conflict.settled
    assert [says for _quote, says in conflict.sides] == ["30 days", "14 days"]
    assert [(one.document_id, one.newer_document_id) for one in found.stale] == [("old", "new")]


def test_versions_told_apart_by_their_titles_alone_are_settled_too() -> None:
    nameless = make_document("old", title="Returns policy 2024", modified_at=changed(2024))
    found = examined(QUESTION, policy(nameless, 14, 0.8), policy(NEW, 30))
    assert found.state is AnswerState.ANSWERED
    assert found.conflicts[0].settled


def test_who_asks_for_the_old_version_gets_it_with_a_link_to_the_newer() -> None:
    question = "Within how many days could a bicycle be returned under the 2024 policy?"
    found = examined(question, policy(OLD, 14, 0.8), policy(NEW, 30), successor=follows)
    assert found.state is AnswerState.OUTDATED
    assert [quote.hit.document.id for quote in found.quotes] == ["old", "new"]
    assert found.stale[0].newer_title == "Returns policy 2026"


def test_an_old_document_alone_is_outdated_and_names_its_successor() -> None:
    found = examined(QUESTION, policy(OLD, 14), successor=follows)
    assert found.state is AnswerState.OUTDATED
    assert found.stale[0].newer_document_id == "new"


def test_what_is_no_longer_in_force_contradicts_no_third_document() -> None:
    found = examined(QUESTION, returns("terms", 30, 0.8), policy(OLD, 14, 0.6), successor=follows)
    assert found.conflicts == ()


def test_the_old_version_is_left_out_when_the_newer_says_the_same() -> None:
    found = examined(QUESTION, policy(NEW, 14, 0.8), policy(OLD, 14), successor=follows)
    assert found.state is AnswerState.ANSWERED
    assert [quote.hit.document.id for quote in found.quotes] == ["new"]
    assert found.stale == ()


def test_evidence_past_its_review_date_is_outdated() -> None:
    found = examined(QUESTION, returns("shop", 14, review_by=date(2025, 3, 31)))
    assert found.state is AnswerState.OUTDATED
    assert found.stale[0].review_by == date(2025, 3, 31)


def test_a_stale_document_beside_a_current_one_is_only_marked() -> None:
    found = examined(
        QUESTION,
        returns("terms", 14, score=0.9),
        make_hit(
            "A bicycle can be returned within 14 days at every branch.",
            make_document("old-notes", review_by=date(2025, 3, 31)),
            score=0.85,
            sentence_scores=(0.78,),
        ),
    )
    assert found.state is AnswerState.ANSWERED
    assert [one.document_id for one in found.stale] == ["old-notes"]


def test_a_part_without_evidence_makes_the_answer_partial() -> None:
    question = "Within how many days can a bicycle be returned, and who built the Lyon tunnel?"
    found = examined(question, returns("shop", 14))
    assert (found.state, found.uncovered) == (AnswerState.PARTIAL, ("who built the Lyon tunnel",))


# --- with real retrieval -------------------------------------------------------------------------

LIBRARY = {
    "library": {
        "borrowing-rules.md": """---
updated: 2026-02-01
---
# Borrowing rules

## Loans

Every reader may keep a borrowed book for 28 days, counted from the day of issue. A loan is renewed
by telephone or at the desk.

## Fees

A lost library card costs EUR 8 to replace.
""",
        "desk-handbook.md": """---
updated: 2025-06-15
---
# Handbook for the desk

## Lending

Tell readers that books are lent for 21 days, and that they may renew by telephone.

## Pets

Guide dogs are welcome. Other animals stay outside.
""",
        "opening-2024.md": """---
title: Opening hours policy 2024
updated: 2024-01-10
---
# Opening hours policy 2024

This policy has been replaced by the Opening hours policy 2026.

On Saturdays the reading room opens at 10:00.
""",
        "opening-2026.md": """---
title: Opening hours policy 2026
updated: 2026-01-10
---
# Opening hours policy 2026

On Saturdays the reading room opens at 9:00.
""",
        "scanner.md": """---
updated: 2024-05-05
---
# Book scanner

Next review: May 2025

The scanner on the second floor reads pages up to A2. Ask the desk for the key.
""",
    }
}


@pytest.fixture(scope="module")
def library(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A library's documents with a contradiction, an old version and a page past its review."""
    with ingested(tmp_path_factory.mktemp("library"), LIBRARY, embedder) as services:
        yield services


def asked(library: Services, question: str) -> Examination:
    retrieval = library.search.search(question, 16)
    candidates = rank_sentences(question, retrieval, 8)
    return examine(
        question,
        retrieval,
        candidates,
        select(candidates, 3),
        today=TODAY,
        successor=successor_in(library.documents),
        vectors=library.documents.vectors,
    )


def test_a_paraphrased_contradiction_is_found_by_meaning(library: Services) -> None:
    found = asked(library, "How many days may I keep a borrowed book?")
    assert found.state is AnswerState.CONFLICTING
    assert [says for _quote, says in found.conflicts[0].sides] == ["28 days", "21 days"]


def test_an_uncontested_fact_of_the_same_documents_is_answered(library: Services) -> None:
    found = asked(library, "What does it cost to replace a lost library card?")
    assert (found.state, found.conflicts) == (AnswerState.ANSWERED, ())


def test_a_replaced_policy_named_only_in_its_text_gives_way(library: Services) -> None:
    found = asked(library, "When does the reading room open on Saturdays?")
    assert found.state is AnswerState.ANSWERED
    [conflict] = found.conflicts
    assert conflict.settled
    assert [says for _quote, says in conflict.sides] == ["9:00", "10:00"]


def test_a_review_date_written_only_in_the_text_counts(library: Services) -> None:
    found = asked(library, "Which page size can the scanner on the second floor read?")
    assert found.state is AnswerState.OUTDATED
    assert found.stale[0].review_by == date(2025, 5, 31)
