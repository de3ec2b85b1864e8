"""From a backup to a data directory that answers questions again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from app import moment
from app.bootstrap.building import build_services
from app.errors import BadRequest, StorageProblem
from app.knowledge import health as indexes
from app.records import backup
from app.records.backup import Manifest
from app.records.health import sqlite_file
from app.records.lock import server_lock, writer_lock
from app.settings import Settings

_LOCKS = ("ingest.lock", "server.lock")


def restore(
    settings: Settings,
    file: Path,
    *,
    force: bool,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[Manifest, Path | None]:
    """Bring ``settings.data_dir`` to what ``file`` holds; where the former state lies, if any was.

    A kill at any moment leaves the old state or the new one; of the new one the indexes may then
    still have to be built, which the next server, ingest or doctor does.

    Raises:
        BadRequest: something is there and ``force`` is False, or the records are not in SQLite.
        Unprocessable: the backup is damaged or newer than this version.
        ServedAlready: a server runs there. Busy: an ingest does.
        StorageProblem: the disk does not take it.
    """
    data_dir = settings.data_dir
    expected = data_dir.resolve() / backup.DATABASE
    if sqlite_file(settings.resolved_database_url) != expected:
        raise BadRequest(
            "The settings keep the records elsewhere than in the data directory.",
            "Restore without FOOTNOTE_DATABASE_URL; into PostgreSQL with pg_restore.",
        )
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        backup.remove_staging(data_dir)
        there = sorted(one.name for one in data_dir.iterdir() if one.name not in _LOCKS)
        if there and not force:
            raise BadRequest(
                f"{data_dir} is not empty: it holds {', '.join(there[:3])}"
                f"{' and more' if len(there) > 3 else ''}.",
                "Choose an empty folder with --data-dir, or use --force: what is there is kept "
                "beside.",
            )
        with server_lock(data_dir, "a restore"), writer_lock(data_dir, wait=False):
            staged = Path(tempfile.mkdtemp(prefix=backup.STAGING, dir=data_dir))
            manifest = backup.unpack(file, staged)
            backup.move_files_up(staged)
            _index(settings, staged, told)
            stamp = moment.now().strftime("%Y%m%d-%H%M%S")
            aside = data_dir / f"before-restore-{stamp}-{os.getpid()}"
            backup.take_place(staged, data_dir, aside)
            _all_in_place(settings)
    except OSError as error:
        raise StorageProblem(
            f"{data_dir} can't be written to: {error.strerror or error}.",
            "Make it writable, or free some space.",
        ) from error
    return manifest, aside if aside.exists() else None


def _index(settings: Settings, staged: Path, told: Callable[[int, int], None]) -> None:
    """Migrate what was unpacked, and build its indexes beside it."""
    # Not a copy: it would keep the old address of the database, which is computed once.
    own = {"data_dir": staged, "database_url": "", "chroma_url": ""}
    services = build_services(Settings(_env_file=None, **settings.model_dump() | own))
    try:
        services.writer.set_state(dirty="1")  # until the indexes stand in their place
        services.jobs.requeue_running()
        indexes.rebuild_lexical(services.library, staged / "lexical", told)
        if not settings.chroma_url:
            indexes.rebuild_vectors(services.library, staged / "chroma", told)
    finally:
        services.close()


def _all_in_place(settings: Settings) -> None:
    """Everything stands: a Chroma server's vectors are brought in line, then it counts as whole."""
    services = build_services(settings)
    try:
        if settings.chroma_url:
            services.library.reconcile()
        services.writer.bump()
        services.writer.set_state(dirty="0")
    finally:
        services.close()
