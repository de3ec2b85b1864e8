"""``/insights/alerts``: rules with their values, alerts and what people do, the webhook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app.bootstrap import build_services, models
from app.domain import Usage
from app.insights.alerts.verdict import Reading
from app.insights.alerts.watching import Watch
from app.settings import Settings
from app.web.pm.alert_view import alert_rows, lasted, rule_rows
from tests.contracts.asked import Asked
from tests.fakes.webhook_receiver import SECRET, Receiver, receive
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import browsing, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

RULES = """
metrics: {}
alerts:
  - {id: refusals, metric: abstention, above: 0.5, over: 1d, minimum: 3, message: Look at the gaps.}
  - {id: accepted, metric: acceptance, below: 0.1, over: 1d, minimum: 30}
  - {id: gaps, metric: false_refusal, above: 5, over: 7d}
"""
MINI = "openai:gpt-5-mini"


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receive() as running:
        yield running


@pytest.fixture(scope="module")
def pm(
    hook: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Services, TestClient]]:
    """A product without documents, where four questions found nothing and a budget is nearly used
    up."""
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "metrics.yaml").write_text(RULES, encoding="utf-8")
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        prd_dir=folder,
        eval_report=folder / "none.json",
        budget_day_usd=1,
        alert_webhook=SecretStr(hook.address),
        alert_seconds=3600,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
        services = build_services(settings)
        asked = Asked(services.engine)
        for number in range(4):
            asked.ask(f"Where is the key number {number}?", datetime.now(UTC))
        services.costs.called(MINI, Usage(1000, 10, 0.85))
        with browsing(services) as client:
            yield services, client


@pytest.fixture
def services(pm: tuple[Services, TestClient]) -> Services:
    """With no alert of another test."""
    now = datetime.now(UTC)
    for alert in pm[0].watch.store.open():
        pm[0].watch.store.snooze(alert.id, now - timedelta(days=1))
        pm[0].watch.store.resolve(alert.rule, now)
    return pm[0]


@pytest.fixture
def client(pm: tuple[Services, TestClient]) -> TestClient:
    return pm[1]


def looked(watch: Watch) -> None:
    """As the server's thread does, at once."""
    watch.store.lease(datetime.now(UTC), timedelta())
    readings, _ = watch.readings(datetime.now(UTC))
    for reading in readings:
        alerts = {one.rule: one for one in watch.store.open()}
        watch._follow(reading, alerts.get(reading.rule), datetime.now(UTC))
    watch.send()


def test_every_rule_is_shown_with_its_value_and_the_way_to_its_threshold(
    services: Services, client: TestClient
) -> None:
    page = tree(client.get("/insights/alerts").text)
    rows = {
        row.css_first("code").text(): " ".join(row.text().split())
        for row in page.css(".rules tbody tr")
    }
    assert list(rows) == ["budget-day-80", "budget-day-100", "refusals", "accepted", "gaps"]
    assert "above $0.80 $0.85" in rows["budget-day-80"]
    assert "Past the threshold" in rows["budget-day-80"]
    assert "$0.15 to go Near it" in rows["budget-day-100"]
    assert "above 50 % over the last day 100 %from 4" in rows["refusals"]
    assert "50 points past it" in rows["refusals"]
    assert "4 of at least 30 – Too few to say" in rows["accepted"]
    assert "has no value yet: it comes from the eval report" in rows["gaps"]
    assert page.css_first(".rules a").attributes["href"] == "/insights/cost"


def test_an_alert_stands_on_its_page_and_in_one_line_on_the_others(
    services: Services, client: TestClient
) -> None:
    assert not tree(client.get("/insights/cost").text).css(".alert-line")
    looked(services.watch)
    page = client.get("/insights/alerts")
    assert "Abstention is 100 % over the last day, above the 50 % that is set." in words(page.text)
    assert not tree(page.text).css(".alert-line")
    line = tree(client.get("/insights/cost").text).css_first(".alert-line")
    assert line.text().strip().startswith("2 alerts:")
    assert line.css_first("a").attributes["href"] == "/insights/alerts"


def test_an_alert_is_acknowledged_or_snoozed_without_javascript(
    services: Services, client: TestClient
) -> None:
    looked(services.watch)
    budget, refusals = sorted(services.watch.store.open(), key=lambda one: one.rule)
    done = client.post(f"/insights/alerts/{budget.id}/acknowledge")
    assert (done.status_code, done.headers["location"]) == (303, "/insights/alerts")
    client.post(f"/insights/alerts/{refusals.id}/snooze", data={"hours": "24"})
    page = client.get("/insights/alerts").text
    assert "acknowledged" in words(page)
    assert "snoozed until" in words(page)
    assert len(tree(page).css(".quieted")) == 2
    assert not tree(client.get("/insights/cost").text).css(".alert-line")


def test_what_cant_be_done_to_an_alert_is_said(services: Services, client: TestClient) -> None:
    looked(services.watch)
    alert = services.watch.store.open()[0]
    assert (
        client.post(f"/insights/alerts/{alert.id}/snooze", data={"hours": "5"}).status_code == 400
    )
    assert client.post("/insights/alerts/999999/acknowledge").status_code == 404
    cross = client.post(
        f"/insights/alerts/{alert.id}/acknowledge", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert cross.status_code == 403


def test_the_webhook_is_tested_by_a_click_and_its_address_never_shown(
    services: Services, client: TestClient, hook: Receiver
) -> None:
    hook.received.clear()
    assert client.post("/insights/alerts/test").headers["location"] == "/insights/alerts#webhook"
    assert [one["status"] for one in hook.received] == ["test"]
    page = client.get("/insights/alerts").text
    assert "it took the message" in words(page)
    assert SECRET not in page
    hook.status = 500
    try:
        client.post("/insights/alerts/test")
    finally:
        hook.status = 200
    assert "The webhook answered with status 500." in words(client.get("/insights/alerts").text)


def test_what_was_sent_and_what_is_over_is_told(services: Services, client: TestClient) -> None:
    looked(services.watch)
    assert "· sent " in words(client.get("/insights/alerts").text)
    services.watch.store.resolve("refusals", datetime.now(UTC))
    page = tree(client.get("/insights/alerts").text)
    history = page.css("table")[-1]
    assert "Look at the gaps." in history.text()
    assert "under a minute" in history.text()


def test_a_rule_about_no_metric_is_a_sentence_on_the_page_and_no_crash(
    services: Services, client: TestClient
) -> None:
    path = services.settings.prd_dir / "metrics.yaml"
    try:
        path.write_text(RULES.replace("abstention", "happiness"), encoding="utf-8")
        page = client.get("/insights/alerts")
        assert page.status_code == 200
        assert "alert refusals: there is no metric 'happiness'" in words(page.text)
        assert "budget-day-80" in page.text
        assert "happiness" in services.watch.problem()
    finally:
        path.write_text(RULES + "\n", encoding="utf-8")


def test_the_server_looks_by_itself_and_says_at_start_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "metrics.yaml").write_text(
        "metrics: {}\nalerts: [{id: x, metric: nothing, above: 1}]", encoding="utf-8"
    )
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path / "data",
        prd_dir=tmp_path,
        budget_month_usd=1,
        alert_seconds=0.05,
    )
    monkeypatch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
    built = build_services(settings)
    built.costs.called(MINI, Usage(1000, 10, 2.0))
    with browsing(built) as client:
        deadline = time.monotonic() + 20
        while len(built.watch.store.open()) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        page = words(client.get("/insights/alerts").text)
    assert "This month, $2.00 of the $1.00 for written answers is spent." in page
    assert "There is none, so alerts stand on this page only." in page
    assert "there is no metric 'nothing'" in caplog.text


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_how_long_an_alert_lasted_is_said_in_one_unit(span: timedelta, said: str) -> None:
    assert lasted(span) == said


def test_a_value_that_is_missing_is_no_zero() -> None:
    (row,) = rule_rows([Reading("r", "trust", "Trust", "rating", None, 3.5, above=False)])
    assert (row.value, row.way, row.distance, row.state) == ("–", None, "", "none")
    assert alert_rows([], datetime.now(UTC), webhook=False) == []
