"""The server's queue of uploads and re-ingests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import Services
from app.knowledge.compaction import FEWEST_DEAD, dead_vectors, is_crowded
from app.records.jobs import Job
from app.records.lock import writer_lock
from ingest.pipeline import IngestOptions, ingest
from ingest.sources import SourceOptions
from ingest.worker import Worker
from tests.ingest.conftest import Write
from tests.knowledge.test_compaction import leave_dead


@pytest.fixture
def worker(services: Services) -> Iterator[Worker]:
    one = Worker(services, look_every_s=0.1)
    yield one
    one.stop()


def finished(services: Services, batch: str, seconds: float = 60) -> list[Job]:
    """The batch's jobs once all have ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        jobs = services.jobs.batch(batch)
        if all(job.status in ("done", "failed") for job in jobs):
            return jobs
        time.sleep(0.05)
    raise AssertionError(services.jobs.batch(batch))


def test_uploads_become_documents_and_each_says_how_it_went(
    services: Services, worker: Worker
) -> None:
    batch = services.jobs.add_files(
        "team",
        [("memo.md", b"# Memo\n\nThe quay closes at ten."), ("empty.txt", b""), ("b.txt", b"Two.")],
    )
    worker.start()
    by_name = {job.name: job for job in finished(services, batch)}
    assert by_name["memo.md"].status == "done"
    assert by_name["memo.md"].message == "Added: 1 passage."
    assert by_name["b.txt"].status == "done"
    assert by_name["empty.txt"].status == "failed"
    assert "empty" in by_name["empty.txt"].message
    document = services.documents.get(str(by_name["memo.md"].document_id))
    assert (document.source, document.collection) == ("upload:memo.md", "team")


def test_the_same_name_again_replaces_even_within_one_batch(
    services: Services, worker: Worker
) -> None:
    batch = services.jobs.add_files(
        "team", [("a.txt", b"Version one."), ("a.txt", b"Version two.")]
    )
    worker.start()
    messages = sorted(job.message for job in finished(services, batch))
    assert messages == ["Added: 1 passage.", "Replaced the earlier version: 1 passage."]
    assert len(services.writer.known("team")) == 1
    again = services.jobs.add_files(
        "team",
        [
            (
                "a.txt",
                services.documents.original(
                    next(iter(services.writer.known("team").values())).document_id
                ),
            )
        ],
    )
    assert "Nothing has changed" in finished(services, again)[0].message


def test_a_job_that_was_running_at_a_kill_is_done_at_the_next_start(
    services: Services, worker: Worker
) -> None:
    batch = services.jobs.add_files("team", [("a.txt", b"Some text.")])
    assert services.jobs.take() is not None  # and then the process was killed
    worker.start()
    assert finished(services, batch)[0].status == "done"


def test_a_root_is_ingested_again_the_way_it_was(
    services: Services, worker: Worker, folder: Path, write: Write
) -> None:
    write("a.md", "One.")
    write("b.txt", "Two.")
    options = IngestOptions(collection="team", sources=SourceOptions(include=("*.md",)))
    ingest(services, [str(folder)], options)
    write("c.md", "Three.")
    (folder / "a.md").unlink()
    batch = services.jobs.add_root("team", str(folder))
    worker.start()
    (job,) = finished(services, batch)
    assert job.status == "done"
    assert job.message == "1 added, 1 removed."
    assert {Path(source).name for source in services.writer.known("team")} == {"c.md"}


def test_a_root_that_is_gone_fails_with_a_reason(
    services: Services, worker: Worker, tmp_path: Path
) -> None:
    batch = services.jobs.add_root("team", str(tmp_path / "gone"))
    worker.start()
    (job,) = finished(services, batch)
    assert job.status == "failed"
    assert "nothing at" in job.message


def test_the_worker_waits_politely_for_another_writer_and_stops_while_waiting(
    services: Services, worker: Worker
) -> None:
    with writer_lock(services.settings.data_dir, wait=False):
        batch = services.jobs.add_files("team", [("a.txt", b"Some text.")])
        worker.start()
        time.sleep(0.5)
        assert services.jobs.batch(batch)[0].status == "running"
        start = time.monotonic()
        worker.stop()
        assert time.monotonic() - start < 2
    worker.start()
    assert finished(services, batch)[0].status == "done"


def test_stopping_in_the_middle_takes_a_moment_and_loses_nothing(
    services: Services, worker: Worker
) -> None:
    text = b"The river flows past the harbor and the sensors report its level. " * 4000
    batch = services.jobs.add_files("team", [("long.txt", text)])
    worker.start()
    while services.jobs.batch(batch)[0].status == "queued":
        time.sleep(0.02)
    time.sleep(1)
    start = time.monotonic()
    worker.stop()
    assert time.monotonic() - start < 10
    assert services.jobs.batch(batch)[0].status == "running"
    services.jobs.finish(services.jobs.batch(batch)[0].id, "failed", "not needed any more")


@pytest.mark.slow
def test_deleted_vectors_are_cleared_away_when_there_is_nothing_else_to_do(
    services: Services, worker: Worker
) -> None:
    batch = services.jobs.add_files("team", [("memo.md", b"# Memo\n\nThe quay closes at ten.")])
    leave_dead(services.library, services.embedder.get(wait=True).dimension, 3000)
    folder = services.settings.data_dir / "chroma"
    assert is_crowded(services.library, folder)
    worker.start()
    finished(services, batch)
    end = time.monotonic() + 60
    while is_crowded(services.library, folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert dead_vectors(services.library, folder) < FEWEST_DEAD
    assert set().union(*services.library.vectors.ids().values()) == set().union(
        *services.documents.passage_ids().values()
    )
    assert not list(services.settings.data_dir.glob("chroma.*"))
