"""``/history``: this browser's questions, and deleting them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.errors import NotFound
from app.records.answers import Feedback
from app.web.history_pages import SHOWN
from app.web.pattern_samples import WHEN, sample_answered, sample_not_found
from app.web.security import SESSION_COOKIE, SESSION_DAYS
from tests.web.conftest import FROM_US, HTMX, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

MINE = "my-session-of-24-characters"
THEIRS = "their-session-of-characters"


@pytest.fixture
def asked(client: TestClient, services: Services) -> Iterator[None]:
    """Two questions of this browser, one of another."""
    services.answers.add(replace(sample_answered(), answer_id="ans_h1", question="First?"), MINE)
    services.answers.add(
        replace(
            sample_not_found(),
            answer_id="ans_h2",
            question="Second <b>?",
            created_at=WHEN + timedelta(hours=1),
        ),
        MINE,
    )
    services.answers.add(replace(sample_answered(), answer_id="ans_h3", question="Theirs?"), THEIRS)
    client.cookies.set(SESSION_COOKIE, MINE)
    yield
    for session in (MINE, THEIRS):
        services.answers.delete_session(session)


@pytest.mark.usefixtures("asked")
def test_the_questions_of_this_browser_are_listed_newest_first(client: TestClient) -> None:
    page = tree(client.get("/history").text)
    assert [link.text() for link in page.css(".history li div a")] == ["Second <b>?", "First?"]
    assert "Not in your documents" in page.css_first(".history .where").text()
    assert "Theirs?" not in page.html


def test_a_browser_that_asked_nothing_is_told_how_to_begin(client: TestClient) -> None:
    response = client.get("/history")
    assert "Nothing asked yet" in words(response.text)
    assert "set-cookie" not in response.headers


@pytest.mark.usefixtures("asked")
def test_one_question_is_deleted_after_a_confirmation(
    client: TestClient, services: Services
) -> None:
    services.answers.add_feedback(Feedback("ans_h1", helpful=True))
    link = tree(client.get("/history").text).css(".history a.icon")[-1].attributes["href"]
    confirm = tree(client.get(link).text).css_first("form.confirm")
    assert "Delete “First?”" in confirm.text()
    response = client.post(confirm.attributes["action"], headers=FROM_US)
    page = client.get(response.headers["location"]).text
    assert "The question and its answer are deleted" in words(page)
    assert "First?" not in page
    assert client.get("/a/ans_h1").status_code == 404
    assert services.answers.feedback("ans_h1") == []


@pytest.mark.usefixtures("asked")
def test_the_confirmation_is_a_dialog_for_htmx(client: TestClient) -> None:
    for address in ("/history/delete", "/history/ans_h1/delete"):
        fragment = client.get(address, headers=HTMX).text
        assert "<html" not in fragment
        assert tree(fragment).css_first("form.confirm [data-close]")


@pytest.mark.usefixtures("asked")
def test_everything_of_this_browser_is_deleted_and_nothing_else(
    client: TestClient, services: Services
) -> None:
    confirm = tree(client.get("/history/delete").text).css_first("form.confirm")
    response = client.post(confirm.attributes["action"], headers=FROM_US)
    page = client.get(response.headers["location"]).text
    assert "Everything asked in this browser is deleted" in words(page)
    assert "Nothing asked yet" in words(page)
    assert services.answers.get("ans_h3").question == "Theirs?"


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("session", [MINE, ""])
def test_another_browsers_question_cannot_be_deleted(
    client: TestClient, services: Services, session: str
) -> None:
    client.cookies.clear()
    if session:
        client.cookies.set(SESSION_COOKIE, session)
    response = client.post("/history/ans_h3/delete", headers=FROM_US)
    assert response.status_code == 404
    assert services.answers.get("ans_h3")


def test_a_program_without_a_session_deletes_nothing_of_other_programs(
    client: TestClient, services: Services
) -> None:
    services.answers.add(replace(sample_answered(), answer_id="ans_h_program"), "")
    client.post("/history/delete", headers=FROM_US)
    assert client.post("/history/ans_h_program/delete", headers=FROM_US).status_code == 404
    assert services.answers.get("ans_h_program")


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("address", ["/history/delete", "/history/ans_h1/delete"])
def test_another_site_cannot_delete_anything(
    client: TestClient, services: Services, address: str
) -> None:
    response = client.post(address, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert services.answers.get("ans_h1")


def test_a_long_history_is_turned_page_by_page(client: TestClient, services: Services) -> None:
    session = "a-long-session-of-characters"
    for number in range(SHOWN + 2):
        services.answers.add(
            replace(
                sample_answered(),
                answer_id=f"ans_long_{number}",
                question=f"Question {number}?",
                created_at=WHEN + timedelta(minutes=number),
            ),
            session,
        )
    client.cookies.set(SESSION_COOKIE, session)
    first = tree(client.get("/history").text)
    assert len(first.css(".history li")) == SHOWN
    older = next(link for link in first.css("a") if link.text() == "Older questions")
    second = tree(client.get(older.attributes["href"]).text)
    shown = [link.text() for link in second.css(".history li div a")]
    assert shown == ["Question 1?", "Question 0?"]
    assert client.get("/history?before=soon").status_code == 400


def test_the_session_lasts_long_enough_for_a_history(client: TestClient) -> None:
    assert SESSION_DAYS >= 90
    response = client.post("/ask", data={"q": "When is it open?"}, headers=FROM_US)
    assert f"Max-Age={SESSION_DAYS * 24 * 3600}" in response.headers["set-cookie"]
    answer_id = response.headers["location"].removeprefix("/a/")
    listed = tree(client.get("/history").text).css(".history li div a")
    assert [link.attributes["href"] for link in listed] == [f"/a/{answer_id}"]
    client.post(f"/history/{answer_id}/delete", headers=FROM_US)


def test_an_answer_that_was_deleted_is_gone_from_the_store(
    client: TestClient, services: Services
) -> None:
    services.answers.add(replace(sample_answered(), answer_id="ans_h_gone"), MINE)
    client.cookies.set(SESSION_COOKIE, MINE)
    client.post("/history/ans_h_gone/delete", headers=FROM_US)
    with pytest.raises(NotFound):
        services.answers.get("ans_h_gone")
