"""Each state has a card of its own, with a next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.ask import confidence
from app.domain import (
    Answer,
    AnswerState,
    Conflict,
    Finished,
    Searching,
    Side,
    Stale,
    Usage,
    Verdict,
)
from app.web.confidence_view import SIGNALS
from app.web.pattern_samples import (
    sample_answered,
    sample_conflicting,
    sample_fallen_back,
    sample_followup,
    sample_not_found,
    sample_outdated,
    sample_partial,
    sample_written,
    samples,
)
from app.web.templating import usage
from tests.web.conftest import HTMX, Scripted, events, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services


@pytest.fixture
def card(client: TestClient, services: Services) -> Callable[[Answer], Any]:
    """The page of a stored answer."""
    count = iter(range(100))

    def shown(answer: Answer) -> Any:
        name = f"ans_card_{next(count)}_{datetime.now(UTC).timestamp()}"
        services.answers.add(replace(answer, answer_id=name))
        response = client.get(f"/a/{name}")
        assert response.status_code == 200
        return tree(response.text)

    return shown


def asked(link: Any) -> dict[str, list[str]]:
    """What a link that asks would ask."""
    parts = urlsplit(link.attributes["href"])
    assert parts.path in ("/ask", "/")
    return parse_qs(parts.query)


def text(node: Any) -> str:
    return " ".join(node.text().split())


@pytest.mark.parametrize("name", samples())
def test_the_streamed_card_is_the_one_of_the_page(
    client: TestClient, services: Services, scripted: Callable[..., Scripted], name: str
) -> None:
    answer = replace(samples()[name], answer_id=f"ans_stream_{name.replace(' ', '_')}")
    services.answers.add(answer)
    scripted(Searching(answer.question, answer.asked), Finished(answer))
    got = events(client.post("/ask", data={"q": answer.question}, headers=HTMX).text)
    (address,) = [told for name, told in got if name == "footnote:finished"]
    changes = [told for name, told in got if not name]
    stored = tree(client.get(address).text).css_first("article.answer")
    if answer.state is AnswerState.NOT_FOUND:  # what to try comes behind its card
        assert text(tree(changes.pop())) == text(stored.css_first("#tries"))
        stored.css_first("#tries").decompose()
    streamed = tree(changes.pop()).css_first("article.answer")
    for looking in streamed.css("#tries"):
        looking.decompose()
    assert text(streamed) == text(stored)


# --- conflicting ---------------------------------------------------------------------------------


def test_both_sides_of_a_disagreement_are_quoted_dated_and_linked(
    card: Callable[[Answer], Any],
) -> None:
    page = card(sample_conflicting())
    about = page.css_first(".about-what")
    assert text(about) == "Your documents disagree on the times."
    newer, older = page.css(".party")
    assert text(newer.css_first(".tag")) == "newer"
    assert not older.css(".tag")
    assert "Harbor handbook" in text(newer)
    assert "changed 12 Mar 2026" in text(newer)
    assert "changed 4 Nov 2024" in text(older)
    assert text(older.css_first("blockquote mark")) == "from 9:00 to 15:00"
    for side in (newer, older):
        assert "#quote" in side.css("a")[-1].attributes["href"]


def test_a_quote_that_stands_in_a_side_is_not_repeated_below(card: Callable[[Answer], Any]) -> None:
    page = card(sample_conflicting())
    assert "C4" in text(page.css_first(".prose"))
    assert "weekdays" not in text(page.css_first(".prose"))


def test_without_two_different_dates_no_side_is_called_newer(card: Callable[[Answer], Any]) -> None:
    answer = sample_conflicting()
    undated = tuple(replace(citation, updated_at=None) for citation in answer.citations)
    page = card(replace(answer, citations=undated))
    assert not page.css(".tag")
    assert "no date" in text(page.css_first(".party"))
    assert "more likely" not in text(page.css_first(".next"))


def test_a_settled_disagreement_is_a_quiet_line_with_a_link(card: Callable[[Answer], Any]) -> None:
    page = card(sample_answered())
    line = page.css_first(".before li")
    assert text(line) == "Before: Harbor handbook 2024 (4 Nov 2024) said “from 9:00 to 15:00”."
    assert "/documents/doc_c?" in line.css_first("a").attributes["href"]
    assert not page.css(".party")


def test_a_conflict_whose_citation_is_gone_breaks_no_card(card: Callable[[Answer], Any]) -> None:
    answer = replace(
        sample_conflicting(), conflicts=(Conflict("times", (Side(1, "7:30"), Side(9, "9:00"))),)
    )
    page = card(answer)
    assert not page.css(".party")
    assert "weekdays" in text(page.css_first(".prose"))


# --- outdated ------------------------------------------------------------------------------------


def test_an_outdated_card_names_and_links_the_newer_document(card: Callable[[Answer], Any]) -> None:
    replaced, overdue = card(sample_outdated()).css(".stale")
    assert "“Harbor handbook” has been replaced by Harbor handbook 2026." in text(replaced)
    links = {text(link): link.attributes["href"] for link in replaced.css("a")}
    assert links["Open the newer one"] == "/documents/doc_d"
    assert parse_qs(urlsplit(links["Ask in the newer one only"]).query)["document"] == ["doc_d"]
    assert "is past its review date of 31 Jan 2026" in text(overdue)


def test_a_newer_document_that_is_not_there_is_not_linked(card: Callable[[Answer], Any]) -> None:
    stale = Stale("doc_a", "Harbor handbook", "superseded", None, "Handbook 2027", None)
    note = card(replace(sample_outdated(), stale=(stale,))).css_first(".stale")
    assert "by “Handbook 2027”, which is not among your documents." in text(note)
    assert [text(link) for link in note.css("a")] == ["Harbor handbook", "Open the document"]


# --- partial, not found --------------------------------------------------------------------------


def test_a_partial_card_names_what_is_missing_and_asks_about_it_alone(
    card: Callable[[Answer], Any],
) -> None:
    section = card(sample_partial()).css_first(".uncovered")
    part = "When is the harbor office open on public holidays?"
    assert part in text(section)
    assert asked(section.css_first("li a")) == {"q": [part]}
    assert section.css("form.tell")


def test_a_refusal_offers_questions_to_try_with_their_reason(card: Callable[[Answer], Any]) -> None:
    page = card(sample_not_found())
    first, second = page.css(".missing .tries li")
    assert asked(first.css_first("a"))["q"] == ["When is the harbor office open?"]
    assert "Without “holidays”" in text(first)
    assert asked(second.css_first("a"))["collection"] == ["crew"]
    ways_on = {link.attributes["href"].split("?")[0] for link in page.css(".missing .next a")}
    assert ways_on == {"/search", "/documents#add"}
    assert page.css(".missing form.tell")


# --- confidence ----------------------------------------------------------------------------------


def test_the_level_has_its_measured_meaning_its_reasons_and_its_signals(
    card: Callable[[Answer], Any],
) -> None:
    section = card(sample_answered()).css_first(".confidence")
    assert "Answers like this were right 19 times in 20 in our tests." in text(section)
    assert "Two documents agree." in text(section)
    rows = {text(row.css_first("th")): text(row.css_first("td")) for row in section.css("tbody tr")}
    assert rows["Share of the question's words in the best sentence"] == "0.83"
    assert rows["Meaning and words point to the same passage"] == "yes"
    assert rows["A new signal"] == "0.50"
    assert "%" not in text(section)


def test_every_signal_of_the_confidence_has_words() -> None:
    assert set(SIGNALS) == set(confidence.SIGNALS)


def test_an_answer_from_before_there_were_signals_has_no_empty_table(
    card: Callable[[Answer], Any],
) -> None:
    page = card(replace(sample_answered(), signals={}))
    assert not page.css(".why")


# --- written -------------------------------------------------------------------------------------


def test_a_written_answer_carries_its_model_and_a_verdict_in_words(
    card: Callable[[Answer], Any],
) -> None:
    page = card(sample_written())
    assert text(page.css_first(".label")) == "Written by gpt-5-mini"
    doubts = [text(node) for node in page.css(".doubt")]
    assert doubts == [
        "only partly supported: “30 days” stands in no cited passage.",
        "no source given",
    ]
    assert "1,832 tokens read, 94 written, $0.0006" in text(page.css_first(".meta"))


def test_a_sentence_against_its_source_is_told_from_one_without(
    card: Callable[[Answer], Any],
) -> None:
    answer = sample_written()
    against = replace(answer.sentences[1], verdict=Verdict.UNSUPPORTED, problems=())
    page = card(replace(answer, sentences=(against,)))
    assert text(page.css_first(".doubt")) == "not supported by the source"


def test_quotes_that_stand_in_for_a_model_say_so(card: Callable[[Answer], Any]) -> None:
    page = card(sample_fallen_back())
    assert "did not answer within 20 seconds" in text(page.css_first(".note"))
    assert "price unknown" in text(page.css_first(".meta"))


@pytest.mark.parametrize(
    ("used", "told"),
    [
        (Usage(), ""),
        (Usage(1200, 30, None), "1,200 tokens read, 30 written, price unknown"),
        (Usage(1200, 30, 0.0), "1,200 tokens read, 30 written, $0.00"),
        (Usage(1200, 30, 0.0312), "1,200 tokens read, 30 written, $0.03"),
        (Usage(1200, 30, 0.00004), "1,200 tokens read, 30 written, under $0.0001"),
    ],
)
def test_tokens_and_price_are_told_and_an_unknown_price_is_not_zero(used: Usage, told: str) -> None:
    assert usage(used) == told


# --- what documents and models write stays text --------------------------------------------------


def test_nothing_that_a_card_shows_becomes_markup_or_a_link(card: Callable[[Answer], Any]) -> None:
    evil = '<img src="https://evil.example/x.png"><a href="https://evil.example">x</a>'
    followup = sample_followup()
    answer = replace(
        sample_conflicting(),
        mode="written",
        model=evil,
        notice=evil,
        asked=evil,
        question=evil,
        followups=(evil,),
        uncovered=(evil,),
        missing_terms=(evil,),
        conflicts=(Conflict(evil, (Side(1, evil), Side(2, evil))),),
        stale=(Stale(evil, evil, "superseded", None, evil, evil),),
        signals={evil: 0.5},
        confidence=replace(followup.confidence, reasons=(evil,), measured=evil),
        sentences=tuple(
            replace(one, text=evil, emphasis=(), problems=(evil,), verdict=Verdict.PARTLY)
            for one in followup.sentences
        ),
        citations=tuple(
            replace(one, title=evil, quote=evil, collection=evil)
            for one in sample_conflicting().citations
        ),
    )
    page = card(answer)
    assert not page.css("img")
    links = [link.attributes.get("href") or "" for link in page.css("a")]
    assert not [link for link in links if not link.startswith(("/", "#"))]
    assert "evil.example" in words(page.html)
