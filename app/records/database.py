"""URL → engine, with the schema brought up to date."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from app.errors import IndexUnavailable, SettingsError

HEAD = "0005"
"""The newest migration in `app/records/migrations`; a test compares."""

_migrating = threading.Lock()
"""Alembic keeps what it is doing in a module: one migration at a time in a process."""
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
        # 30 s: a reader waits out the writer's short transactions instead of failing.
        arguments: dict[str, Any] = {"connect_args": {"timeout": 30}} if sqlite else {}
        engine = create_engine(parsed, pool_pre_ping=not sqlite, **arguments)
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
    try:
        _migrate(engine)
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


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """WAL lets readers read while one writes; foreign keys are off by default in SQLite."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute("PRAGMA mmap_size=1073741824")
    cursor.close()


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
