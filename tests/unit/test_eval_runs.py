"""Which runs there are: kept ones, committed ones, broken ones; cheap with hundreds."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import NotFound
from app.insights.evals.run_file import BadRunFile
from app.insights.evals.runs import Runs, history
from app.settings import Settings
from tests.unit.eval_runs_made import made, row, write


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "kept", tmp_path / "reports" / "sample" / "report.json")


def test_without_any_folder_there_are_no_runs(runs: Runs) -> None:
    assert runs.heads() == []
    assert runs.base() is None
    with pytest.raises(NotFound, match="no eval run “x”"):
        runs.find("x")


def test_kept_and_committed_runs_are_listed_newest_first(runs: Runs) -> None:
    run = made("x", [row("q1")])
    write(runs.baseline, run)
    write(runs.baseline.parent.parent / "public" / "report.json", run)
    write(runs.kept / "sample-2.json", replace(run, made_at="2026-11-23T10:00:00+00:00"))
    write(runs.kept / "sample-1.json", replace(run, made_at="2026-11-21T10:00:00"))
    heads = runs.heads()
    assert [head.name for head in heads] == ["sample-2", "sample", "public", "sample-1"]
    assert [head.baseline for head in heads] == [False, True, False, False]
    assert [head.committed for head in heads] == [False, True, True, False]


def test_a_head_has_every_figure_and_no_row(runs: Runs) -> None:
    run = made("x", [row("q1"), row("q2", right=False)], notes=('"rows": [ in a note',))
    write(runs.kept / "one.json", run)
    (head,) = runs.heads()
    assert head.run is not None
    assert head.run.rows == ()
    assert head.run.figures == runs.find("one").figures
    assert head.run.figures["correct"].value == 0.5
    assert len(runs.find("one").rows) == 2


def test_a_file_that_is_laid_out_otherwise_is_read_all_the_same(runs: Runs) -> None:
    path = write(runs.kept / "one.json", made("x", [row("q1")]))
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    (head,) = runs.heads()
    assert head.problem == ""
    assert head.run is not None
    assert head.run.rows == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not the report"),
        ("[]", "not the report"),
        ("", "not the report"),
        ('{"format": 2}', "not the report"),
        ('{"format": 1, "dataset": "x"}', "format 1; this release reads 2"),
        ("\x00\xff", "not the report"),
    ],
)
def test_a_broken_file_is_listed_with_its_problem(runs: Runs, text: str, problem: str) -> None:
    write(runs.kept / "good.json", made("x", [row("q1")]))
    (runs.kept / "bad.json").write_text(text, encoding="latin-1")
    by_name = {head.name: head for head in runs.heads()}
    assert problem in by_name["bad"].problem
    assert by_name["bad"].run is None
    assert by_name["good"].problem == ""
    with pytest.raises(BadRunFile):
        runs.find("bad")


def test_a_file_that_was_made_anew_is_read_anew(runs: Runs) -> None:
    path = write(runs.kept / "one.json", made("x", [row("q1")]))
    assert [head.run.cases for head in runs.heads() if head.run] == [1]
    write(path, made("x", [row("q1"), row("q2")]))
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))
    assert [head.run.cases for head in runs.heads() if head.run] == [2]


def test_a_name_reaches_nothing_but_the_list(runs: Runs, tmp_path: Path) -> None:
    write(tmp_path / "outside.json", made("x", [row("q1")]))
    (runs.kept).mkdir(parents=True)
    for name in ("../outside", str(tmp_path / "outside"), ".", ""):
        with pytest.raises(NotFound):
            runs.find(name)


def test_the_command_line_takes_names_files_and_folders(runs: Runs, tmp_path: Path) -> None:
    write(runs.kept / "one.json", made("x", [row("q1")]))
    file = write(tmp_path / "elsewhere" / "report.json", made("x", [row("q1")]))
    assert runs.named_or_file("one").name == "one"
    assert runs.named_or_file(str(file)).name == "elsewhere"
    assert runs.named_or_file(str(file.parent)).name == "elsewhere"
    with pytest.raises(NotFound, match="neither an eval run nor a file"):
        runs.named_or_file("nothing")


def test_of_two_with_one_name_the_committed_one_has_it(runs: Runs) -> None:
    write(runs.baseline, made("x", [row("q1")]))
    write(runs.kept / "sample.json", made("x", [row("q1"), row("q2")]))
    assert [head.committed for head in runs.heads()] == [True]
    assert runs.find("sample").cases == 1


def test_the_baseline_is_not_compared_with_itself(runs: Runs) -> None:
    write(runs.baseline, made("x", [row("q1")]))
    write(runs.kept / "one.json", made("x", [row("q1")]))
    assert runs.base(runs.find("sample")) is None
    found = runs.base(runs.find("one"))
    assert found is not None
    assert found.name == "sample"


def test_the_course_is_of_one_dataset_oldest_first(runs: Runs) -> None:
    run = made("x", [row("q1")])
    for number in (3, 1, 2):
        write(runs.kept / f"r{number}.json", replace(run, made_at=f"2026-11-0{number}T10:00:00Z"))
    write(runs.kept / "other.json", replace(run, dataset="other"))
    assert [one.name for one in history(runs.heads(), "sample")] == ["r1", "r2", "r3"]


def test_settings_say_where_runs_are_kept(tmp_path: Path) -> None:
    inside = Settings(_env_file=None, data_dir=tmp_path)
    assert Runs.of(inside).kept == tmp_path / "evals"
    other = Settings(_env_file=None, data_dir=tmp_path, eval_runs=str(tmp_path / "runs"))
    assert Runs.of(other).kept == tmp_path / "runs"


def test_two_hundred_runs_are_listed_at_once(runs: Runs) -> None:
    path = write(runs.kept / "r000.json", made("x", [row(f"q{at}") for at in range(300)]))
    for number in range(1, 200):
        (runs.kept / f"r{number:03}.json").write_bytes(path.read_bytes())
    assert len(runs.heads()) == 200
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        assert len(runs.heads()) == 200
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.5, took  # what was read is known; measured: 5 ms
