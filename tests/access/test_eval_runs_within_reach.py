"""Runs of `footnote eval` that searched people's own library are like what they searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.access import Reach, working_for
from app.domain import Filters
from app.errors import NotFound
from app.insights.evals.runs import Runs, kept_folder
from evals.running.environment import searched
from evals.running.options import RunOptions
from tests.access.house import MEMBER, OPEN, OUTSIDERS, SEALED, House, leaks, told
from tests.unit.eval_runs_made import made, row, write

pytestmark = pytest.mark.xdist_group("access")
RUN = "quorvex-run"
CASE = "quorvex-1"
DOORS = (
    "/evals/{run}",
    "/evals/{run}/cases/{case}",
    "/evals/{run}/cases.csv",
    "/evals/{run}/label",
    "/evals/{run}/agreement",
    "/evals/compare?a={run}&b=sample",
    "/evals/compare?a=sample&b={run}",
    "/evals/compare.csv?a={run}&b=sample",
    "/api/v1/evals/{run}?rows=true",
    "/api/v1/evals/compare?a={run}&b=sample",
)
LISTS = ("/evals", "/api/v1/evals", "/evals/sample")


def keep(folder: Path, name: str, searched: list[str] | None) -> None:
    """A run with one answer of the sealed collection."""
    one = row(CASE, text="The severance budget is EUR 4711 million.", cited=("Quorvex ledger",))
    said = {} if searched is None else {"searched": searched}
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{name}.json", made(name, [one], environment={"seed": 0} | said))


@pytest.fixture(scope="module")
def with_run(home: House) -> House:
    keep(kept_folder(home.server.services.settings), RUN, [OPEN, SEALED])
    return home


@pytest.mark.parametrize("door", DOORS)
def test_a_run_over_a_sealed_collection_is_not_there_for_others(with_run: House, door: str) -> None:
    path = door.format(run=RUN, case=CASE)
    assert leaks(with_run.send("member", "GET", path)), "this door proves nothing"
    for reader in OUTSIDERS:
        seen = with_run.send(reader, "GET", path)
        assert seen.status_code == 404, told(seen)[:500]
        said = told(seen).replace(RUN, "")  # they know the name that they asked for
        assert "4711 million" not in said
        assert "quorvex ledger" not in said


@pytest.mark.parametrize("path", LISTS)
def test_lists_of_runs_do_not_name_it_to_others(with_run: House, path: str) -> None:
    assert RUN in told(with_run.send("member", "GET", path))
    for reader in OUTSIDERS:
        seen = with_run.send(reader, "GET", path)
        assert seen.status_code == 200
        assert not leaks(seen)


def test_who_sees_part_of_what_was_searched_does_not_see_the_run(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "evals", tmp_path / "none" / "report.json")
    for name, said in (("both", [OPEN, SEALED]), ("own", []), ("part", [OPEN]), ("old", None)):
        keep(runs.kept, name, said)
    assert set(runs.names()) == {"both", "own", "part", "old"}
    with working_for(MEMBER, Reach(frozenset({OPEN}))):
        assert set(runs.names()) == {"own", "part"}, "one that does not say is withheld"
        assert runs.find("part").name == "part"
        with pytest.raises(NotFound, match="no eval run “both”"):
            runs.find("both")
        with pytest.raises(NotFound):
            runs.find("old")


def test_a_run_says_which_of_peoples_collections_it_searched() -> None:
    there = ("handbook", "board", "press")
    assert searched(there, RunOptions()) == [], "an index of its own"
    assert searched(there, RunOptions(living=True)) == ["board", "handbook", "press"]
    some = RunOptions(living=True, filters=Filters(collections=("press", "gone")))
    assert searched(there, some) == ["press"]
