"""A run that is killed goes on to the figures it would have had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap import models
from evals.datasets import load
from evals.running.ingesting import ingest_folder
from evals.running.runner import RunOptions, run
from tests.evals.conftest import QUESTIONS
from tests.evals.killed_run import with_words
from tests.evals.test_runner import without_times

FOLLOW_UP = {
    "id": "caps",
    "question": "And in Porto?",
    "answerable": True,
    "document": "travel.md",
    "passage": "Porto | 120 euros | 45 euros",
    "answers": ["120 euros"],
    "after": ["What is the hotel cap in Oslo?"],
}


@pytest.mark.slow
def test_a_run_killed_after_two_cases_goes_on_to_the_same_figures(
    handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "load_embedder", models.load_embedder)  # undone afterwards
    cases, records = tmp_path / "cases.jsonl", tmp_path / "records.jsonl"
    lines = [json.dumps(one) for one in (*QUESTIONS, FOLLOW_UP)]
    cases.write_text("\n".join(lines) + "\n", encoding="utf-8")
    dataset = load("cases", cases)
    with with_words(tmp_path / "data") as services:
        ingest_folder(services, handbook / "corpus", "handbook")
        whole = run(services, dataset, RunOptions())
    command = [sys.executable, "-m", "tests.evals.killed_run", str(tmp_path / "data")]
    with subprocess.Popen(
        [*command, str(cases), str(records)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "two\n"
        os.kill(running.pid, signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    kept = records.read_text(encoding="utf-8")
    assert kept.count("\n") == 3, "the run's own line, and a record for each case"
    records.write_text(kept + kept.splitlines()[1][:200], encoding="utf-8")  # cut in a write
    seen: list[tuple[int, int]] = []
    with with_words(tmp_path / "data") as services:
        again = run(services, dataset, RunOptions(resume=records), lambda d, n: seen.append((d, n)))
    assert seen[0] == (2, 5), "those two are not asked again"
    assert without_times(again) == without_times(whole)
    assert "hotel cap" in again.records[-1].asked
