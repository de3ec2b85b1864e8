"""What `footnote ask` prints for each kind of answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain import (
    Answer,
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Filters,
    Level,
    Rephrasing,
    Sentence,
    Side,
    Stale,
)
from app.terminal.output import print_answer
from tests.contracts.test_answers import plain_answer


def citation(number: int, title: str, day: int) -> Citation:
    when = datetime(2026, 1, day, tzinfo=UTC)
    return Citation(
        number, f"doc_{number}", "p", title, "/x.md", "c", "md", (), None, "", "Q.", 0, 2, when
    )


ANSWER = plain_answer(
    "ans_1",
    question="How much may a hotel cost in Porto?",
    state=AnswerState.ANSWERED,
    sentences=(Sentence("Up to EUR 165.", (1,)), Sentence("Up to EUR 140.", (2,))),
    citations=(citation(1, "Policy 2026", 20), citation(2, "Policy 2024", 10)),
    confidence=Confidence(Level.HIGH, 0.9, ("Two agree.",), "Right 9 times in 10 in our tests."),
    documents_searched=62,
)


def printed(answer: Answer, capsys: pytest.CaptureFixture[str]) -> str:
    print_answer(answer)
    return capsys.readouterr().out


def test_an_answer_stands_first_with_its_dated_footnotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(ANSWER, capsys)
    assert shown.startswith("Up to EUR 165. [1] Up to EUR 140. [2]\n")
    assert "[1] Policy 2026 (2026-01-20)\n    /x.md" in shown
    assert "Confidence: high. Right 9 times in 10 in our tests. Two agree." in shown
    assert shown.rstrip().endswith(f"Ask on with --conversation {ANSWER.conversation_id}")


def test_both_sides_of_a_conflict_stand_above_it_with_their_dates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    conflict = Conflict("amount of money", (Side(1, "EUR 165"), Side(2, "EUR 140")))
    answer = replace(ANSWER, state=AnswerState.CONFLICTING, conflicts=(conflict,))
    shown = printed(answer, capsys)
    assert shown.startswith("The sources disagree on amount of money: ")
    assert "“EUR 165” (Policy 2026, 2026-01-20) [1]" in shown
    assert "“EUR 140” (Policy 2024, 2026-01-10) [2]" in shown
    assert shown.index("disagree") < shown.index("Up to EUR 165.")


def test_an_outdated_source_a_missing_part_and_a_notice_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stale = Stale("doc_2", "Policy 2024", "superseded", None, "Policy 2026", "doc_1")
    answer = replace(
        ANSWER, stale=(stale,), uncovered=("the deposit",), notice="Quoted: the model was slow."
    )
    shown = printed(answer, capsys)
    assert "“Policy 2024” was replaced by “Policy 2026”." in shown
    assert "nothing on “the deposit”." in shown
    assert shown.startswith("Quoted: the model was slow.\n")


def test_a_rewritten_follow_up_and_what_to_ask_next_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(replace(ANSWER, asked="and in Porto?", followups=("And meals?",)), capsys)
    assert shown.startswith("Understood as: How much may a hotel cost in Porto?\n")
    assert "You could also ask\n  • And meals?\n" in shown


def test_what_is_not_found_says_what_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    answer = plain_answer(
        "ans_1",
        missing_terms=("dental",),
        documents_searched=62,
        filters=Filters(kinds=("pdf",)),
        rephrasings=(
            Rephrasing("How much is insurance?", "No document mentions “dental”.", Filters()),
        ),
    )
    shown = printed(answer, capsys)
    assert shown.startswith("The documents hold no answer to this.\n62 documents were searched.\n")
    assert "In no document: “dental”." in shown
    assert "Try asking\n  • How much is insurance? (in all documents) – No document" in shown


def test_a_document_cannot_give_orders_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J"
    answer = replace(
        ANSWER,
        sentences=(Sentence(f"Up{evil} to", (1,), emphasis=((0, 2),)),),
        citations=(citation(1, f"Policy{evil}", 20),),
        followups=(f"And{evil}?",),
    )
    shown = printed(answer, capsys)
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "Up" in shown
