"""Every metric of a replayed day is what its truth says, and its pages can be read by everyone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as Late

from app.insights.metric_words import WORDS
from tests.replay.compare import compare, table
from tests.replay.day import Replayed, replayed
from tests.replay.script import SESSIONS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("replay"),
    pytest.mark.timeout(1200),  # the whole day: three minutes, on a busy machine more
]

PAGES = (
    "/insights",
    "/insights?period=7d&mode=written",
    "/insights/metrics/task_success",
    "/insights/metrics/time_to_answer_p95",
    "/insights/questions",
    "/insights/questions?metric=acceptance&side=numerator",
    "/insights/questions?outcome=failure",
    "/insights/questions/review",
    "/insights/gaps",
    "/insights/feedback",
    "/insights/experiments",
    "/insights/cost",
    "/insights/alerts",
    "/traces",
    "/traces?state=not_found",
)
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.outerHTML.slice(0, 120))"""
SHOTS = os.environ.get("REPLAY_SHOTS", "")
"""A folder: the pages' pictures are put there, to be looked at."""


def test_the_day_has_300_sessions() -> None:
    assert SESSIONS == 300


def test_every_metric_of_the_day_is_what_its_truth_says(whole_day: Replayed) -> None:
    rows = compare(whole_day)
    assert [row for row in rows if not row.same] == [], table(whole_day)
    # Nothing is the same because nothing happened.
    assert {row.metric for row in rows if row.slice == "whole day" and not row.truth} == set()


@pytest.mark.postgres
def test_it_is_the_same_in_postgres(postgres_url: str, tmp_path: Path) -> None:
    """A sixth of the day, on part of the files: the same definitions, but another database."""
    with replayed(tmp_path, 1 / 6, "*.md", FOOTNOTE_DATABASE_URL=postgres_url) as found:
        assert [row for row in compare(found) if not row.same] == [], table(found)


def test_the_page_shows_what_the_api_says(whole_day: Replayed) -> None:
    period = {"from": whole_day.start.isoformat(), "to": whole_day.now.isoformat()}
    rows = whole_day.get("/api/v1/insights/metrics.csv", **period).text.splitlines()
    told = whole_day.told()["metrics"]
    assert len(rows) == 1 + len(WORDS) == 1 + len(told)


# --- looks ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=list(LOOKS))
def page(request: pytest.FixtureRequest, whole_day: Replayed, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        base_url=whole_day.base_url,
        extra_http_headers={"x-replay-time": whole_day.now.isoformat()},
        reduced_motion="reduce",
        **LOOKS[request.param],  # type: ignore[arg-type]
    )
    opened = context.new_page()
    opened.look = request.param  # type: ignore[attr-defined]
    yield opened
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("address", PAGES)
def test_a_page_has_nothing_that_keeps_somebody_out(page: Page, address: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(address)
    with suppress(Late):  # what is still under way then, a page does not need to be read
        page.wait_for_load_state("networkidle", timeout=10_000)
    if SHOTS:
        _picture(page, address)
    assert not complaints
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        raise AssertionError(f"wider than the page: {page.evaluate(BEYOND)}")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    serious = [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.browser
def test_the_trace_of_an_answer_has_nothing_that_keeps_somebody_out(
    page: Page, whole_day: Replayed
) -> None:
    answered = next(done.answer for done in whole_day.log if done.answer)
    test_a_page_has_nothing_that_keeps_somebody_out(page, f"/traces/{answered['trace_id']}")
    test_a_page_has_nothing_that_keeps_somebody_out(
        page, f"/insights/questions/{answered['answer_id']}"
    )
    test_a_page_has_nothing_that_keeps_somebody_out(page, f"/a/{answered['answer_id']}")


def _picture(page: Page, address: str) -> None:
    look = page.look  # type: ignore[attr-defined]
    name = address.strip("/").replace("/", "-").replace("?", "_").replace("&", "_")
    page.screenshot(path=f"{SHOTS}/{name}-{look}.png", full_page=True)
