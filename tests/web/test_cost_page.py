"""``/insights/cost``: what was paid, by day and model, per question; unknown prices; budgets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app import moment
from app.bootstrap import build_services, models
from app.domain import Usage
from app.insights.budgets import forecast
from app.insights.cost_view import by_model, course, dearest, summed
from app.insights.facts import Facts
from app.insights.periods import Period
from app.insights.view import View
from app.records.database import open_database
from app.records.product.costs import CostStore, DayCost
from app.records.product.fact_reads import COLUMNS, reading
from app.settings import Settings
from tests.contracts.asked import Asked
from tests.knowledge.world import WordEmbedder
from tests.web.conftest import browsing, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

MINI, OWN = "openai:gpt-5-mini", "openai:own-model"
TODAY = datetime(2026, 5, 20, tzinfo=UTC)
"""The day on which all of this happens, so that no midnight comes between two requests."""


@pytest.fixture(scope="module")
def pm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, TestClient]]:
    folder = tmp_path_factory.mktemp("cost")
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        prd_dir=folder,
        budget_day_usd=1,
        budget_question_usd=0.5,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
        services = build_services(settings)
        asked = Asked(services.engine)
        for text, model, used in [
            ("What is a cheap question?", MINI, Usage(1000, 10, 0.25, 400, "x")),
            ("What is a dear question?", MINI, Usage(3000, 90, 0.45, 600, "x")),
            ("What is a question of unknown cost?", OWN, Usage(500, 5, None)),
        ]:
            fields: dict[str, Any] = {"usage": used, "model": model, "mode": "written"}
            key = asked.ask(text, TODAY, state="answered", level="high", **fields)
            if "dear" in text:
                asked.happens("copied", key, TODAY)
            with moment.at(TODAY):
                services.costs.called(model, used)
        with moment.at(TODAY):
            services.costs.called(MINI, Usage(100, 1, 0.05))  # whose question was stopped
            services.costs.refused(MINI)
        with moment.at(TODAY - timedelta(days=60)):
            services.costs.called(MINI, Usage(1, 1, 7.0))
        with browsing(services) as client:
            yield services, client


@pytest.fixture
def client(pm: tuple[Services, TestClient]) -> Iterator[TestClient]:
    with moment.at(TODAY + timedelta(hours=15)):
        yield pm[1]


def figures(client: TestClient, address: str = "/insights/cost") -> dict[str, str]:
    return {
        " ".join(one.css_first("dt").text().split()): " ".join(one.css_first("dd").text().split())
        for one in tree(client.get(address).text).css(".figures div")
    }


def test_what_was_paid_counts_every_call_and_leaves_unknown_ones_apart(client: TestClient) -> None:
    found = figures(client)
    assert found["Today"] == "$0.754 calls"
    month = next(value for name, value in found.items() if name.endswith("so far"))
    assert month.startswith("$0.754 calls, 1 of unknown price")
    assert found["Per question"].startswith("$0.3528 days, 2 questions of known cost")
    assert found["Per accepted answer"].startswith("$0.701 accepted answer")
    assert found["Read from the provider's cache"].startswith("22 %of 4,600 tokens read; 106")


def test_what_is_unknown_is_named_with_what_to_set(client: TestClient) -> None:
    page = words(client.get("/insights/cost").text)
    assert "openai:own-model: 1 call" in page
    assert "FOOTNOTE_PRICES_FILE" in page
    assert "1 question of these days has no known cost" in page
    row = next(
        one for one in tree(client.get("/insights/cost").text).css("tbody tr") if OWN in one.text()
    )
    assert row.css("td")[-1].text() == "unknown"


def test_the_dearest_questions_lead_to_their_traces(client: TestClient) -> None:
    page = tree(client.get("/insights/cost").text)
    links = [one for one in page.css("tbody th a") if one.attributes["href"].startswith("/traces/")]
    assert [one.text() for one in links] == [
        "What is a dear question?",
        "What is a cheap question?",
    ]
    assert links[0].attributes["href"] == f"/traces/{2:032x}"


def test_budgets_say_how_much_is_used_and_what_was_refused(client: TestClient) -> None:
    page = tree(client.get("/insights/cost").text)
    budget = " ".join(page.css_first(".budgets").text().split())
    assert "Today $0.75 of $1.00" in budget
    assert "75 % used. It is used up: quotes stand in" in budget
    assert "One question at most $0.50" in budget
    assert page.css_first(".budgets meter").attributes["value"] == "75"
    assert "1 call of the last 28 days was not made" in words(page.html)


def test_a_longer_span_holds_older_days(client: TestClient) -> None:
    assert "7.05" not in words(client.get("/insights/cost").text)
    page = words(client.get("/insights/cost?days=90").text)
    assert "$7.75" in page
    assert client.get("/insights/cost?days=7").status_code == 400


def test_the_same_days_are_there_as_csv(client: TestClient) -> None:
    response = client.get("/insights/cost.csv?days=28")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [(row["model"], row["calls"], row["unknown_calls"]) for row in rows] == [
        (MINI, "3", "0"),
        (OWN, "1", "1"),
    ]
    assert float(rows[0]["cost_usd"]) == pytest.approx(0.75)
    assert rows[0]["cached_tokens"] == "1000"


def test_without_a_model_the_page_says_that_quotes_cost_nothing(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("free")
    monkeypatch.setattr(models, "load_embedder", lambda _settings: WordEmbedder())
    services = build_services(Settings(_env_file=None, data_dir=folder, prd_dir=folder))
    with browsing(services) as client:
        page = words(client.get("/insights/cost").text)
        assert figures(client)["Today"] == "$00 calls"
    assert "quotes cost nothing" in page
    assert "FOOTNOTE_BUDGET_DAY_USD and FOOTNOTE_BUDGET_MONTH_USD limit" in page


# --- sums -----------------------------------------------------------------------------------------


def day(number: int, model: str, usd: float, calls: int = 1, unknown: int = 0) -> DayCost:
    return DayCost(date(2026, 11, number), model, calls, 100, 10, 50, usd, unknown, 0)


def test_a_day_without_a_call_cost_nothing_and_one_of_unknown_price_is_a_gap() -> None:
    days = [day(1, "a", 1.0), day(3, "a", 0.0, unknown=1)]
    ((name, points),) = course(days, date(2026, 11, 1), date(2026, 11, 3))
    assert name == "All models"
    assert points == [("2026-11-01", 1.0), ("2026-11-02", 0.0), ("2026-11-03", None)]


def test_many_models_are_the_dearest_and_the_others() -> None:
    days = [day(1, name, usd) for name, usd in [("a", 1.0), ("b", 4.0), ("c", 2.0), ("d", 0.5)]]
    found = course(days, date(2026, 11, 1), date(2026, 11, 1))
    assert [(name, points[0][1]) for name, points in found] == [
        ("All models", 7.5),
        ("b", 4.0),
        ("c", 2.0),
        ("Other models", 1.5),
    ]
    assert [one.model for one in by_model(days)] == ["b", "c", "a", "d"]


def test_unknown_calls_are_in_no_mean() -> None:
    both = summed([day(1, "a", 3.0, calls=3), day(2, "a", 0.0, calls=1, unknown=1)])
    assert both.usd_per_call == 1.0
    assert both.cached_share == 0.5
    assert summed([day(1, "a", 0.0, unknown=1)]).usd is None


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (datetime(2026, 11, 16, tzinfo=UTC), 9.0, 20.0),  # 10 in 15 of 30 days
        (datetime(2026, 11, 2, tzinfo=UTC), 1.0, 39.0),  # 10, then 29 days at 1 a day
        (datetime(2026, 11, 2, tzinfo=UTC), None, 300.0),
        (datetime(2026, 11, 1, tzinfo=UTC), None, 7200.0),  # at least an hour is counted
    ],
)
def test_the_month_is_foretold_by_its_pace(
    now: datetime, before: float | None, expected: float
) -> None:
    assert forecast(10.0, now, before) == pytest.approx(expected)


def test_the_dearest_of_many_questions_are_found(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('many') / 'footnote.db'}")
    asked = Asked(engine)
    costs = [0.5, None, 3.0, 0.0, 1.0, 2.0]
    keys = [
        asked.ask(f"Question {number}?", TODAY, usage=Usage(1, 1, usd))
        for number, usd in enumerate(costs)
    ]
    columns = Facts(lambda: reading(engine), COLUMNS).columns()
    view = View(columns, Period(TODAY, TODAY + timedelta(days=1)), TODAY)
    assert dearest(view, 3) == [keys[2], keys[5], keys[4]]
    assert dearest(view, 30) == [keys[2], keys[5], keys[4], keys[0]]
    assert [one.cost_usd for one in CostStore(engine).questions(keys)] == [3.0, 2.0, 1.0, 0.5, 0.0]
    engine.dispose()
