"""Our runs beside figures that others published."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.insights.evals.run_file import RunFigure, RunFile
from evals import cli
from evals.commands import published as command
from evals.datasets import LOADERS, BadDataset
from evals.datasets.published import FILE, newest, read_published, to_markdown
from evals.reporting.report import summarize, to_json
from evals.running.records import RunResult
from tests.evals.made import record

RUN = RunFile(
    name="scifact-20261101-120000",
    path=Path(),
    dataset="scifact",
    made_at="2026-11-01T12:00:00+00:00",
    cases=300,
    answerable=300,
    seconds=1.0,
    environment={"limit": None},
    retrieval={
        "as set": {"document_ndcg_at_10": RunFigure(0.7, 300, 0.66, 0.74)},
        "BM25 alone": {"document_ndcg_at_10": RunFigure(0.65, 300, 0.61, 0.69)},
    },
)


def test_every_figure_that_is_committed_names_a_source_and_why_it_compares() -> None:
    published = read_published()
    assert len({one.id for one in published.sets}) == len(published.sets)
    for one in published.sets:
        assert one.why
        layout, _ = one.command.removeprefix("footnote eval --dataset ").split()
        assert layout in LOADERS
        for figure in one.figures:
            assert 0 < figure.value < 1
            assert published.sources[figure.source].url.startswith("https://")


def section(text: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found.group()


def test_our_run_stands_beside_theirs_with_its_interval_and_every_ranking() -> None:
    text = to_markdown(read_published(), [RUN])
    scifact = section(text, "SciFact (BEIR)")
    assert "| Footnote, as set | nDCG at 10 over documents | **0.700** (0.660–0.740)" in scifact
    assert "| Footnote, BM25 alone | nDCG at 10 over documents | **0.650**" in scifact
    assert "| ColBERTv2 | nDCG@10 | 0.693 | yes |" in scifact
    assert "run scifact-20261101-120000, 2026-11-01, 300 questions |" in scifact
    assert "Compares: **yes**: same documents" in scifact


def test_a_set_without_a_run_says_how_to_measure_it() -> None:
    text = to_markdown(read_published(), [RUN])
    assert "not measured here: `footnote eval --dataset beir fiqa`" in section(
        text, "FiQA-2018 (BEIR)"
    )
    finance = section(text, "FinanceBench")
    assert "| 19.0 % | no |" in finance
    assert "people judged right" in finance


def test_the_last_whole_run_counts_and_a_part_says_that_it_is_one() -> None:
    part = replace(RUN, name="part", made_at="2026-11-09T12:00:00", environment={"limit": 100})
    older = replace(RUN, name="older", made_at="2026-10-01T12:00:00")
    assert newest([part, RUN, older])["scifact"].name == RUN.name
    text = to_markdown(read_published(), [part])
    assert "300 questions, 100 of its questions" not in section(text, "SciFact (BEIR)")
    assert "a part: 100 questions drawn" in section(text, "SciFact (BEIR)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("source: pyserini", "source: nobody"), "scifact names no source: 'nobody'"),
        (("ours: document_ndcg_at_10", "ours: luck"), "scifact names no figure: 'luck'"),
        (('comparable: "yes"', "comparable: perhaps"), "comparable"),
        (("sources:", "sources: ["), "can't be used"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    file = tmp_path / "published.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadDataset, match=message):
        read_published(file)


def test_the_command_reads_reports_and_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = summarize(RunResult("science", (record(), record(id="r")), 1.0), texts=False)
    Path("science").mkdir()
    Path("science/report.json").write_text(to_json(made))
    done = CliRunner().invoke(cli.app, ["published", "science", "--out", "table.md"])
    assert done.exit_code == 0, done.output
    covid = section(Path("table.md").read_text(), "COVID-QA")
    assert "| Footnote, as set | Answer correctness | **100.0 %**" in covid
    shown = io.StringIO()
    command.run(["science"], None, Console(file=shown, width=80))
    assert "## COVID-QA" in shown.getvalue()
