"""Follow-ups: rewritten in sight, one after the other, and seen only by who asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from app.domain import Filters, Finished, Rephrasing
from app.errors import IndexUnavailable
from app.web.pattern_samples import WHEN, sample_answered, sample_followup, sample_not_found
from app.web.security import SESSION_COOKIE
from tests.web.conftest import FROM_US, HTMX, Scripted, events, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

SESSION = "a-session-of-24-characters"
OTHER = "the-session-of-another-one"


def conversation(services: Services, name: str) -> str:
    """Two turns of one session and one of another; gives the last one's id."""
    first = replace(
        sample_answered(),
        answer_id=f"ans_{name}_1",
        conversation_id=f"con_{name}",
        question="Who moors at C4?",
    )
    strange = replace(first, answer_id=f"ans_{name}_x", question="A stranger's question?")
    last = replace(
        sample_followup(),
        answer_id=f"ans_{name}_2",
        conversation_id=f"con_{name}",
        created_at=WHEN + timedelta(minutes=1),
    )
    services.answers.add(first, SESSION)
    services.answers.add(strange, OTHER)
    services.answers.add(last, SESSION)
    return last.answer_id


def test_the_rewritten_question_is_shown_and_can_be_edited(
    client: TestClient, services: Services
) -> None:
    page = tree(client.get(f"/a/{conversation(services, 'edit')}").text)
    line = page.css_first(".rewritten")
    assert "You asked “And for members?”" in line.text()
    assert "Searched for “When is the harbor office open for members?”" in line.text()
    address = line.css_first("a").attributes["href"] or ""
    home = tree(client.get(address).text)
    fields = {
        field.attributes["name"]: field.attributes.get("value") or ""
        for field in home.css("#ask input[type=hidden]")
    }
    assert home.css_first("#q").text().strip() == "When is the harbor office open for members?"
    assert fields["conversation_id"] == "con_edit"
    assert fields["rewrite"] == "0"


def test_earlier_questions_stand_above_the_answer_for_who_asked_them(
    client: TestClient, services: Services
) -> None:
    address = f"/a/{conversation(services, 'mine')}"
    client.cookies.set(SESSION_COOKIE, SESSION)
    thread = tree(client.get(address).text).css_first("details.thread")
    assert "1 earlier question" in thread.text()
    assert [link.attributes["href"] for link in thread.css("a")] == ["/a/ans_mine_1"]


def test_a_shared_link_shows_nothing_else_that_was_asked(
    client: TestClient, services: Services
) -> None:
    address = f"/a/{conversation(services, 'shared')}"
    assert not tree(client.get(address).text).css(".thread")
    client.cookies.set(SESSION_COOKIE, OTHER)
    assert "Who moors at C4?" not in client.get(address).text


def test_a_follow_up_continues_the_conversation_under_the_same_filters(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(
        sample_answered(),
        answer_id="ans_followup_form",
        conversation_id="con_1",
        filters=Filters(kinds=("md",), collections=("harbor",)),
    )
    services.answers.add(answer)
    form = tree(client.get("/a/ans_followup_form").text).css_first("form#followup")
    fields = {
        field.attributes["name"]: field.attributes["value"]
        for field in form.css("input[type=hidden]")
    }
    asker = scripted(Finished(answer))
    response = client.post("/ask", data={**fields, "q": "And on Sundays?"}, headers=FROM_US)
    assert response.headers["location"] == "/a/ans_followup_form"
    assert asker.asked is not None
    assert asker.asked.conversation_id == "con_1"
    assert asker.asked.rewrite
    assert asker.asked.filters == answer.filters


def test_a_suggested_question_is_asked_as_it_stands(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(sample_answered(), answer_id="ans_suggests", conversation_id="con_2")
    services.answers.add(answer)
    link = tree(client.get("/a/ans_suggests").text).css_first(".continue .tries a")
    asker = scripted(Finished(answer))
    client.get(link.attributes["href"] or "")
    assert asker.asked is not None
    assert asker.asked.text == "Which berths have shore power?"
    assert asker.asked.conversation_id == "con_2"
    assert not asker.asked.rewrite


def test_a_conversation_id_that_is_none_begins_a_new_one(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    asker = scripted(Finished(sample_answered()))
    client.post("/ask", data={"q": "x", "conversation_id": "<script>"}, headers=FROM_US)
    assert asker.asked is not None
    assert asker.asked.conversation_id is None


def test_the_finished_event_brings_the_thread_along(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = services.answers.get(conversation(services, "stream"))
    client.cookies.set(SESSION_COOKIE, SESSION)
    scripted(Finished(answer))
    got = events(client.post("/ask", data={"q": "And for members?"}, headers=HTMX).text)
    assert "1 earlier question" in words(got[0][1])


# --- what to ask next ----------------------------------------------------------------------------


def test_what_to_ask_next_comes_after_the_answer_and_fills_its_place(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(sample_answered(), answer_id="ans_next", followups=())
    services.answers.add(answer)
    asker = scripted(Finished(answer))
    asker.next = ("Which berths have <b>power</b>?",)
    got = events(client.post("/ask", data={"q": "When?"}, headers=HTMX).text)
    assert [name for name, _ in got] == ["", "footnote:finished", ""]
    shown, filled = tree(got[0][1]), tree(got[2][1])
    assert shown.css_first("#followups").text().strip() == ""
    assert filled.css_first("hx-partial").attributes["hx-target"] == "#followups"
    link = filled.css_first("a[data-ask]")
    assert link.text() == "Which berths have <b>power</b>?"
    wanted = parse_qs(urlsplit(link.attributes["href"]).query)
    assert wanted["rewrite"] == ["0"]


def test_an_answer_stands_when_nothing_can_be_suggested(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(sample_answered(), answer_id="ans_no_next")
    services.answers.add(answer)
    asker = scripted(Finished(answer))
    asker.next = IndexUnavailable("Chroma does not answer.", "Start it.")
    got = events(client.post("/ask", data={"q": "When?"}, headers=HTMX).text)
    assert [name for name, _ in got] == ["", "footnote:finished"]
    assert "Chroma" not in got[0][1]


def test_what_was_tried_after_a_refusal_comes_behind_its_card(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(sample_not_found(), answer_id="ans_refused_next", rephrasings=())
    services.answers.add(answer)
    asker = scripted(Finished(answer))
    asker.next = (Rephrasing("Which berths have <b>power</b>?", "“Berths” answers this."),)
    got = events(client.post("/ask", data={"q": "When?"}, headers=HTMX).text)
    assert [name for name, _ in got] == ["", "footnote:finished", ""]
    card, filled = tree(got[0][1]), tree(got[2][1])
    assert "Looking for questions" in card.css_first("#tries").text()
    assert filled.css_first("hx-partial").attributes["hx-target"] == "#tries"
    link = filled.css_first("a[data-ask]")
    assert link.text() == "Which berths have <b>power</b>?"
    assert "via=rephrasing" in link.attributes["href"]


def test_a_refusal_says_what_may_help_when_nothing_could_be_tried(
    client: TestClient, services: Services, scripted: Callable[..., Scripted]
) -> None:
    answer = replace(sample_not_found(), answer_id="ans_refused_alone", rephrasings=())
    services.answers.add(answer)
    asker = scripted(Finished(answer))
    asker.next = IndexUnavailable("Chroma does not answer.", "Start it.")
    got = events(client.post("/ask", data={"q": "When?"}, headers=HTMX).text)
    filled = tree(got[2][1])
    assert "What may help" in filled.text()
    assert "Looking" not in filled.text()
    # Its own address never looks: it shows what is kept.
    page = tree(client.get("/a/ans_refused_alone").text)
    assert "Looking" not in page.css_first("#tries").text()


def test_without_javascript_the_answer_comes_with_what_to_ask_next(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    asker = scripted(Finished(sample_answered()))
    client.post("/ask", data={"q": "When?"}, headers=FROM_US)
    without = asker.asked
    client.post("/ask", data={"q": "When?"}, headers=HTMX)
    assert without is not None
    assert asker.asked is not None
    assert (without.suggest, asker.asked.suggest) == ("all", "later")


# --- control -------------------------------------------------------------------------------------


def links(client: TestClient, answer_id: str) -> dict[str, dict[str, list[str]]]:
    """What the links of the "More" panel and "Ask again" ask."""
    page = tree(client.get(f"/a/{answer_id}").text)
    return {
        " ".join(link.text().split()): parse_qs(urlsplit(link.attributes["href"]).query)
        for link in page.css(".actions a[data-ask], .actions a[data-edit]")
    }


def test_every_answer_can_be_asked_again_with_more_sources_or_in_fewer(
    client: TestClient, services: Services
) -> None:
    answer = replace(
        sample_answered(), answer_id="ans_controls", filters=Filters(kinds=("md", "xlsx"))
    )
    services.answers.add(answer)
    offered = links(client, "ans_controls")
    assert offered["Ask again"]["q"] == [answer.question]
    assert offered["Read more sources"]["more_sources"] == ["1"]
    assert offered["Only in “Berth list”"]["document"] == ["doc_b"]
    assert offered["Only in “Berth list”"]["kind"] == ["md", "xlsx"]
    assert "kind" not in offered["In all documents"]
    assert "Only in the collection harbor" not in offered  # there is only this one


def test_another_mode_is_offered_only_where_a_model_could_write(
    client: TestClient, services: Services
) -> None:
    from app.web.controls import controls
    from app.web.form_view import AskForm

    form = AskForm.of(services, Filters())
    quoted = sample_answered()
    assert controls(quoted, form, None).other_mode is None
    offered = controls(quoted, form, "gpt-5-mini").other_mode
    assert offered is not None
    assert "mode=written" in offered.address
    written = controls(replace(quoted, mode="written"), form, "gpt-5-mini").other_mode
    assert written is not None
    assert "mode=quotes" in written.address


def test_asking_again_after_a_fall_back_lets_the_model_try_again(services: Services) -> None:
    from app.web.controls import controls
    from app.web.form_view import AskForm
    from app.web.pattern_samples import sample_fallen_back

    form = AskForm.of(services, Filters())
    again = controls(sample_fallen_back(), form, "gpt-5-mini").again
    assert "mode=" not in again.address
    assert "mode=quotes" in controls(sample_answered(), form, "gpt-5-mini").again.address


def test_a_question_is_narrowed_to_a_document_and_the_form_says_so(
    client: TestClient, services: Services
) -> None:
    found, _ = services.documents.find(text="crane")
    document = found[0]
    response = client.get("/ask", params={"q": "How heavy?", "document": document.id})
    page = tree(client.get(response.headers["location"]).text)
    assert "Crane letter" in page.css_first(".scope summary").text()
    box = page.css_first("input[name=document]")
    assert box.attributes["value"] == document.id
    answer = services.answers.get(response.headers["location"].removeprefix("/a/"))
    assert answer.filters.document_ids == (document.id,)
    assert {citation.document_id for citation in answer.citations} <= {document.id}
    clear = next(a for a in page.css(".scope-panel a") if "Clear" in a.text())
    assert "document" not in (clear.attributes["href"] or "")


def test_a_search_can_be_narrowed_to_a_document_too(client: TestClient, services: Services) -> None:
    found, _ = services.documents.find(text="crane")
    page = tree(client.get("/search", params={"q": "harbor", "document": found[0].id}).text)
    assert {a.text() for a in page.css(".results h3 a")} == {"Crane letter"}


def test_a_document_that_does_not_exist_is_said_and_the_question_kept(client: TestClient) -> None:
    response = client.post("/ask", data={"q": "How heavy?", "document": "doc_no"}, headers=FROM_US)
    assert response.status_code == 404
    assert "There is no such document" in words(response.text)
    assert tree(response.text).css_first("textarea").text().strip() == "How heavy?"


def test_an_answer_narrowed_to_a_document_that_is_gone_still_opens(
    client: TestClient, services: Services
) -> None:
    answer = replace(
        sample_answered(), answer_id="ans_gone_doc", filters=Filters(document_ids=("doc_gone",))
    )
    services.answers.add(answer)
    assert "a document that was removed" in words(client.get("/a/ans_gone_doc").text)


def test_an_error_without_javascript_keeps_the_question(
    client: TestClient, scripted: Callable[..., Scripted]
) -> None:
    scripted(IndexUnavailable("Chroma does not answer.", "Start it."))
    response = client.post("/ask", data={"q": "How deep is it?"}, headers=FROM_US)
    assert response.status_code == 503
    assert tree(response.text).css_first("textarea").text().strip() == "How deep is it?"
