"""Every endpoint, called with what nobody should send: never 500, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz import endpoints, pages, report
from tests.fuzz.world import Fuzzed, fuzzed_server

CALLS, KNOCKS, SEED = 6, 3, 6
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fuzzed-server")]


open_only = pytest.mark.parametrize("world", [False], ids=["open"], indirect=True)
open_and_with_accounts = pytest.mark.parametrize(
    "world", [False, True], ids=["open", "accounts"], indirect=True
)


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzed]:
    with fuzzed_server(tmp_path_factory.mktemp("fuzzed"), accounts=request.param) as running:
        yield running


@open_only
def test_the_api_answers_as_its_description_says(world: Fuzzed) -> None:
    called = endpoints.call_all(world.client, world.known, CALLS, SEED)
    assert not report.findings(called), "\n\n".join(report.findings(called))
    assert len(called) >= 27
    assert sum(200 in one.statuses for one in called) >= 15, "most calls never reached anything"


@open_and_with_accounts
def test_no_route_answers_500_or_shows_a_traceback(world: Fuzzed) -> None:
    from app.main import create_app

    doors = pages.doors(create_app())
    labels = {door.label for door in doors}
    assert {"POST /ask", "POST /mcp", "GET /traces/{trace_id}", "POST /events"} <= labels
    called = pages.knock(world, doors, KNOCKS, SEED)
    assert not report.findings(called), "\n\n".join(report.findings(called))
    assert sum(200 in one.statuses for one in called) >= 40
