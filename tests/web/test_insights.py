"""``/insights`` and ``GET /api/v1/insights``: the same numbers for people and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from app import moment
from app.api.insight_routes import TableName
from app.insights.metric_words import WORDS
from app.insights.metrics import compute, members
from app.insights.overview import Insights
from app.insights.periods import parse_period
from app.insights.slices import Slice
from app.insights.tables import TABLES
from app.web.units import said
from tests.contracts.asked import NOON
from tests.load.questions import fill
from tests.web.conftest import HTMX, tree, words
from tests.web.pm_world import insights

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

PRD = Path(__file__).parents[2] / "prd"
LATER = NOON + timedelta(hours=6)
World = tuple["Services", "TestClient"]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two months of questions, targets, and an eval report as `footnote eval` writes it."""
    from evals.reporting.report import summarize, to_json
    from tests.evals.test_report import RESULT

    folder = tmp_path_factory.mktemp("insights")
    report = folder / "report.json"
    report.write_text(to_json(summarize(RESULT)), encoding="utf-8")
    with insights(folder) as (services, client, _):
        fill(services.engine, 1500, days=60, until=NOON)
        look = Insights(
            services.facts,
            prd_dir=PRD,
            eval_report=report,
            promises={"high": "right 4 times in 5"},
        )
        state: Any = client.app_state
        state["services"] = replace(services, insights=look)
        yield services, client


@pytest.fixture
def client(full: World) -> Iterator[TestClient]:
    with moment.at(LATER):
        yield full[1]


def now_of(services: Services, **slice_: str) -> dict[str, float | None]:
    period = parse_period("", "", "", LATER)
    found = compute(services.facts.columns(), period, LATER, Slice(**slice_))
    return {name: one.value for name, one in found.items()}


def shown(html: str) -> dict[str, str]:
    """Metric → value, as the tables of the page have it."""
    return {
        row.css_first("summary").text(): row.css_first("td.value").text()
        for row in tree(html).css(".metrics tbody tr")
    }


def test_every_metric_is_on_the_page_with_its_value_definition_and_target(
    full: World, client: TestClient
) -> None:
    page = client.get("/insights")
    assert page.status_code == 200
    found, values = shown(page.text), now_of(full[0])
    elsewhere = {"coverage_gaps", "unexpected_use", "false_refusal"}
    for metric, (name, unit, _, definition) in WORDS.items():
        if metric not in elsewhere:
            assert found[name] == said(values[metric], unit), metric
        assert definition[:40] in words(page.text), metric
    row = next(r for r in tree(page.text).css(".metrics tr") if "Time to answer, 95" in r.text())
    assert "target 3 s" in row.text()
    assert found["False refusals"] == "25 %"
    assert "style=" not in page.text
    assert page.headers["cache-control"] == "private, no-cache"


def test_the_first_numbers_are_the_six_that_matter(client: TestClient) -> None:
    page = tree(client.get("/insights").text)
    names = [node.text() for node in page.css(".headline h3")]
    assert names == [
        "Task success",
        "Acceptance",
        "Time to answer, median",
        "Cost per accepted answer",
        "Abstention",
        "Trust",
    ]
    assert all(
        "target" in item.text() or "guardrail" in item.text() for item in page.css(".headline li")
    )
    assert len(page.css(".headline .spark")) == 6


def test_numbers_link_to_the_very_questions(full: World, client: TestClient) -> None:
    page = tree(client.get("/insights?period=7d&mode=written").text)
    row = next(r for r in page.css(".metrics tr") if "Citations opened" in r.text())
    link = row.css_first("td.counted a")
    given = {
        name: value[0] for name, value in parse_qs(urlsplit(link.attributes["href"]).query).items()
    }
    assert given == {
        "period": "7d",
        "mode": "written",
        "metric": "citation_open",
        "side": "numerator",
    }
    period = parse_period("7d", "", "", LATER)
    behind = members(
        "citation_open", "numerator", full[0].facts.columns(), period, LATER, Slice(mode="written")
    )
    assert len(behind) == int(link.text().replace(",", "")) > 0


def test_the_json_has_what_the_page_has(full: World, client: TestClient) -> None:
    data = client.get("/api/v1/insights").json()
    assert list(data["metrics"]) == list(WORDS)
    values = now_of(full[0])
    for metric in ("task_success", "time_to_answer_p95", "cost_per_accepted", "tickets"):
        assert data["metrics"][metric]["value"] == values[metric]
    success = data["metrics"]["task_success"]
    assert (success["unit"], success["target"], success["better"]) == ("ratio", 0.6, "higher")
    assert success["previous"] is not None
    assert data["metrics"]["false_refusal"]["value"] == pytest.approx(0.25)
    assert data["period"] == {"from": "2026-10-24T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
    assert data["previous_period"] == {"from": "2026-09-26T00:00:00Z", "to": "2026-10-23T18:00:00Z"}
    assert data["funnel"][0]["id"] == "asked"
    assert [row["level"] for row in data["calibration"]] == ["high", "medium", "low"]
    assert data["calibration"][0]["promised"] == 0.8
    assert sum(row["usd"] for row in data["cost"]["by_model"]) == pytest.approx(
        sum(row["usd"] for row in data["cost"]["by_day"])
    )


def test_a_slice_and_dates_narrow_everything(full: World, client: TestClient) -> None:
    whole = client.get("/api/v1/insights?from=2026-11-01&to=2026-11-07").json()
    part = client.get("/api/v1/insights?from=2026-11-01&to=2026-11-07&channel=api").json()
    assert part["slice"] == {"channel": "api"}
    assert 0 < part["funnel"][0]["count"] < whole["funnel"][0]["count"]
    assert whole["period"] == {"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z"}
    page = client.get("/insights?from=2026-11-01&to=2026-11-07&channel=api")
    assert "1 Nov 2026 to 7 Nov 2026" in words(page.text)
    assert tree(page.text).css_first("details.narrow-down").attributes.get("open", None) is None
    assert "open" in tree(page.text).css_first("details.narrow-down").attributes
    none = client.get("/insights?release=0.0.0")
    assert "Nothing was asked in this period and slice" in none.text


def test_a_comparison_can_be_left_out(client: TestClient) -> None:
    assert "compared with" in client.get("/insights").text
    page = client.get("/insights?compare=no")
    assert "compared with" not in page.text
    assert not tree(page.text).css(".moved")


@pytest.mark.parametrize(
    "query", ["period=fortnight", "from=soon", "from=2026-03-02&to=2026-03-01"]
)
def test_a_period_that_is_none_is_told(client: TestClient, query: str) -> None:
    assert client.get(f"/insights?{query}").status_code == 400
    answer = client.get(f"/api/v1/insights?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_comes_as_csv(client: TestClient, table: str) -> None:
    answer = client.get(f"/api/v1/insights/{table}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"footnote-{table}-2026-10-24.csv" in answer.headers["content-disposition"]
    first, *rows = csv.reader(io.StringIO(answer.text))
    assert rows
    assert {len(row) for row in rows} == {len(first)}


def test_the_tables_that_are_offered_are_those_that_exist() -> None:
    assert sorted(get_args(TableName)) == sorted(TABLES)


def test_csv_addresses_on_the_page_work(client: TestClient) -> None:
    page = tree(client.get("/insights?period=90d").text)
    found = {link.attributes["href"] for link in page.css("a[href$='.csv'], a[href*='.csv?']")}
    assert len(found) >= 8
    for address in found:
        assert "period=90d" in address
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("metric", list(WORDS))
def test_every_metric_has_a_page(client: TestClient, metric: str) -> None:
    page = client.get(f"/insights/metrics/{metric}")
    assert page.status_code == 200
    assert WORDS[metric][3][:40] in words(page.text)
    assert metric in words(page.text)


def test_a_metric_is_told_for_each_slice(full: World, client: TestClient) -> None:
    page = tree(client.get("/insights/metrics/acceptance").text)
    values = now_of(full[0], mode="written")
    row = next(r for r in page.css(".bars tr") if r.css_first("th").text() == "written")
    assert row.css_first("td").text().startswith(said(values["acceptance"], "ratio"))
    assert "mode=written" in row.css_first("a").attributes["href"]


def test_a_metric_that_does_not_exist_is_not_found(client: TestClient) -> None:
    answer = client.get("/insights/metrics/happiness")
    assert answer.status_code == 404
    assert "happiness" in answer.text


def test_htmx_gets_the_part_that_changes(client: TestClient) -> None:
    part = client.get("/insights?mode=quotes", headers=HTMX)
    assert part.headers["vary"].startswith("HX-Request")
    assert not part.text.lstrip().startswith("<!doctype")
    assert tree(part.text).css_first("nav.sections") is None
    assert tree(part.text).css_first(".headline") is not None


def test_quality_comes_from_the_eval_report(client: TestClient) -> None:
    page = client.get("/insights")
    assert "From 5 test questions (rules)" in words(page.text)
    figures = next(t for t in tree(page.text).css("table.figures"))
    assert "Answer correctness" in figures.text()
    fairness = next(f for f in tree(page.text).css("figure") if "by kind of question" in f.text())
    assert "plain" in fairness.text()


def test_every_picture_is_told_in_words(client: TestClient) -> None:
    page = tree(client.get("/insights").text)
    for figure in page.css("figure.chart"):
        assert figure.css_first("figcaption").text().strip()
        assert figure.css_first("table") is not None or "Nothing was counted" in figure.text()
    for picture in page.css("[role=img]"):
        assert picture.attributes["aria-label"]
        assert picture.css_first("a, button, summary") is None


def test_before_the_first_question_the_page_says_what_to_do(tmp_path: Path) -> None:
    with insights(tmp_path) as (_, client, _asked):
        page = client.get("/insights")
        assert page.status_code == 200
        assert "Nothing was asked yet" in page.text
        assert tree(page.text).css_first("main a[href='/']") is not None
        assert "copy prd/metrics.yaml" in page.text
        assert client.get("/api/v1/insights?period=all").json()["metrics"]["trust"]["value"] is None
        assert client.get("/insights/metrics/retry").status_code == 200


def test_a_broken_file_of_targets_is_told_on_the_page(tmp_path: Path) -> None:
    with insights(tmp_path) as (_, client, _asked):
        (tmp_path / "prd" / "metrics.yaml").write_text("metrics: {speed: {}}")
        page = client.get("/insights")
        assert page.status_code == 400
        assert "no metric 'speed'" in tree(page.text).body.text()


def test_a_missing_eval_report_says_which_command_makes_it(tmp_path: Path) -> None:
    with insights(tmp_path) as (services, client, asked):
        look = Insights(
            services.facts, prd_dir=PRD, eval_report=tmp_path / "none.json", promises={}
        )
        state: Any = client.app_state
        state["services"] = replace(services, insights=look)
        with moment.at(LATER):
            asked.ask("How many days of leave?", NOON)
            assert "footnote eval --json" in client.get("/insights").text
            (tmp_path / "none.json").write_text("{}")
            assert "is not an eval report" in client.get("/insights").text
