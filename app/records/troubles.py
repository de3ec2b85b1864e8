"""What a database says when it can't go on, in words for people.

A statement may fail at any place: the disk is full, the file is read-only, locked, damaged or gone,
the server does not answer. Each such error becomes a `StorageProblem` where it happens, so that a
page, the API and a command all say the same, and nobody sees a traceback. Errors in what we asked
(a constraint, a statement) stay what they are.
"""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from app.errors import StorageProblem

DOCTOR = "`footnote doctor` looks at everything and says what to do."

_SQLITE = (
    (
        ("database or disk is full", "disk full"),
        "The disk is full: nothing can be recorded.",
        "Free some space; nothing has to be restarted.",
    ),
    (
        ("readonly database", "read-only"),
        "The database can only be read: nothing can be recorded.",
        "Make the data directory writable again; nothing has to be restarted.",
    ),
    (
        ("database is locked", "database table is locked"),
        "Another program holds the database, and did not let go of it in time.",
        "Try again; if it stays, end the program that has the file open.",
    ),
    (
        ("malformed", "not a database", "corrupt"),
        "The database file is damaged.",
        "Stop the server, then run `footnote doctor`: it names the newest backup and what can be "
        "saved.",
    ),
    (
        ("unable to open", "disk i/o error"),
        "The database file can't be read or written.",
        f"Check the disk and the permissions of the data directory. {DOCTOR}",
    ),
)
"""SQLite's words, found in its messages → what happened, what to do."""


def explain_errors(engine: Engine) -> None:
    """From now on, what keeps ``engine`` from working is raised as a `StorageProblem`.

    So is what its pool logs while it tidies up after such an error, and does not raise.
    """
    event.listen(engine, "handle_error", _explain)
    logger = engine.pool.logger  # all pools of a kind share it; a second time adds nothing
    if isinstance(logger, logging.Logger):
        logger.addFilter(_told)


def in_words(error: BaseException | None) -> StorageProblem | None:
    """A driver's error as a person understands it; None where it is none of the disk or network."""
    if isinstance(error, sqlite3.Error):
        said = str(error).lower()
        for words, detail, action in _SQLITE:
            if any(word in said for word in words):
                return StorageProblem(detail, action)
        return None
    if error is not None and _is_away(error):
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        return StorageProblem(
            f"The database server does not answer: {reason}.",
            "Start it, or check FOOTNOTE_DATABASE_URL; nothing else has to be restarted.",
        )
    return None


def _is_away(error: BaseException) -> bool:
    """psycopg: lost connections, refused ones, a full disk there, a server that shuts down."""
    names = {one.__name__ for one in type(error).__mro__}
    # sqlstate class 08: connection; 53: resources; 57: intervention; 58: the server's system.
    state = str(getattr(error, "sqlstate", None) or "08")
    return bool(names & {"OperationalError", "InterfaceError"}) and state[:2] in (
        *("08", "53", "57", "58"),
    )


def _explain(context: ExceptionContext) -> None:
    problem = in_words(context.original_exception)
    if problem is not None and not context.is_pre_ping:
        raise problem from context.original_exception


def _told(record: logging.LogRecord) -> bool:
    """Never drops. A cursor that can't be closed since the server went is no fault of the code."""
    problem = in_words(record.exc_info[1] if record.exc_info else None)
    if problem is not None:
        record.exc_info = (type(problem), problem, None)
    return True
