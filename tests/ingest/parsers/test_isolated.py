"""Parsing in a child process: limits hold, and the pool outlives its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from statistics import median

import pytest

from app.errors import UnreadableDocument
from ingest.parsers import Limits
from ingest.parsers.isolated import ParserPool, parse_isolated
from tests.ingest.parsers import files

ROOT = Path(__file__).resolve().parents[3]


def children_of(pid: int) -> list[int]:
    """Parser processes whose parent is ``pid``; a test run has other children too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z" and b"ingest.parsers" in command:
                found.append(int(entry.name))
    return found


def slow_pdf() -> bytes:
    """A PDF with enough to read for a second or more."""
    return files.pdf(*[[f"{n} words on a line of this page"] * 60 for n in range(700)])


def test_a_child_reads_like_the_parent() -> None:
    document = parse_isolated(files.docx(), "travel.docx", Limits())
    assert document == files.read(files.docx(), "travel.docx")


def test_a_refusal_crosses_the_border_and_the_child_goes_on() -> None:
    with ParserPool() as pool:
        pool.parse(files.pdf(["First."]), "a.pdf", Limits())
        before = children_of(os.getpid())
        with pytest.raises(UnreadableDocument, match="encrypted") as caught:
            pool.parse(files.pdf(["x"], password="y"), "b.pdf", Limits())
        assert caught.value.action
        assert pool.parse(files.pdf(["Second."]), "c.pdf", Limits()).text == "Second."
        assert children_of(os.getpid()) == before


def test_small_text_files_need_no_child() -> None:
    before = children_of(os.getpid())
    with ParserPool() as pool:
        assert pool.parse(files.MARKDOWN, "a.md", Limits()).title == "Leave"
        assert children_of(os.getpid()) == before


@pytest.mark.slow
def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    with ParserPool(timeout_s=0.4) as pool:
        with pytest.raises(UnreadableDocument, match=r"took longer than 0\.4 s"):
            pool.parse(slow_pdf(), "long.pdf", Limits())
        pool.timeout_s = 30
        assert pool.parse(files.pdf(["Next."]), "a.pdf", Limits()).text == "Next."


@pytest.mark.slow
def test_a_file_that_needs_too_much_memory_is_refused() -> None:
    # Three times the table's text, as cells, does not fit beside the interpreter and libraries.
    data = files.csv(400_000)
    with ParserPool(memory_mb=300) as pool:
        with pytest.raises(UnreadableDocument, match="needed more memory than 300 MB"):
            pool.parse(data, "big.csv", Limits())
        assert pool.parse(files.pdf(["Next."]), "a.pdf", Limits()).text == "Next."


def test_a_child_killed_at_work_costs_one_file() -> None:
    with ParserPool() as pool:
        pool.parse(files.pdf(["Starts it."]), "a.pdf", Limits())
        (child,) = children_of(os.getpid())
        os.kill(child, signal.SIGKILL)
        with pytest.raises(UnreadableDocument, match="crashed the program"):
            pool.parse(files.pdf(["Lost."]), "b.pdf", Limits())
        assert pool.parse(files.pdf(["Next."]), "c.pdf", Limits()).text == "Next."


def test_closing_the_pool_ends_its_children() -> None:
    with ParserPool() as pool:
        pool.parse(files.pdf(["One."]), "a.pdf", Limits())
        assert children_of(os.getpid())
    assert not children_of(os.getpid())


@pytest.mark.slow
def test_children_end_when_their_parent_is_killed() -> None:
    program = textwrap.dedent(
        """
        import os, sys, time
        from pathlib import Path
        from ingest.parsers import Limits
        from ingest.parsers.isolated import ParserPool
        pool = ParserPool()
        pool.parse_in_child(b"# Words", "a.md", Limits())
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    (child,) = children_of(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_threads_share_a_pool() -> None:
    results: dict[int, str] = {}

    def work(number: int, pool: ParserPool) -> None:
        results[number] = pool.parse(files.pdf([f"Number {number}."]), "a.pdf", Limits()).text

    with ParserPool(workers=2) as pool:
        threads = [threading.Thread(target=work, args=(n, pool)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {n: f"Number {n}." for n in range(6)}


def test_a_child_imports_no_model_and_no_vector_store() -> None:
    program = (
        "import sys, ingest.parsers.child, ingest.parsers.pdf, ingest.parsers.docx;"
        "print([m for m in ('torch', 'chromadb', 'sqlalchemy', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_warm_child_costs_little_per_file() -> None:
    data = files.pdf(["Words."])
    with ParserPool() as pool:
        pool.parse(data, "a.pdf", Limits())
        took = []
        for _ in range(50):
            started = time.perf_counter()
            pool.parse(data, "a.pdf", Limits())
            took.append(time.perf_counter() - started)
    assert median(took) < 0.03
