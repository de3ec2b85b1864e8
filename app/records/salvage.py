"""What can still be read of a damaged SQLite file, row by row, and what could not.

SQLite's own `.recover` exists in its shell alone. This copies rows in order of their number and
steps over places that can't be read; it never guesses at what stood there.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from app.errors import StorageProblem
from app.records.troubles import in_words

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Salvaged:
    """``rows``: table → rows saved. ``torn``: tables of which parts could not be read.

    ``dangling``: rows left out because what they belong to was lost.
    """

    rows: dict[str, int]
    torn: tuple[str, ...]
    dangling: int


def salvage(damaged: Path, target: Path) -> Salvaged:
    """Copy every row that can still be read into a new file; says what could not.

    Raises:
        StorageProblem: not even the list of tables can be read.
    """
    target.unlink(missing_ok=True)
    old, new = sqlite3.connect(damaged, timeout=30), sqlite3.connect(target, timeout=30)
    rows: dict[str, int] = {}
    torn = []
    try:
        old.execute("PRAGMA cell_size_check=ON")
        listed = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        objects = [row for row in old.execute(listed) if not row[1].startswith("sqlite_")]
        for kind, name, sql in objects:
            if kind == "table":
                new.execute(sql)
                rows[name], whole = _copy_rows(old, new, name)
                torn += [] if whole else [name]
        for kind, _, sql in objects:
            if kind == "index":
                new.execute(sql)
        dangling = _drop_dangling(new)
        new.execute("UPDATE index_state SET value='1' WHERE key='dirty'")
        new.execute(
            "INSERT INTO index_state (key, value) SELECT 'dirty', '1' "
            "WHERE NOT EXISTS (SELECT 1 FROM index_state WHERE key='dirty')"
        )
        new.commit()
    except sqlite3.Error as error:
        problem = in_words(error) or StorageProblem(f"The database can't be read: {error}.")
        raise StorageProblem(
            "Nothing can be saved from the database file.",
            "Restore the newest backup with `footnote restore`, or move the file away and ingest "
            "the documents again.",
        ) from problem
    finally:
        old.close()
        new.close()
    return Salvaged(rows, tuple(torn), dangling)


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> tuple[int, bool]:
    """Rows in order of their rowid; past a place that can't be read with growing steps."""
    width = len(old.execute(f'PRAGMA table_info("{table}")').fetchall())
    fill = f'INSERT OR IGNORE INTO "{table}" VALUES ({",".join("?" * width)})'  # noqa: S608  # own table names
    ask = f'SELECT rowid, * FROM "{table}" WHERE rowid > ? ORDER BY rowid LIMIT ?'  # noqa: S608
    last, step, saved, whole = -(2**63), 1, 0, True
    size = _AT_ONCE
    final = _last_rowid(old, table)
    while True:
        try:
            found = old.execute(ask, (last, size)).fetchall()
        except (sqlite3.Error, OverflowError):
            if size > 1:
                size = 1
                continue
            whole = False
            last = max(last, 0) + step
            step *= 2
            if last > final:
                return saved, whole
            continue
        if not found:
            return saved, whole
        new.executemany(fill, [row[1:] for row in found])
        saved += len(found)
        last, step = found[-1][0], 1
        size = min(_AT_ONCE, size * 2)


def _last_rowid(old: sqlite3.Connection, table: str) -> int:
    try:
        row = old.execute(f'SELECT max(rowid) FROM "{table}"').fetchone()  # noqa: S608
    except sqlite3.Error:
        return 2**40  # growing steps get there in forty tries
    return int(row[0] or 0)


def _drop_dangling(new: sqlite3.Connection) -> int:
    dropped = 0
    while True:
        loose = new.execute("PRAGMA foreign_key_check").fetchall()
        if not loose:
            return dropped
        for table, rowid, _, key in loose:
            known = new.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
            column, on_delete = next((row[3], row[6]) for row in known if row[0] == key)
            if on_delete == "SET NULL":
                new.execute(f'UPDATE "{table}" SET "{column}"=NULL WHERE rowid=?', (rowid,))  # noqa: S608
            else:
                gone = new.execute(f'DELETE FROM "{table}" WHERE rowid=?', (rowid,))  # noqa: S608
                dropped += gone.rowcount
