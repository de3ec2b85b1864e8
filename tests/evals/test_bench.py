"""`footnote bench`: what is measured, and that every contender really runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import app as product
from app.errors import BadRequest, NotFound
from evals.bench import measuring, processes
from evals.bench.cli import app
from evals.bench.corpus import prepare

ENCODERS = ("encoder float32", "encoder bfloat16", "own encoder")


def test_formats_that_the_quickstart_cannot_read_are_left_out_for_everybody(
    handbook: Path, tmp_path: Path
) -> None:
    path, work = tmp_path / "mixed", tmp_path / "work"
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "a.md").write_text("# A\n")
    (path / "b.pdf").write_bytes(b"%PDF")
    corpus = prepare(path, work, 0)
    assert (corpus.files, corpus.left_out) == (1, 1)
    assert [file.name for file in corpus.folder.rglob("*.*")] == ["a.md"]
    plain = prepare(handbook, work, 0)
    assert plain.folder == (handbook / "corpus").resolve()
    assert plain.left_out == 0


def test_questions_are_different_ones_from_beside_the_documents(
    handbook: Path, tmp_path: Path
) -> None:
    inside = prepare(handbook, tmp_path, 3)
    beside = prepare(handbook / "corpus", tmp_path, 3)
    assert inside.questions == beside.questions
    assert len(set(inside.questions)) == 3
    assert len(prepare(None, tmp_path, 200).questions) > 100


def test_a_corpus_without_text_or_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not a folder"):
        prepare(tmp_path / "gone", tmp_path, 0)
    (tmp_path / "docs").mkdir()
    with pytest.raises(NotFound, match="holds no plain text"):
        prepare(tmp_path / "docs", tmp_path, 0)
    (tmp_path / "docs" / "a.txt").write_text("A.")
    with pytest.raises(BadRequest, match="There are no questions"):
        prepare(tmp_path / "docs", tmp_path, 5)


def test_contenders_do_not_inherit_our_thread_limits_or_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOOTNOTE_DENSE_WEIGHT", "0")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert product.__file__
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1", "importing the product sets it"
    given = processes.environment()
    assert not [name for name in given if name.startswith("FOOTNOTE_")]
    assert not set(measuring.THREAD_VARIABLES) & set(given)
    assert "PYTHONDONTWRITEBYTECODE" not in given, "or each process compiles all it imports"


def test_a_program_that_fails_is_reported_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(processes.ContenderFailed, match="ended with 3: no luck"):
        processes.command(
            ["-c", "import sys; print('no luck', file=sys.stderr); exit(3)"], tmp_path
        )


def test_tokens_are_counted_as_the_model_reads_them() -> None:
    # [CLS] rivers flow [SEP]; a window of 256
    assert measuring.token_counts(["rivers flow", "word " * 1000]) == [4, 256]


def test_the_help_names_the_suites() -> None:
    done = CliRunner().invoke(app, ["--help"])
    for name in ("ingest", "reingest", "ask", "all"):
        assert name in done.output


@pytest.mark.slow
@pytest.mark.timeout(1200)  # several processes that each load a model
@pytest.mark.xdist_group("bench")
def test_every_ingest_contender_runs_in_a_process_of_its_own(benched: dict[str, Any]) -> None:
    results = benched
    contenders = results["ingest"]["contenders"]
    assert set(contenders) == {"footnote", "quickstart", *ENCODERS}
    for one in contenders.values():
        assert one["passages"] > 0
        assert one["peak_rss_mb"] > 100
        assert one["threads"]["torch"] >= 1
    footnote = contenders["footnote"]
    assert (footnote["added"], footnote["failed"], footnote["unchanged_second"]) == (3, 0, 3)
    assert footnote["passages"] == contenders["encoder float32"]["passages"]
    assert footnote["environment"]["OPENBLAS_NUM_THREADS"] == "1"
    assert contenders["quickstart"]["environment"]["OPENBLAS_NUM_THREADS"] is None
    ratio = results["ingest"]["ratios"]["footnote ÷ quickstart, passages/s"]
    expected = footnote["passages_per_s"] / contenders["quickstart"]["passages_per_s"]
    assert ratio == pytest.approx(expected)
    for again in (results["reingest"]["in process"], results["reingest"]["whole command"]):
        assert again["ratio"] == pytest.approx(again["first_s"] / again["second_s"])
    assert results["reingest"]["in process"]["ratio"] > 1


@pytest.mark.slow
@pytest.mark.timeout(1200)  # several processes that each load a model
@pytest.mark.xdist_group("bench")
def test_answers_over_http_are_timed_beside_the_quickstarts_search(benched: dict[str, Any]) -> None:
    result = benched["ask"]
    assert set(result["latencies_ms"]) == {"ask", "search", "quickstart"}
    assert all(0 < one["p50"] <= one["p95"] for one in result["latencies_ms"].values())
    assert result["questions"] == 4
    assert result["server_peak_rss_mb"] > 100
    assert result["quickstart_facts"]["peak_rss_mb"] > 100
