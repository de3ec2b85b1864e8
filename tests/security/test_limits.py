"""How much one client may ask, what it may cost, and under which names the server answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.access import Principal, Reach, Role, working_for
from app.ask.writing.budget import Budget
from app.ask.writing.prices import Cost
from app.entrance.hosts import host_name, is_known, known_names
from app.entrance.limits import RateLimits, client_of, kind_of, limits_of
from app.errors import SettingsError, TooMany, WritingFailed
from app.settings import Settings
from tests.web.conftest import FROM_US, HTMX

if TYPE_CHECKING:
    from starlette.testclient import TestClient

ANNA = Principal("u1", "Anna", "anna@example.org", Role.SEARCHER, session_id="s" * 24)
BO = Principal("u2", "Bo", "bo@example.org", Role.SEARCHER, session_id="t" * 24)


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, data_dir=Path("data"), **given)


# --- which request counts for what ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        *(("POST", "/ask", "ask"), ("GET", "/ask", "ask"), ("POST", "/api/v1/ask", "ask")),
        *(("POST", "/v1/chat/completions", "ask"), ("POST", "/mcp", "ask")),
        *(("POST", "/mcp/", "ask"), ("GET", "/search", "search"), ("GET", "/", "other")),
        *(("GET", "/api/v1/search", "search"), ("POST", "/documents", "upload")),
        *(("POST", "/api/v1/documents", "upload"), ("POST", "/documents/doc_1/ingest", "upload")),
        *(("GET", "/documents", "other"), ("POST", "/events", "other")),
    ],
)
def test_each_request_counts_for_its_kind(method: str, path: str, kind: str) -> None:
    assert kind_of(method, path) == kind


def test_whoever_is_signed_in_is_counted_by_who_they_are_and_others_by_address() -> None:
    here = {"client": ("192.0.2.7", 5555)}
    assert client_of(here) == "address 192.0.2.7"
    with working_for(ANNA, Reach.everything()):
        assert client_of(here) == "user u1"
    one, two = ({"client": (f"2001:db8:1:2::{n}", 1)} for n in (1, 2))
    assert client_of(one) == client_of(two)
    assert client_of({"client": ("::ffff:192.0.2.7", 1)}) != client_of({"client": ("::1", 1)})


def test_limits_hold_where_people_sign_in_or_where_they_are_asked_for() -> None:
    assert limits_of(settings()) == {}
    assert set(limits_of(settings(accounts="on"))) == {"ask", "search", "upload", "other"}
    assert limits_of(settings(accounts="on", rate_limits="off")) == {}
    assert set(limits_of(settings(rate_limits="on", rate_search=""))) == {"ask", "upload", "other"}


def test_a_limit_that_cannot_be_read_is_said_at_the_start() -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_RATE_ASK=often"):
        limits_of(settings(rate_limits="on", rate_ask="often"))


def test_one_client_waits_and_another_one_does_not() -> None:
    async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
        return None

    async def ask(door: RateLimits, who: Principal, path: str = "/ask") -> None:
        scope = {"type": "http", "method": "POST", "path": path, "client": ("127.0.0.1", 1)}
        with working_for(who, Reach.everything()):
            await door(scope, nothing, nothing)  # type: ignore[arg-type]  # never called

    async def day() -> None:
        door = RateLimits(nothing, limits=limits_of(settings(rate_limits="on", rate_ask="3/hour")))
        for _ in range(3):
            await ask(door, ANNA)
        with pytest.raises(TooMany) as refused:
            await ask(door, ANNA)
        assert 3000 < refused.value.retry_after_s <= 3600
        await ask(door, BO)
        await ask(door, ANNA, "/documents")
        for _ in range(2000):
            await ask(door, ANNA, "/static/app.css")

    asyncio.run(day())


# --- over HTTP -----------------------------------------------------------------------------------


@contextmanager
def site(folder: Path, **given: Any) -> Iterator[TestClient]:
    from app.bootstrap import build_services
    from tests.web.conftest import browsing

    made = Settings(
        _env_file=None, data_dir=folder / "data", embedding_model=str(folder / "none"), **given
    )
    with browsing(build_services(made)) as client:
        yield client


def test_too_many_is_said_to_programs_to_people_and_to_pages_that_stream(tmp_path: Path) -> None:
    with site(tmp_path, rate_limits="on", rate_ask="1/hour", rate_other="1000/minute") as client:
        client.post("/ask", data={"q": "x"}, headers=FROM_US)
        page = client.post("/ask", data={"q": "x"}, headers=FROM_US)
        assert page.status_code == 429
        assert "Too many requests" in page.text
        assert "1 per 1 hour" in page.text
        assert int(page.headers["retry-after"]) > 3000
        card = client.post("/ask", data={"q": "x"}, headers={**FROM_US, **HTMX})
        assert card.status_code == 429
        assert "<html" not in card.text
        assert "Too many requests" in card.text
        problem = client.post("/api/v1/ask", json={"question": "x"})
        assert problem.status_code == 429
        assert problem.json()["type"] == "urn:footnote:problem:too-many"
        assert problem.headers["content-type"] == "application/problem+json"
        said = [{"role": "user", "content": "x"}]
        openai = client.post("/v1/chat/completions", json={"model": "footnote", "messages": said})
        assert openai.status_code == 429
        assert "more questions than one person" in openai.json()["error"]["message"]
        for one in (card, problem, openai):
            assert int(one.headers["retry-after"]) > 3000
        assert client.get("/documents").status_code == 200


def test_a_server_on_loopback_without_accounts_limits_nobody(tmp_path: Path) -> None:
    with site(tmp_path, rate_other="1/hour") as client:
        assert [client.get("/privacy").status_code for _ in range(5)] == [200] * 5


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "known"),
    [
        *(("127.0.0.1:8000", True), ("localhost", True), ("LOCALHOST:8000", True)),
        *(("[::1]:8000", True), ("192.168.1.5:8000", True), ("app.localhost", True)),
        *(("ask.example.org", True), ("ASK.example.org.:443", True), ("a.wild.example", True)),
        *(("wild.example", False), ("evil.example", False), ("127.0.0.1.evil.example", False)),
        *(("localhost.evil.example", False), ("", False), ("evil.example:8000", False)),
        *(("ask.example.org@evil.example", False), ("[::1", False), ("notwild.example", False)),
    ],
)
def test_a_server_answers_to_its_own_names(header: str, known: bool) -> None:
    names = known_names(settings(allowed_hosts="Ask.Example.org, *.wild.example"))
    assert is_known(host_name(header), names) is known


def test_a_page_elsewhere_whose_name_points_here_reads_nothing(tmp_path: Path) -> None:
    with site(tmp_path, public_url="https://ask.example.org/x", rate_limits="off") as client:
        for path in ("/", "/documents", "/api/v1/documents", "/static/app.css", "/nothing", "/mcp"):
            answer = client.get(path, headers={"Host": "rebound.example:8000"})
            assert answer.status_code == 400, path
            assert "FOOTNOTE_ALLOWED_HOSTS" in answer.text
        assert client.get("/documents", headers={"Host": "ask.example.org"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "10-0-0-1.pod"}).status_code == 200


# --- cost ----------------------------------------------------------------------------------------


def test_a_person_has_a_budget_of_their_own() -> None:
    spent = {"s" * 24: 0.3}
    budget = Budget(
        person_day_usd=0.5,
        spending_of=lambda session, _day: spent.get(session, 0.0),
        today=lambda: date(2026, 11, 22),
    )
    dime = Cost(0.05, 0.05)
    with working_for(ANNA, Reach.everything()):
        first = budget.reserve("m", dime)
        second = budget.reserve("m", dime)
        with pytest.raises(WritingFailed, match=r"Your USD 0\.50"):
            budget.reserve("m", dime)
        budget.settle(first, 0.0)
        third = budget.reserve("m", dime)  # what was not spent is there again
        budget.settle(second, 0.1)
        budget.settle(third, None)
        with pytest.raises(WritingFailed):
            budget.reserve("m", dime)
    with working_for(BO, Reach.everything()):
        assert budget.reserve("m", dime) == pytest.approx(0.1)
    for _ in range(20):  # nobody signed in: no person's budget
        budget.reserve("m", dime)


def test_a_persons_day_is_the_sum_of_what_their_questions_cost(tmp_path: Path) -> None:
    from datetime import timedelta

    from app.domain import Usage
    from app.records.database import open_database
    from app.records.product.costs import CostStore
    from tests.contracts.asked import NOON, Asked

    engine = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    asked = Asked(engine)
    for hours, session, usd in ((0, "anna", 0.2), (3, "anna", 0.1), (1, "bo", 5.0)):
        asked.ask("Hi?", NOON + timedelta(hours=hours), session=session, usage=Usage(9, 9, usd))
    asked.ask("Hi?", NOON - timedelta(days=1), session="anna", usage=Usage(9, 9, 7.0))
    costs = CostStore(engine)
    assert costs.usd_of_session("anna", NOON.date()) == pytest.approx(0.3)
    assert costs.usd_of_session("nobody", NOON.date()) == 0.0
    engine.dispose()
