"""The queue of uploads and re-ingests: acknowledged once the bytes stand here."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from app import moment
from app.records.tables import ingest_jobs, originals
from app.records.versions import store_original
from app.records.visibility import in_reach

JobStatus = Literal["queued", "running", "done", "failed"]
_TICK = timedelta(microseconds=1)
"""The least that two times in a database differ by."""


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
    """First in, first out, whatever the clock does.

    Survives a kill, because a running job is queued again at start.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_files(self, collection: str, files: Sequence[tuple[str, bytes]]) -> str:
        """Queue uploaded files, all or none; gives the batch id."""
        batch = uuid4().hex
        with self._engine.begin() as connection:
            for name, data in files:
                original_hash = store_original(connection, data)
                _line_up(connection, batch, collection, name, original_hash=original_hash)
        return batch

    def add_root(self, collection: str, target: str) -> str:
        """Queue a path or URL to be ingested again; gives the batch id."""
        batch = uuid4().hex
        with self._engine.begin() as connection:
            _line_up(connection, batch, collection, target, target=target)
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
                    finished_at=moment.now(),
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
        """The jobs of one upload, in order; those into collections that may be seen."""
        query = (
            select(ingest_jobs)
            .where(ingest_jobs.c.batch_id == batch_id, *in_reach(ingest_jobs.c.collection))
            .order_by(ingest_jobs.c.created_at, ingest_jobs.c.id)
        )
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]


def _line_up(
    connection: Connection, batch: str, collection: str, name: str, **more: str | None
) -> None:
    """Queue a job behind all that wait: after a clock jumped back, its time is the last one's."""
    job_id, now = uuid4().hex, moment.now()
    values: dict[str, str | None] = {"id": job_id, "batch_id": batch, "collection": collection}
    values |= {"name": name, "target": "", "status": "queued", "message": ""} | more
    # The insert goes first: a transaction that begins with a read may not write later.
    connection.execute(insert(ingest_jobs).values(created_at=now, **values))
    newest = connection.execute(
        select(func.max(ingest_jobs.c.created_at)).where(
            ingest_jobs.c.status.in_(("queued", "running")), ingest_jobs.c.id != job_id
        )
    ).scalar_one()
    if newest is not None and newest >= now:
        connection.execute(
            update(ingest_jobs).where(ingest_jobs.c.id == job_id).values(created_at=newest + _TICK)
        )


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
