"""``/insights/gaps``: what is missing, what was decided about it, and what nobody intended."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from app import moment
from app.insights.gaps.finder import GapFinder
from app.insights.periods import Period, parse_period
from app.records.product.failure_reads import FailureReads
from app.records.product.gap_store import GapStore
from tests.contracts.asked import NOON, Asked
from tests.contracts.documents import document
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import FROM_US, HTMX, tree, words
from tests.web.pm_world import insights

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from app.bootstrap import Services

GAPS = "/insights/gaps"
LATER = NOON + timedelta(hours=3)
BENEFITS = document("benefits", owner="Ana")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Services, TestClient, Asked]]:
    """Three who miss a gym, two who miss parking, one who asks for something else."""
    with insights(tmp_path) as made, moment.at(LATER):
        asked = made[2]
        for number, text in enumerate(
            ("gym membership", "company gym membership", "gym membership price")
        ):
            at = NOON - timedelta(days=number)
            asked.ask(text, at, near=(BENEFITS,), missing=("gym",))
        asked.ask("parking permit zone")
        asked.ask("parking permit cost")
        asked.ask("boat wifi password")
        asked.ask("vacation days", state="answered", level="high", quote="25 days.")
        yield made


@pytest.fixture
def client(world: tuple[Services, TestClient, Asked]) -> TestClient:
    return world[1]


def labels(html: str) -> list[str]:
    return [" ".join(node.text().split()) for node in tree(html).css(".q-gap h2")]


def listed(client: TestClient, query: str = "") -> str:
    """The list, once what is newest was looked at; the page alone would not wait for it."""
    services: Services = client.app_state["services"]
    given = dict(parse_qsl(query))
    period = parse_period(given.get("period", ""), "", "", moment.now())
    assert services.gaps.report(period, wait=60) is not None
    return client.get(f"{GAPS}?{query}").text


def first_gap(client: TestClient) -> str:
    """The address of the largest gap."""
    link = tree(listed(client)).css_first(".q-gap h2 a")
    return str(link.attributes["href"])


def test_gaps_are_listed_with_size_examples_and_advice(client: TestClient) -> None:
    page = listed(client)
    assert len(labels(page)) == 2
    assert "gym" in labels(page)[0].lower()
    said = words(page)
    assert "2 gaps from 6 questions without a good answer. 1 is like no other. Up to date." in said
    assert "“gym” appears in no document. Write a page about it." in said
    assert "“Benefits” comes closest and should say it. Its owner is Ana." in said
    assert len(tree(page).css(".q-spark svg")) >= 2


def test_a_decision_stays_when_new_questions_arrive(
    world: tuple[Services, TestClient, Asked], client: TestClient
) -> None:
    address = first_gap(client)
    sent = {"status": "planned", "note": "Ana writes it.", "failure_mode": "missing_document"}
    saved = client.post(address, data=sent, headers=FROM_US)
    assert saved.status_code == 303
    page = words(listed(client))
    assert "Planned · Missing document · Ana writes it." in page
    world[2].ask("price of company gym membership", LATER - timedelta(minutes=1))
    page = words(listed(client))
    assert "from 7 questions" in page
    assert "Planned · Missing document" in page
    assert client.get(first_gap(client)).status_code == 200
    assert first_gap(client) == address
    client.post(address, data={"status": "fixed"}, headers=FROM_US)
    with moment.at(LATER + timedelta(hours=1)):
        world[2].ask("gym membership discount", LATER + timedelta(minutes=30))
        said = words(listed(client))
        assert "1 question since it was fixed" in said
        assert labels(listed(client, "status=fixed")) == labels(listed(client))[:1]


def test_one_gap_shows_its_questions_course_and_decision(client: TestClient) -> None:
    page = client.get(first_gap(client)).text
    said = words(page)
    assert "3 questions" in said
    assert "Questions over the period" in said
    assert len(tree(page).css(".q-thread li")) == 3
    assert "/documents/doc_benefits" in page


def test_a_decided_gap_without_questions_is_still_there(client: TestClient) -> None:
    address = first_gap(client)
    client.post(address, data={"status": "fixed"}, headers=FROM_US)
    with moment.at(LATER + timedelta(days=90)):
        said = words(listed(client))
        assert "Decided, and quiet in this period" in said
        assert "No question of this kind" in words(client.get(address).text)
    assert client.get(f"{GAPS}/gap_none").status_code == 404


def test_unexpected_uses_are_clusters_far_from_what_is_intended(client: TestClient) -> None:
    page = listed(client, "tab=unexpected")
    said = words(page)
    assert "of 7 questions are far from every intended use: 3." in said
    assert len(labels(page)) == 1
    assert "parking" in labels(page)[0].lower()
    assert "Nearest intended use: Leave" in said


def test_files_hold_every_gap(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"{GAPS}.csv").text)))
    assert [row["size"] for row in rows] == ["3", "2"]
    assert "Its owner is Ana." in rows[0]["suggestions"]
    body = client.get(f"{GAPS}.json").json()
    assert (body["coverage_gaps"], body["failures"]) == (2, 6)
    assert body["unexpected_use"] == pytest.approx(3 / 7)
    assert body["unexpected"][0]["nearest_intended_use"] == "leave"


def test_htmx_gets_what_was_found(client: TestClient) -> None:
    listed(client)
    part = client.get(GAPS, headers=HTMX).text
    assert '<nav class="sections"' not in part
    assert len(labels(part)) == 2


def test_a_page_never_waits_for_a_long_search(
    world: tuple[Services, TestClient, Asked],
) -> None:
    services = world[0]
    working, go_on = threading.Event(), threading.Event()

    def slow(text: str) -> object:
        working.set()
        assert go_on.wait(30)
        return WordEmbedder().encode_query(text)

    finder = GapFinder(
        FailureReads(services.engine),
        GapStore(services.engine),
        slow,  # type: ignore[arg-type]  # the same shape, later
        services.settings.prd_dir,
    )
    period = Period(NOON - timedelta(days=9), LATER)
    started = time.monotonic()
    assert finder.report(period, wait=0) is None
    assert working.wait(30)
    assert finder.report(period, wait=0.05) is None
    assert time.monotonic() - started < 25
    go_on.set()
    found = finder.report(period, wait=30)
    assert found is not None
    assert len(found.gaps) == 2
    # Nothing changed: what was found is shown again. Something did: the old stays until the new is.
    assert finder.report(period, wait=0) is found
    world[2].ask("parking permit form", NOON)
    assert finder.report(period, wait=0) is found
    newer = finder.report(period, wait=30)
    assert newer is not None
    assert newer.failures == found.failures + 1
    finder.close()
