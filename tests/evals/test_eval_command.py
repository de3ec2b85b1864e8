"""`footnote eval` as it is typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import moment
from app.errors import BadRequest, NotFound
from app.insights.evals.run_file import read_run_file
from app.settings import Settings
from evals.cli import app
from evals.commands.evaluate import WITHOUT_RAGAS, compared
from evals.reporting import keeping
from evals.reporting.report import summarize
from evals.running import ingesting
from evals.running.records import RunResult
from evals.running.server import ServerProblem
from tests.evals.made import record, refused
from tests.knowledge.world import WordEmbedder


@pytest.mark.slow
def test_a_dataset_is_ingested_asked_and_reported_and_quickly_so_again(
    handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["--dataset", "folder", str(handbook), "--data-dir", "own", "--no-baselines"]
    monkeypatch.setenv("FOOTNOTE_EVAL_RUNS", str(tmp_path / "runs"))
    first = CliRunner().invoke(app, [*command, "--json", "out/report.json"])
    assert first.exit_code == 0, first.output
    assert "3 added" in first.output
    assert "gold document cited first" in first.output
    data = json.loads(Path("out/report.json").read_text())
    assert data["cases"] == 4
    assert data["violations"] == 0
    assert data["environment"]["searched"] == [data["dataset"]], "a data directory may hold more"
    assert data["sections"]["Answers"]["document_first"]["value"] == 1.0
    (kept,) = (tmp_path / "runs").iterdir()
    assert f"/evals/{kept.stem}" in first.output
    assert json.loads(kept.read_text()) == data
    run = read_run_file(kept)
    assert run.name == kept.stem
    assert run.rows[0].scores["citation_recall"] == 1.0
    assert any(row.trace for row in run.rows)
    second = CliRunner().invoke(
        app, [*command, "--limit", "2", "--markdown", "report.md", "--out", "whole", "--no-keep"]
    )
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert "3 unchanged" in second.output
    names = {path.name for path in Path("whole").iterdir()}
    assert {"report.json", "report.md", "report.html", "reliability.svg"} <= names
    assert Path("report.md").read_text().startswith("# Eval of")
    assert not Path("data").exists(), "the user's own data directory is not touched"


def test_the_server_to_ask_must_be_there(handbook: Path, tmp_path: Path) -> None:
    command = ["--dataset", "folder", str(handbook), "--data-dir", str(tmp_path / "own")]
    done = CliRunner().invoke(app, [*command, "--url", "http://127.0.0.1:9"])
    assert isinstance(done.exception, ServerProblem)
    assert not (tmp_path / "own").exists()


def test_a_run_is_kept_whole_under_a_name_of_its_own(tmp_path: Path) -> None:
    with moment.at(datetime(2026, 11, 2, 9, 30, 5, tzinfo=UTC)):
        made = summarize(RunResult("my set / 2", (record(),), 1.0))
    first, second = keeping.keep(made, tmp_path), keeping.keep(made, tmp_path)
    assert first.name == "my-set-2-20261102-093005.json"
    assert second.name == "my-set-2-20261102-093005-2.json"
    assert read_run_file(second).cases == 1
    assert len(list(tmp_path.iterdir())) == 2, "nothing half-written beside them"


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadRequest, match="--no-keep"):
        keeping.keep(summarize(RunResult("a", (record(),), 1.0)), tmp_path / "file")


def test_runs_are_kept_in_the_users_data_directory_unless_set(tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path)
    assert keeping.folder(own) == tmp_path / "evals"
    assert keeping.folder(own.model_copy(update={"eval_runs": "elsewhere"})) == Path("elsewhere")


def test_without_ragas_answers_are_not_compared_and_the_report_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = RunResult("a", (record(reference="A term lasts four years."),), 1.0)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    made = compared(result, WordEmbedder)
    assert made.records == result.records
    assert made.notes == (WITHOUT_RAGAS,)
    assert "make setup-dev" in WITHOUT_RAGAS


@pytest.mark.slow  # imports Ragas: 6 s
def test_answers_are_compared_with_the_reference_answers() -> None:
    same = "A term is four years."
    records = (
        record(id="same", reference=same),
        record(id="other", reference="Ask the board about it."),
        record(id="none"),
        refused(id="refused", reference=same),
        record(id="made up", reference=same, answerable=False, gold=(), answers=()),
    )
    made = compared(RunResult("a", records, 1.0), WordEmbedder)
    one, other, *rest = made.records
    assert one.scores == {
        "rouge_l": 1.0,
        "string_similarity": 1.0,
        "semantic_similarity": pytest.approx(1.0, abs=1e-5),
    }
    assert other.scores["rouge_l"] == 0.0
    assert other.scores["semantic_similarity"] < 0.7
    assert [record.scores for record in rest] == [{}, {}, {}]
    figures = summarize(made).sections["Similarity to the reference answer"]
    assert (figures["rouge_l"].value, figures["rouge_l"].n) == (0.5, 2)
    assert made.notes == ()
    turned = compared(RunResult("a", records[::-1], 1.0), WordEmbedder)
    assert turned.records[::-1] == made.records


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
