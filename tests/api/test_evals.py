"""``/api/v1/evals``: the list, one run, two of them; and what is wrong as a problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.settings import Settings
from tests.unit.eval_runs_made import made, row, write
from tests.web.conftest import browsing

if TYPE_CHECKING:
    from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("evals")
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        embedding_model=str(folder / "none"),
        prd_dir=folder,
        eval_report=folder / "reports" / "sample" / "report.json",
    )
    rows = [row(f"q{at:02}") for at in range(30)]
    write(settings.eval_report, made("sample", rows))
    worse = [replace(one, scores={"correct": 0.0}) for one in rows[:12]] + rows[12:]
    later = "2026-11-23T08:00:00+00:00"
    kept = folder / "data" / "evals"
    write(kept / "new.json", made("new", worse, made_at=later, configuration={"k": 1}))
    (kept / "broken.json").write_text("{")
    with browsing(build_services(settings)) as found:
        yield found


def test_runs_are_listed_with_their_figures_and_problems(client: TestClient) -> None:
    runs = {one["name"]: one for one in client.get("/api/v1/evals").json()["runs"]}
    assert set(runs) == {"new", "sample", "broken"}
    assert runs["sample"]["baseline"] is True
    assert runs["new"]["figures"]["correct"]["value"] == 0.6
    assert runs["broken"]["problem"] == "It is not the report of an eval."
    assert runs["broken"]["figures"] == {}


def test_a_run_comes_with_or_without_its_cases(client: TestClient) -> None:
    run = client.get("/api/v1/evals/new").json()
    assert len(run["rows"]) == run["cases"] == 30
    assert run["rows"][0]["scores"] == {"correct": 0.0}
    assert run["rows"][0]["right"] is False
    assert "path" not in run  # where it lies on the machine is nobody's business
    short = client.get("/api/v1/evals/new?rows=false").json()
    assert short["rows"] == []
    assert short["figures"] == run["figures"]


def test_two_runs_are_compared(client: TestClient) -> None:
    found = client.get("/api/v1/evals/compare?a=sample&b=new").json()
    assert found["paired"] == 30
    assert [one["id"] for one in found["regressions"]] == [f"q{at:02}" for at in range(12)]
    correct = next(one for one in found["metrics"] if one["id"] == "correct")["difference"]
    assert correct["difference"] == pytest.approx(-0.4)
    assert correct["verdict"] == "worse"
    assert correct["p"] == pytest.approx(2 / 2**12)
    assert {one["name"] for one in found["settings"]} == {"k", "dense_weight", "read_passages"}


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/api/v1/evals/gone", 404, "There is no eval run “gone”."),
        ("/api/v1/evals/broken", 400, "is not the report of an eval"),
        ("/api/v1/evals/compare?a=sample&b=gone", 404, "There is no eval run “gone”."),
        ("/api/v1/evals/compare?a=sample", 422, "b"),
    ],
)
def test_what_is_wrong_is_a_problem(
    client: TestClient, address: str, status: int, says: str
) -> None:
    response = client.get(address, headers={"Accept": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
