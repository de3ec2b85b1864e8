"""``/launch`` and ``/prd``: the project's own PRD over real services, for people and programs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from app import moment
from app.insights.launch.criteria import read_stories
from app.web.pm.launch.prd_text import inline, rendered
from tests.contracts.asked import NOON
from tests.load.questions import fill
from tests.web.conftest import browsing, tree, words

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from app.bootstrap import Services

ROOT = Path(__file__).parents[2]
LATER = NOON + timedelta(hours=6)
World = tuple["Services", "TestClient"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The project's PRD and reports, and a month of questions."""
    from app.bootstrap import build_services
    from app.settings import Settings

    folder = tmp_path_factory.mktemp("launch")
    shutil.copytree(ROOT / "prd", folder / "prd", ignore=shutil.ignore_patterns("images"))
    shutil.copytree(ROOT / "evals" / "reports", folder / "reports")
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        embedding_model=str(folder / "none"),
        prd_dir=folder / "prd",
        eval_report=folder / "reports" / "sample" / "report.json",
    )
    services = build_services(settings)
    fill(services.engine, 400, days=20, until=NOON)
    with browsing(services) as client:
        yield services, client


def get(world: World, address: str) -> Any:
    with moment.at(LATER):
        response = world[1].get(address)
    assert response.status_code == 200, response.text
    return response


def test_every_criterion_is_on_the_page_with_its_status_and_evidence(world: World) -> None:
    page = tree(get(world, "/launch").text)
    stories = read_stories(world[0].settings.prd_dir)
    criteria = [one.id for story in stories for one in story.criteria]
    assert [row.attributes["id"] for row in page.css(".story tr[id]")] == criteria
    for row in page.css(".story tr[id]"):
        assert row.css_first(".verdict").text(strip=True) in ("pass", "fail", "unknown")
        assert row.css(".found")
    for story in stories:
        assert story.told in words(page.html)


def test_the_verdict_is_large_and_every_reason_leads_to_its_evidence(world: World) -> None:
    page = tree(get(world, "/launch").text)
    ready = get(world, "/api/v1/launch").json()
    assert page.css_first(".call-word").text() == ready["verdict"].capitalize()
    assert len(page.css(".reasons li")) == len(ready["reasons"])
    anchors = {node.attributes["id"] for node in page.css("[id]")}
    for link in page.css(".reasons a"):
        href = link.attributes["href"]
        assert href[1:] in anchors if href.startswith("#") else href.startswith(("/evals", "/ins"))


def test_no_form_and_no_script_can_override_it(world: World) -> None:
    page = tree(get(world, "/launch").text)
    assert page.css("main form, main button, main input") == []
    assert world[1].post("/launch", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 405


def test_links_to_evidence_open(world: World) -> None:
    page = tree(get(world, "/launch").text)
    metrics = {a.attributes["href"] for a in page.css("main a[href^='/insights/metrics/']")}
    assert metrics
    for address in sorted(metrics)[:3]:
        get(world, address)


def test_the_json_says_what_the_page_says(world: World) -> None:
    ready = get(world, "/api/v1/launch").json()
    page = words(get(world, "/launch").text)
    assert ready["verdict"] == ("hold" if ready["reasons"] else "ship")
    assert sum(ready["counts"].values()) == len(ready["criteria"])
    for reason in ready["reasons"]:
        assert " ".join(reason["said"].replace("`", "").split()) in page
    assert {one["id"] for one in ready["guardrails"]} >= {"task_success", "rejection"}


def test_the_command_line_ends_with_1_on_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli import app

    settings = world[0].settings
    for name in ("data_dir", "prd_dir", "eval_report", "embedding_model"):
        monkeypatch.setenv(f"FOOTNOTE_{name.upper()}", str(getattr(settings, name)))
    done = CliRunner().invoke(app, ["launch"])
    read = CliRunner().invoke(app, ["launch", "--json"])
    ready = json.loads(read.stdout_bytes)
    assert done.exit_code == read.exit_code == (1 if ready["verdict"] == "hold" else 0)
    assert done.stdout.startswith(ready["verdict"].capitalize())
    assert all(reason["id"] in done.stdout for reason in ready["reasons"])


def test_the_prd_is_rendered_with_contents_and_anchors(world: World) -> None:
    page = tree(get(world, "/prd").text)
    anchors = {node.attributes["id"] for node in page.css("[id]")}
    assert len(page.css("h1")) == 1
    contents = [a.attributes["href"] for a in page.css(".contents a")]
    assert len(contents) >= 10
    assert {href[1:] for href in contents} <= anchors
    assert {"A1", "T5", "V3"} <= anchors
    assert "<!--" not in page.css_first(".prd-text").html


def test_figures_of_the_prd_lead_to_their_run(world: World) -> None:
    page = tree(get(world, "/prd").text)
    figures = page.css(".prd-text a[href='/evals/sample']")
    assert len(figures) >= 8
    assert all(re.search(r"\d", one.text()) for one in figures)


def test_targets_stand_beside_live_values_and_eval_values(world: World) -> None:
    look = get(world, "/api/v1/insights").json()["metrics"]
    rows = {
        row.css_first("summary").text(): [cell.text(strip=True) for cell in row.css("td")]
        for row in tree(get(world, "/prd").text).css(".limits tbody tr")
    }
    from app.web.units import said

    assert rows["Task success"][0] == "≥ 60 %"
    assert rows["Task success"][2].startswith(said(look["task_success"]["value"], "ratio"))
    assert re.match(r"\d", rows["Answer correctness"][2])


def test_decisions_and_experiments_are_pages(world: World) -> None:
    page = tree(get(world, "/prd").text)
    papers = [a.attributes["href"] for a in page.css(".shelf a")]
    assert len(papers) >= 22
    for address in (papers[0], papers[-1], "/prd/decisions/README"):
        assert tree(get(world, address).text).css_first("h1").text()
    for missing in ("/prd/decisions/none", "/prd/decisions/..%2fPRD", "/prd/elsewhere/README"):
        assert world[1].get(missing).status_code in (404, 422), missing


def test_no_link_of_a_paper_leads_nowhere(world: World) -> None:
    for address in ("/prd", "/prd/decisions/0017-signals-that-transfer", "/prd/decisions/README"):
        for link in tree(get(world, address).text).css(".prd-text a"):
            href = link.attributes["href"] or ""
            if href.startswith("/prd"):
                get(world, href)
            assert href.startswith(("/prd", "/evals/", "/launch", "/insights", "http", "#")), href


def test_without_a_prd_the_pages_say_so(world: World, tmp_path: Path) -> None:
    services, client = world
    bare = services.settings.model_copy(
        update={"prd_dir": tmp_path, "eval_report": tmp_path / "r" / "sample" / "report.json"}
    )
    state: Any = client.app_state
    state["services"] = replace(services, settings=bare)
    try:
        assert "There is no PRD here" in words(get(world, "/launch").text)
        assert "Hold" in words(get(world, "/launch").text)
        assert "There is no PRD here" in words(get(world, "/prd").text)
    finally:
        state["services"] = services


def test_markup_in_a_paper_stays_text() -> None:
    text = rendered(
        "# T\n\n<script>alert(1)</script>\n\n<img src=x onerror=y> [a](javascript:x) "
        "![pic](https://elsewhere.example/x.png) [b](//elsewhere.example) [c](../../etc/passwd)\n",
        "PRD.md",
    )
    page = tree(str(text.html))
    assert page.css("script, img, a") == []
    assert "<script>alert(1)</script>" in page.body.text()
    assert "pic" in page.body.text()
    assert (
        str(inline("`a < b` **c** [d](x)"))
        == "<code>a &lt; b</code> <strong>c</strong> <span>d</span>"
    )


def test_headings_of_the_same_words_have_anchors_of_their_own() -> None:
    text = rendered("# T\n\n## Same\n\n## Same\n\n### Ünder `code`\n", "PRD.md")
    assert [(one.anchor, one.depth) for one in text.contents] == [
        ("same", 0),
        ("same-2", 0),
        ("nder-code", 1),
    ]
