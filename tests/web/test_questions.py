"""``/insights/questions``: the list, one question, and the review without JavaScript."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from app import moment
from app.records.behavior.event_store import EventStore
from app.records.behavior.events import KINDS
from app.records.product.question_filters import OUTCOMES
from app.web.pm.questions.event_words import EVENT_WORDS
from app.web.pm.questions.question_list import OUTCOME_WORDS
from tests.contracts.asked import NOON, Asked
from tests.contracts.documents import document
from tests.web.conftest import FROM_US, HTMX, tree, words
from tests.web.pm_world import insights

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

LIST = "/insights/questions"
DAY = "from=2026-11-20&to=2026-11-20"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, TestClient, Asked]]:
    with insights(tmp_path_factory.mktemp("questions")) as made:
        _day(made[2])
        yield made


KEYS: dict[str, str] = {}


def _day(asked: Asked) -> None:
    """A day: an accepted answer, a rejected one, a refusal asked again, one that was stopped."""
    minute = timedelta(minutes=1)
    KEYS["leave"] = asked.ask(
        "How much parental leave?",
        state="answered",
        level="high",
        quote="20 weeks of <b>leave</b>.",
    )
    asked.happens("copied", KEYS["leave"], NOON + timedelta(seconds=20))
    KEYS["old"] = asked.ask(
        "What is the old rate?", NOON + minute, state="outdated", level="medium", quote="EUR 3."
    )
    asked.happens("marked", KEYS["old"], NOON + 2 * minute, helpful=False)
    near = (document("benefits", owner="Ana"),)
    KEYS["gym"] = asked.ask(
        "gym", NOON + 3 * minute, session="session-g", near=near, missing=("gym",)
    )
    KEYS["again"] = asked.ask(
        "gym!", NOON + 4 * minute, session="session-g", state="answered", level="high", quote="No."
    )
    KEYS["stopped"] = asked.ask("=SUM(1)", NOON + 5 * minute, end="stopped")
    KEYS["private"] = asked.ask("Who sees this?", NOON + 6 * minute, private=True)


@pytest.fixture
def client(world: tuple[Services, TestClient, Asked]) -> Iterator[TestClient]:
    with moment.at(NOON + timedelta(hours=3)):
        yield world[1]


@pytest.fixture
def services(world: tuple[Services, TestClient, Asked]) -> Services:
    return world[0]


def titles(html: str) -> list[str]:
    return [node.text() for node in tree(html).css(".q-list tbody th a")]


def test_every_question_is_listed_with_what_became_of_it(client: TestClient) -> None:
    page = client.get(f"{LIST}?{DAY}").text
    rows = [" ".join(row.text().split()) for row in tree(page).css(".q-list tbody tr")]
    assert len(rows) == 6
    assert rows[0].startswith("Who sees this?")  # the newest first
    assert "Accepted" in rows[5]
    assert "high confidence" not in rows[5]  # the word is the style's, the level the page's
    assert "Rejected" in rows[4]
    assert "Asked again" in rows[3]
    assert "Stopped" in rows[1]
    assert "6 questions" in words(page)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("outcome=failure", ["Who sees this?", "gym", "What is the old rate?"]),
        ("outcome=accepted", ["How much parental leave?"]),
        ("state=outdated", ["What is the old rate?"]),
        ("q=GYM", ["gym!", "gym"]),
        ("q=GYM&asc=1", ["gym", "gym!"]),
        ("level=high&outcome=untouched", ["gym!"]),
        ("metric=rejection&side=numerator", ["What is the old rate?"]),
        ("metric=rejection&side=denominator&state=outdated", ["What is the old rate?"]),
        ("metric=nonsense", []),
    ],
)
def test_filters_choose_questions(client: TestClient, query: str, expected: list[str]) -> None:
    assert titles(client.get(f"{LIST}?{DAY}&{query}").text) == expected


def test_behind_a_metric_it_says_what_is_listed(client: TestClient) -> None:
    page = words(client.get(f"{LIST}?{DAY}&metric=rejection&side=numerator").text)
    assert "1 question counted in" in page
    assert "from 2026-11-20 to 2026-11-20" in page


def test_pages_lead_to_each_other(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.pm.questions.question_list.PER_PAGE", 2)
    for query in (DAY, f"{DAY}&sort=latency", f"{DAY}&metric=abstention&side=denominator"):
        seen: list[str] = []
        address = f"{LIST}?{query}"
        for _ in range(9):
            page = client.get(address).text
            seen += titles(page)
            link = tree(page).css_first("a[rel=next]")
            if link is None:
                break
            address = link.attributes["href"]
        assert len(seen) == len(set(seen)) == 6, query
        back = tree(page).css_first("a[rel=prev]").attributes["href"]
        assert titles(client.get(back).text) == seen[2:4]


@pytest.mark.parametrize(
    "query", ["outcome=loved", "sort=text", "period=9d", "after=x", "metric=rejection&after=x"]
)
def test_a_word_that_is_none_is_refused_in_words(client: TestClient, query: str) -> None:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_htmx_gets_only_the_list(client: TestClient) -> None:
    part = client.get(f"{LIST}?{DAY}", headers=HTMX).text
    assert "<header" not in part
    assert len(titles(part)) == 6


def test_the_file_has_every_row_and_no_formula(client: TestClient) -> None:
    answer = client.get(f"{LIST}.csv?{DAY}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 6
    by_text = {row["text"]: row for row in rows}
    assert by_text["How much parental leave?"]["accepted_at"].startswith("2026-11-20T12:00:20")
    assert by_text["'=SUM(1)"]["cost_usd"] == ""  # unknown is not zero


def test_what_helped_vague_questions_is_told(client: TestClient) -> None:
    page = words(client.get(f"{LIST}?{DAY.replace('from', 'from')}").text)
    assert "Too short to answer" not in page or "asked again" in page
    whole = words(client.get(f"{LIST}?period=7d").text)
    assert "Too short to answer" in whole
    assert "1 of them was asked again in other words" in whole


def test_a_question_has_its_answer_thread_and_events(client: TestClient) -> None:
    page = client.get(f"{LIST}/{KEYS['gym']}").text
    said = words(page)
    assert "Nothing in the documents answered it." in said
    assert "“gym” appears in none of them." in said
    thread = [node.text() for node in tree(page).css(".q-thread > li > :first-child")]
    assert thread == ["gym", "gym!"]
    assert f"/traces/{3:032x}" in page
    quoted = client.get(f"{LIST}/{KEYS['leave']}").text
    assert "20 weeks of &lt;b&gt;leave" in quoted
    assert "Copied the answer" in words(quoted)
    assert "does not want to be followed" in words(client.get(f"{LIST}/{KEYS['private']}").text)


def test_a_question_that_is_not_there_is_a_page(client: TestClient) -> None:
    assert client.get(f"{LIST}/ans_none").status_code == 404


def test_a_deleted_answer_leaves_its_question_readable(
    world: tuple[Services, TestClient, Asked], client: TestClient
) -> None:
    key = world[2].ask("Forget me?", NOON - timedelta(days=60), session="session-f")
    world[0].answers.delete(key, "session-f")
    assert client.get(f"{LIST}/{key}").status_code in (200, 404)  # gone, or without its answer


# --- review ---------------------------------------------------------------------------------------

QUEUE = f"{LIST}/review"


def queue_words(html: str) -> tuple[str, str]:
    """Progress and question of a card."""
    page = tree(html)
    progress = " ".join(page.css_first(".q-progress p").text().split())
    return progress, page.css_first("#card-title").text()


def test_the_queue_goes_through_failures_one_by_one(client: TestClient, services: Services) -> None:
    page = client.get(f"{QUEUE}?{DAY}").text
    assert queue_words(page) == ("1 of 3 0 decided", "Who sees this?")
    following = tree(page).css_first("a[rel=next]").attributes["href"]
    card = client.get(following, headers=HTMX).text
    assert '<header class="page-head"' not in card
    assert queue_words(card) == ("2 of 3 0 decided", "gym")
    form = tree(card).css_first("#decision")
    queue = form.css_first("[name=queue]").attributes["value"]
    assert dict(parse_qsl(queue))["outcome"] == "failure"
    sent = {"failure_mode": "missing_document", "status": "planned", "note": "Ask", "queue": queue}
    saved = client.post(form.attributes["action"], data={**sent, "step": "next"}, headers=FROM_US)
    assert saved.status_code == 303
    page = client.get(saved.headers["location"]).text
    assert queue_words(page) == ("3 of 3 1 decided", "What is the old rate?")
    assert services.reviews.get(KEYS["gym"]).status == "planned"
    # It begins where nobody decided yet.
    services.reviews.decide(KEYS["private"], status="ignored")
    assert queue_words(client.get(f"{QUEUE}?{DAY}").text)[1] == "What is the old rate?"
    for key in ("gym", "private"):
        services.reviews.forget(KEYS[key])


def test_among_the_undecided_a_decision_takes_the_question_out(
    client: TestClient, services: Services
) -> None:
    page = client.get(f"{QUEUE}?{DAY}&review=new&outcome=failure&at={KEYS['gym']}").text
    assert queue_words(page) == ("2 of 3", "gym")
    queue = tree(page).css_first("[name=queue]").attributes["value"]
    sent = {"failure_mode": "other", "queue": queue}
    card = client.post(f"{LIST}/{KEYS['gym']}/review", data=sent, headers=HTMX | FROM_US).text
    assert queue_words(card) == ("Decided, 2 left", "gym")
    neighbors = [link.attributes["href"] for link in tree(card).css(".q-progress a")]
    assert [KEYS["private"] in neighbors[0], KEYS["old"] in neighbors[1]] == [True, True]
    services.reviews.forget(KEYS["gym"])


def test_one_click_marks_an_eval_case_and_shows_its_line(
    client: TestClient, services: Services
) -> None:
    address = f"{LIST}/{KEYS['leave']}"
    sent = {"back": "question", "eval_case": "1"}
    assert client.post(f"{address}/review", data=sent, headers=FROM_US).status_code == 303
    page = client.get(address).text
    assert "Marked as an eval case" in words(page)
    snippet = tree(page).css_first(".q-snippet").text()
    assert '"question": "How much parental leave?"' in snippet
    assert '"document": "people/handbook.md"' in snippet
    assert "footnote eval cases --write" in words(page)
    assert services.reviews.get(KEYS["leave"]).eval_case
    assert titles(client.get(f"{LIST}?{DAY}&cases=1").text) == ["How much parental leave?"]
    client.post(f"{address}/review", data=sent | {"eval_case": "0"}, headers=FROM_US)
    assert not services.reviews.get(KEYS["leave"]).eval_case


def test_a_review_from_elsewhere_is_refused(client: TestClient) -> None:
    address = f"{LIST}/{KEYS['gym']}/review"
    strange = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(address, data={"status": "fixed"}, headers=strange).status_code == 403
    assert client.post(address, data={"status": "later"}, headers=FROM_US).status_code == 400


def test_an_empty_queue_says_so(client: TestClient) -> None:
    assert "Nothing to review" in words(client.get(f"{QUEUE}?from=2020-01-01&to=2020-01-02").text)


def test_every_kind_of_event_and_outcome_has_its_words() -> None:
    assert set(EVENT_WORDS) == set(KINDS)
    assert set(OUTCOME_WORDS) == set(OUTCOMES)
    assert EventStore.__doc__
