"""`footnote traces`: what is stored, on a terminal and as JSON, and how it goes."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.records.database import open_database
from tests.cli.test_cli import environment
from tests.load.many_traces import fill
from tests.plugins import forked

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty traces of ten steps each, a minute apart, the last one now."""
    folder = tmp_path_factory.mktemp("traced")
    engine = open_database(f"sqlite:///{folder / 'footnote.db'}")
    fill(engine, 20, datetime.now(UTC))
    engine.dispose()
    return folder


def traces(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forked.footnote(("traces", *arguments), environment(data), data, timeout=60)


def test_traces_are_listed_slowest_first_and_shown_step_by_step(data: Path) -> None:
    listed = json.loads(traces(data, "list", "--sort", "duration", "-n", "5", "--json").stdout)
    took = [row["duration_ms"] for row in listed]
    assert len(took) == 5
    assert took == sorted(took, reverse=True)
    shown = traces(data, "show", listed[0]["trace_id"])
    assert shown.returncode == 0, shown.stderr
    first, *steps = shown.stdout.splitlines()
    assert listed[0]["trace_id"] in first
    assert len(steps) == 10
    assert any("retrieval" in step for step in steps)


def test_a_trace_that_is_not_there_is_told_without_a_traceback(data: Path) -> None:
    done = traces(data, "show", "0" * 32)
    assert done.returncode == 1
    assert "No trace is stored" in done.stderr
    assert "footnote traces list" in done.stderr
    assert "Traceback" not in done.stderr


def test_purging_all_leaves_none(data: Path) -> None:
    done = traces(data, "purge", "--older-than", "0")
    assert "Forgot 20 traces" in done.stdout
    assert traces(data, "list").stdout.strip() == "No traces are stored."
