"""A full disk, a read-only one, a locked database: said in a sentence, and over when they are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from app.errors import StorageProblem
from app.records.database import open_database
from app.records.tables import index_state
from tests.faults.world import BUSY_S, documents, footnote, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("disk")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs to mount a tmpfs: run as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Files that stand open keep a disk from turning read-only: only what is opened from now on."""
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take what is free on the disk, to the last block."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_kept_and_space_is_the_whole_cure(
    small_disk: Path,
) -> None:
    data = small_disk / "data"
    docs = documents(small_disk.parent / "docs")
    with serving(data) as server:
        assert footnote(data, "ingest", str(docs)).returncode == 0
        server.until(lambda: server.ask().json().get("state") == "answered")
        kept = server.ask().json()["answer_id"]
        ballast = fill(small_disk)
        refused = [server.ask(f"What is the hotel cap in Paris? {n}") for n in range(12)]
        acknowledged = [reply.json()["answer_id"] for reply in refused if reply.status == 200]
        failed = [reply for reply in refused if reply.status != 200]
        assert failed, "the disk was not full"
        for reply in failed:
            assert reply.status == 503
            assert "The disk is full" in reply.json()["detail"]
        upload = server.upload("new.md", "# New\n\nA lake was added.\n" + "word " * 5000)
        assert upload.status == 503
        assert "disk is full" in upload.json()["detail"]
        page = server.call("GET", f"/a/{kept}", headers={"Accept": "text/html"})
        assert page.status == 200, "what is there can still be read"

        ingest = footnote(data, "ingest", "--force", str(docs))
        assert ingest.returncode == 1
        assert "disk" in ingest.stderr.lower() or "space" in ingest.stderr.lower(), ingest.stderr
        assert "Traceback" not in ingest.stderr

        ballast.unlink()
        server.until(lambda: server.ask().json().get("state") == "answered")
        assert server.upload("new.md", "# New\n\nA lake was added.\n").status in (200, 202)
        for answer_id in [kept, *acknowledged]:
            assert server.call("GET", f"/api/v1/answers/{answer_id}").status == 200
        assert "Traceback" not in server.log.read_text()
    assert footnote(data, "ingest", str(docs)).returncode == 0
    checked = footnote(data, "doctor")
    assert "needs you" not in checked.stdout.replace("needs you  disk", ""), checked.stdout


def test_a_disk_that_turns_read_only_is_said_so_and_needs_no_restart(small_disk: Path) -> None:
    data = small_disk / "data"
    docs = documents(small_disk.parent / "docs")
    with serving(data) as server:
        assert footnote(data, "ingest", str(docs)).returncode == 0
        server.until(lambda: server.ask().json().get("state") == "answered")
        with read_only(data):
            with ThreadPoolExecutor(8) as people:  # together: the server opens the database again
                asked = list(people.map(lambda _: server.ask(), range(24)))
            for reply in asked:
                assert reply.status in (200, 503), reply.body
                assert reply.status == 200 or "only be read" in reply.json()["detail"], reply.body
            second = footnote(data, "serve")
            assert second.returncode == 1
            assert "can't be written to: Read-only file system" in second.stderr, second.stderr
            assert "Traceback" not in second.stderr
            told = footnote(data, "ingest", str(docs))
            assert told.returncode == 1
            assert "Traceback" not in told.stderr
            assert "only be read" in told.stderr or "can't be" in told.stderr, told.stderr
            doctor = footnote(data, "doctor")
            assert doctor.returncode == 1
            assert "needs you  data directory" in doctor.stdout
        with ThreadPoolExecutor(8) as people:
            asked = list(people.map(lambda _: server.ask(), range(24)))
        assert [reply.status for reply in asked] == [200] * 24, asked
        assert {reply.json()["state"] for reply in asked} == {"answered"}
        assert "Traceback" not in server.log.read_text()


def test_what_was_opened_while_a_disk_was_read_only_writes_when_it_no_longer_is(
    small_disk: Path,
) -> None:
    engine = open_database(f"sqlite:///{small_disk / 'data' / 'footnote.db'}")
    row = insert(index_state)
    first = engine.connect()
    with read_only(small_disk / "data"):
        later = [engine.connect() for _ in range(3)]
        for one in later:
            assert one.execute(select(index_state)).all() == [], "it can still be read"
            with pytest.raises(StorageProblem, match="only be read"):
                one.execute(row.values(key="then", value=""))
        for one in later:
            one.close()
    first.close()
    for number in range(8):
        with engine.begin() as again:
            again.execute(row.values(key=f"now {number}", value=""))
    engine.dispose()


def test_a_database_that_another_program_holds_is_waited_for_and_then_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTS_BUSY_S", str(BUSY_S))
    data = tmp_path / "data"
    docs = documents(tmp_path / "docs")
    assert footnote(data, "ingest", str(docs)).returncode == 0
    with serving(data) as server:
        assert server.ask().json()["state"] == "answered"
        other = sqlite3.connect(data / "footnote.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        reply = server.call("POST", "/api/v1/ask", {"question": "Which cap?"}, limit=150)
        assert reply.status == 503
        assert "Another program holds the database" in reply.json()["detail"]
        assert BUSY_S * 0.9 < reply.seconds < 90
        assert server.call("GET", "/healthz").status == 200
        other.execute("ROLLBACK")
        other.close()
        assert server.ask().json()["state"] == "answered"
        assert "Traceback" not in server.log.read_text()
