"""`footnote eval` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.errors import NotFound
from app.settings import Settings
from evals import ingesting
from evals.cli import app


@pytest.mark.slow
def test_a_dataset_is_ingested_asked_and_reported_and_quickly_so_again(
    handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["--dataset", "folder", str(handbook), "--data-dir", "own", "--no-baselines"]
    first = CliRunner().invoke(app, [*command, "--json", "out/report.json"])
    assert first.exit_code == 0, first.output
    assert "3 added" in first.output
    assert "gold document cited first" in first.output
    data = json.loads(Path("out/report.json").read_text())
    assert data["cases"] == 4
    assert data["violations"] == 0
    assert data["sections"]["Answers"]["document_first"]["value"] == 1.0
    second = CliRunner().invoke(
        app, [*command, "--limit", "2", "--markdown", "report.md", "--out", "whole"]
    )
    assert "3 unchanged" in second.output
    names = {path.name for path in Path("whole").iterdir()}
    assert {"report.json", "report.md", "report.html", "reliability.svg"} <= names
    assert Path("report.md").read_text().startswith("# Eval of")
    assert not Path("data").exists(), "the user's own data directory is not touched"


def test_without_an_ingest_the_data_directory_must_be_there(handbook: Path, tmp_path: Path) -> None:
    command = ["--dataset", "folder", str(handbook), "--no-ingest", "--data-dir"]
    done = CliRunner().invoke(app, [*command, str(tmp_path / "none")])
    assert isinstance(done.exception, NotFound)
    assert "Leave out --no-ingest" in done.exception.message
    assert not (tmp_path / "none").exists()


def test_the_help_names_the_options() -> None:
    done = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})
    for option in ("--dataset", "--data-dir", "--limit", "--no-ingest", "--json", "--worst"):
        assert option in done.output


def test_a_directory_of_its_own_is_private_and_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = Settings(_env_file=None)
    one = ingesting.cached_data_dir("x", tmp_path / "a", settings)
    assert one == ingesting.cached_data_dir("x", tmp_path / "a", settings)
    assert one != ingesting.cached_data_dir("x", tmp_path / "b", settings)
    smaller = Settings(_env_file=None, passage_tokens=100)
    assert one != ingesting.cached_data_dir("x", tmp_path / "a", smaller)
    assert one.parent.stat().st_mode & 0o077 == 0
