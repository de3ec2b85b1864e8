"""`footnote eval compare` and `footnote eval runs` on a terminal of 80 characters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli import app
from tests.unit.eval_runs_made import made, row, write


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A baseline, and a kept run in which 12 of 30 cases broke."""
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FOOTNOTE_EVAL_REPORT", str(tmp_path / "reports" / "sample" / "report.json"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    rows = [row(f"q{at:02}") for at in range(30)]
    write(tmp_path / "reports" / "sample" / "report.json", made("sample", rows))
    worse = [row(f"q{at:02}", right=at >= 12) for at in range(30)]
    later = "2026-11-23T08:00:00+00:00"
    new = made("new", worse, made_at=later, configuration={"dense_weight": 1.0})
    return write(tmp_path / "data" / "evals" / "new.json", new)


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def test_regressions_come_before_figures() -> None:
    text = said("compare", "sample", "new", "--most", "3")
    assert "dense_weight: 0.65 → 1.0" in text
    assert "Right before, wrong now: 12" in text
    assert "… and 9 more" in text
    assert text.index("Right before") < text.index("Wrong before") < text.index("figure")
    line = next(one for one in text.splitlines() if one.startswith("correct"))
    assert line.split() == ["correct", "100.0", "%", "60.0", "%", "−40.0", "−56.7", "to", "−23.3",
                            "<0.001", "worse"]  # fmt: skip
    assert all(len(one) <= 80 for one in text.splitlines() if one.startswith(("correct", "false")))


def test_a_file_does_in_place_of_a_name(runs: Path) -> None:
    assert "Right before, wrong now: 12" in said("compare", "sample", str(runs))


def test_json_is_only_json() -> None:
    found = json.loads(said("compare", "sample", "new", "--json"))
    assert [one["id"] for one in found["regressions"]][:2] == ["q00", "q01"]
    metric = next(one for one in found["metrics"] if one["id"] == "correct")
    assert metric["verdict"] == "worse"
    assert metric["low"] < metric["difference"] < metric["high"] < 0


def test_markdown_is_written_beside_what_is_shown(tmp_path: Path) -> None:
    said("compare", "sample", "new", "--markdown", str(tmp_path / "out" / "c.md"))
    text = (tmp_path / "out" / "c.md").read_text()
    assert text.startswith("# sample → new\n")
    assert "## Right before, wrong now: 12" in text
    assert "| correct | 100.0 % | 60.0 % | −40.0 |" in text


def test_runs_are_listed_with_the_baseline_marked(runs: Path) -> None:
    (runs.parent / "broken.json").write_text("{")
    text = said("runs")
    assert "new " in text
    assert "sample *" in text
    assert "broken: It is not the report of an eval." in text
    listed = json.loads(said("runs", "--json"))
    assert {one["name"]: one["baseline"] for one in listed}["sample"] is True


def test_without_a_run_the_list_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path / "fresh"))
    monkeypatch.setenv("FOOTNOTE_EVAL_REPORT", str(tmp_path / "fresh" / "x" / "report.json"))
    assert "Make one with: footnote eval" in said("runs")
