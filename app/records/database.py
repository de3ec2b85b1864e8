"""URL → engine, with the schema brought up to date."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    NoSuchModuleError,
    SQLAlchemyError,
)
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.errors import IndexUnavailable, SettingsError, StorageProblem
from app.records.troubles import explain_errors

HEAD = "0007"
"""The newest migration in `app/records/migrations`; a test compares."""

_migrating = threading.Lock()
"""Alembic keeps what it is doing in a module: one migration at a time in a process."""
_BUSY_S = 15
"""A reader waits out the writer's short transactions; what fails is said by then, and a question
writes up to three times on its way."""
_READ_ONLY = "opened read-only"
_POSTGRES = {"connect_timeout": 5, "tcp_user_timeout": 20_000}
"""Seconds, and milliseconds: a server that is away is known to be so, not waited for."""
_MIGRATION_LOCK = 7306211
"""Any number: the name of the lock under which processes migrate a Postgres database."""


def open_database(url: str) -> Engine:
    """An engine for ``url`` whose schema is current.

    Raises:
        SettingsError: the URL is not one, or its driver is not installed.
        IndexUnavailable: the database does not answer, or is not a database.
    """
    try:
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        connecting: dict[str, Any] = {"timeout": _BUSY_S} if sqlite else dict(_POSTGRES)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            connecting = {}
        engine = create_engine(parsed, pool_pre_ping=not sqlite, connect_args=connecting)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise SettingsError(
            f"FOOTNOTE_DATABASE_URL can't be used: {error}.",
            "Use sqlite:///path or postgresql+psycopg://user:password@host/name.",
        ) from error
    except OSError as error:
        raise IndexUnavailable(
            f"The data directory can't be used: {error}.",
            "Choose a writable folder with FOOTNOTE_DATA_DIR.",
        ) from error
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "checkout", _renew_read_only)
    explain_errors(engine)
    try:
        _migrate(engine)
    except StorageProblem as error:
        engine.dispose()
        shown = parsed.render_as_string(hide_password=True)
        reason = str(error.__cause__ or error.detail).strip().splitlines()[0].rstrip(".")
        raise StorageProblem(
            f"The database at {shown} can't be opened: {reason}. {error.detail}", error.action
        ) from error
    except IndexUnavailable:
        engine.dispose()
        raise
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise IndexUnavailable(
            f"The database at {parsed.render_as_string(hide_password=True)} "
            f"can't be opened: {reason}.",
            "Check FOOTNOTE_DATABASE_URL and FOOTNOTE_DATA_DIR, and that the disk is writable.",
        ) from error
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """WAL lets readers read while one writes; foreign keys are off by default in SQLite."""
    cursor = connection.cursor()
    file = cursor.execute("PRAGMA database_list").fetchone()[2]
    if file and not os.access(file, os.W_OK):
        record.info[_READ_ONLY] = file
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute("PRAGMA mmap_size=1073741824")
    cursor.close()


def _renew_read_only(
    _connection: object, record: ConnectionPoolEntry, _fairy: PoolProxiedConnection
) -> None:
    """What was opened while the file could only be read, SQLite reads only for good."""
    file = record.info.get(_READ_ONLY)
    if file and os.access(file, os.W_OK):
        raise DisconnectionError("opened while the disk was read-only")  # the pool opens another


def _migrate(engine: Engine) -> None:
    """Bring the schema to `HEAD`; imports Alembic only when there is something to do."""
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if current == HEAD:
                return
    from alembic import command  # noqa: PLC0415  # 0.2 s that most starts need not pay
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with _migrating, engine.begin() as connection:
        # A server and an ingest may be started together: the second one waits, then has nothing
        # to do. Both kinds of lock end with the transaction, which is whole or undone.
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise IndexUnavailable(
                f"The database at {engine.url.render_as_string(hide_password=True)} was written "
                f"by another version of Footnote: {str(error).rstrip('.')}.",
                "Install that version again, or choose another FOOTNOTE_DATABASE_URL.",
            ) from error
