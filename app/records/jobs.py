"""The queue of uploads and re-ingests: acknowledged once the bytes stand here."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Engine, Row, insert, select, update

from app.records.document_writer import store_original
from app.records.tables import ingest_jobs, originals

JobStatus = Literal["queued", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One file to ingest, or one root to ingest again (then ``target`` is its path or URL).

    ``message`` is for people: what was done, or why it failed.
    """

    id: str
    batch_id: str
    collection: str
    name: str
    target: str
    original_hash: str | None
    status: JobStatus
    message: str
    document_id: str | None
    created_at: datetime


class JobQueue:
    """First in, first out; survives a kill, because a running job is queued again at start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_files(self, collection: str, files: Sequence[tuple[str, bytes]]) -> str:
        """Queue uploaded files, all or none; gives the batch id."""
        batch = uuid4().hex
        with self._engine.begin() as connection:
            for name, data in files:
                values = _new(batch, collection, name)
                values["original_hash"] = store_original(connection, data)
                connection.execute(insert(ingest_jobs).values(values))
        return batch

    def add_root(self, collection: str, target: str) -> str:
        """Queue a path or URL to be ingested again; gives the batch id."""
        batch = uuid4().hex
        with self._engine.begin() as connection:
            values = _new(batch, collection, target) | {"target": target}
            connection.execute(insert(ingest_jobs).values(values))
        return batch

    def take(self) -> Job | None:
        """The oldest queued job, now marked as running; None when there is none."""
        oldest = (
            select(ingest_jobs)
            .where(ingest_jobs.c.status == "queued")
            .order_by(ingest_jobs.c.created_at, ingest_jobs.c.id)
            .limit(1)
        )
        while True:
            with self._engine.begin() as connection:
                row = connection.execute(oldest).one_or_none()
                if row is None:
                    return None
                taken = connection.execute(
                    update(ingest_jobs)
                    .where(ingest_jobs.c.id == row.id, ingest_jobs.c.status == "queued")
                    .values(status="running")
                )
            if taken.rowcount:  # else another worker was quicker
                return _job(row, status="running")

    def data(self, job: Job) -> bytes:
        """The uploaded bytes.

        Raises:
            LookupError: the job is not an upload, or its bytes are gone.
        """
        query = select(originals).where(originals.c.content_hash == job.original_hash)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise LookupError(job.name)
        data: bytes = row.data
        return zlib.decompress(data) if row.compressed else data

    def finish(
        self, job_id: str, status: JobStatus, message: str, document_id: str | None = None
    ) -> None:
        """Say how a job ended."""
        with self._engine.begin() as connection:
            connection.execute(
                update(ingest_jobs)
                .where(ingest_jobs.c.id == job_id)
                .values(
                    status=status,
                    message=message,
                    document_id=document_id,
                    finished_at=datetime.now(UTC),
                )
            )

    def requeue_running(self) -> int:
        """After a kill: jobs that were running are queued again; gives how many."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(ingest_jobs).where(ingest_jobs.c.status == "running").values(status="queued")
            )
        return changed.rowcount

    def batch(self, batch_id: str) -> list[Job]:
        """The jobs of one upload, in order."""
        query = (
            select(ingest_jobs)
            .where(ingest_jobs.c.batch_id == batch_id)
            .order_by(ingest_jobs.c.created_at, ingest_jobs.c.id)
        )
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]


def _new(batch: str, collection: str, name: str) -> dict[str, Any]:
    return {
        "id": uuid4().hex,
        "batch_id": batch,
        "collection": collection,
        "name": name,
        "target": "",
        "status": "queued",
        "message": "",
        "created_at": datetime.now(UTC),
    }


def _job(row: Row[Any], status: JobStatus | None = None) -> Job:
    return Job(
        id=row.id,
        batch_id=row.batch_id,
        collection=row.collection,
        name=row.name,
        target=row.target,
        original_hash=row.original_hash,
        status=status or row.status,
        message=row.message,
        document_id=row.document_id,
        created_at=row.created_at,
    )
