"""One writer at a time: also across processes, and let go by the kernel when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import Busy, IndexUnavailable
from app.records.lock import writer_lock

HOLD = (
    "import sys; from pathlib import Path; from app.records.lock import writer_lock\n"
    "with writer_lock(Path(sys.argv[1]), wait=True):\n"
    "    print('held', flush=True); sys.stdin.readline()\n"
)


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the lock until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other


def free(folder: Path) -> bool:
    try:
        with writer_lock(folder, wait=False):
            return True
    except Busy:
        return False


def test_a_free_lock_is_taken_and_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with writer_lock(folder, wait=False):
        assert str(os.getpid()) in (folder / "ingest.lock").read_text()
    assert (folder / "ingest.lock").read_text() == ""
    assert free(folder)


def test_a_taken_lock_is_refused_with_the_process_that_holds_it(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as other:
        said = rf"Another ingest is running \(process {other.pid}, since 20.* UTC\)\. Wait"
        with pytest.raises(Busy, match=said), writer_lock(tmp_path, wait=False):
            pass
    assert free(tmp_path)


def test_who_waits_is_told_once_for_whom_and_then_gets_the_lock(tmp_path: Path) -> None:
    told: list[str] = []
    got = threading.Event()

    def wait() -> None:
        with writer_lock(tmp_path, wait=True, on_wait=told.append):
            got.set()

    with held_elsewhere(tmp_path) as other:
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.4)
    waiting.join(20)
    assert got.is_set()
    assert len(told) == 1
    assert told[0].startswith(f"Waiting for another ingest to finish (process {other.pid}, since")


def test_a_kill_lets_the_lock_go(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as other:
        assert not free(tmp_path)
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert free(tmp_path)


def test_threads_of_one_process_exclude_each_other_too(tmp_path: Path) -> None:
    refused: list[bool] = []
    with writer_lock(tmp_path, wait=False):
        trying = threading.Thread(target=lambda: refused.append(not free(tmp_path)))
        trying.start()
        trying.join()
    assert refused == [True]


def test_an_error_inside_lets_the_lock_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path, wait=False):
        _ = 1 / 0
    assert free(tmp_path)


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(IndexUnavailable, match=r"can't be written to.*FOOTNOTE_DATA_DIR"),
        writer_lock(tmp_path / "file" / "data", wait=False),
    ):
        pass
