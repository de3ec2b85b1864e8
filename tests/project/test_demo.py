"""The newcomer's first minute: `make demo`, the README's questions, Ctrl-C, and again."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.programs import free_port
from tests.project.docs import README, ROOT
from tests.project.running import Program, get_json, running, status, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("demo")]


def readme_questions() -> list[tuple[str, bool]]:
    """The questions that the README suggests, and whether it promises an answer."""
    text = README.read_text(encoding="utf-8").partition("<!-- demo questions:")[2]
    lines = re.findall(r"^- \*(.+?)\*(.*)$", text.partition("\n\n")[0], flags=re.M)
    return [(question, "No document says" not in rest) for question, rest in lines]


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the demo did and said the first time, until TERM ended it."""

    folder: Path
    address: str
    output: str
    answers: dict[str, Any]
    ingested: list[datetime]


@contextmanager
def make_demo(folder: Path, port: int) -> Iterator[Program]:
    """`make demo PORT=…` without the install, which has tests of its own."""
    command = ["make", "--old-file=setup", "demo", f"PORT={port}"]
    # What this suite's own make was told (ARGS) is not for the demo.
    environment = {"FOOTNOTE_DATA_DIR": str(folder / "data"), "MAKEFLAGS": "", "ARGS": ""}
    with running(command, folder / f"{port}.log", environment, cwd=ROOT) as demo:
        yield demo


def ingested_at(address: str) -> list[datetime]:
    """When each document was ingested, oldest first."""
    documents = get_json(f"{address}/api/v1/documents?limit=500")["documents"]
    return sorted(datetime.fromisoformat(document["ingested_at"]) for document in documents)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    address = f"http://127.0.0.1:{port}"
    with make_demo(folder, port) as demo:
        wait_until(lambda: status(f"{address}/readyz") == 200, demo, within=400, pause=0.3)
        answers = {
            question: get_json(f"{address}/api/v1/ask", {"question": question})
            for question, _ in readme_questions()
        }
        ingested = ingested_at(address)
        demo.end(signal.SIGTERM)
        return FirstRun(folder, address, demo.output(), answers, ingested)


def test_the_demo_prints_its_address_and_ends_without_a_traceback(first_run: FirstRun) -> None:
    assert first_run.address in first_run.output
    assert "Traceback" not in first_run.output


def test_the_demo_holds_every_sample_document(first_run: FirstRun, sample_files: Path) -> None:
    files = [path for path in sample_files.rglob("*") if path.is_file()]
    assert len(first_run.ingested) == len(files) >= 60


@pytest.mark.parametrize(("question", "answerable"), readme_questions())
def test_the_questions_in_the_readme_go_as_it_says(
    first_run: FirstRun, question: str, answerable: bool
) -> None:
    answer = first_run.answers[question]
    assert answer["state"] == ("answered" if answerable else "not_found"), answer["text"]
    assert answer["citations"] if answerable else answer["closest"]


def test_a_second_demo_serves_within_15_seconds_and_ingests_nothing(first_run: FirstRun) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with make_demo(first_run.folder, port) as demo:
        assert wait_until(lambda: status(f"{address}/") == 200, demo) < 15, demo.output()
        wait_until(lambda: status(f"{address}/readyz") == 200, demo)
        assert ingested_at(address) == first_run.ingested
        demo.end(signal.SIGTERM)


def test_ctrl_c_ends_the_demo_at_once(first_run: FirstRun) -> None:
    port = free_port()
    with make_demo(first_run.folder, port) as demo:
        wait_until(lambda: status(f"http://127.0.0.1:{port}/healthz") == 200, demo)
        os.killpg(demo.process.pid, signal.SIGINT)  # a terminal tells the whole group
        demo.process.wait(timeout=10)
        assert "Traceback" not in demo.output()
    assert status(f"http://127.0.0.1:{port}/healthz") == 0
