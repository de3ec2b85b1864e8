"""One file that holds everything which cannot be made again, and back from it.

A tar: ``manifest.json`` first, then ``footnote.db`` (documents, their files, questions, answers,
feedback, traces, people), then other files of the data directory. Indexes are left out: they are
built again from the database. Nothing is ever half there: a backup is written beside and renamed, a
restore takes effect with the rename of one file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from app import moment
from app.errors import BadRequest, StorageProblem, Unprocessable
from app.records.database import HEAD
from app.records.health import file_problems, schema_of, sqlite_file
from app.records.troubles import in_words

FORMAT = 1
DATABASE = "footnote.db"
MANIFEST = "manifest.json"
NOTE_NAME = "last-backup.json"
STAGING = ".restoring"
_FILES = "files/"
_DERIVED = ("chroma", "lexical", "embedding-speed.json", NOTE_NAME, "ingest.lock", "server.lock")
_TABLES = ("documents", "passages", "originals", "answers", "questions", "feedback", "traces")
_BESIDE = ("-journal", "-wal", "-shm")
"""Files that SQLite keeps beside one it writes, and leaves where that failed."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``members``: name → SHA-256 in hex. ``counts``: table → rows."""

    release: str
    schema: str
    made_at: str
    counts: dict[str, int]
    members: dict[str, str]
    format: int = FORMAT
    size: int = field(default=0, compare=False)


def back_up(database_url: str, data_dir: Path, target: Path, release: str) -> Manifest:
    """Write a backup to ``target``, also while a server runs and people ask.

    Raises:
        BadRequest: the records are not in SQLite, or ``target`` exists.
        StorageProblem: the database can't be read, or ``target`` can't be written.
    """
    file = _own_file(database_url)
    if target.is_dir():
        stamp = moment.now().strftime("%Y%m%d-%H%M%S")
        target = target / f"footnote-{stamp}.tar"
    if target.exists():
        raise BadRequest(f"{target} exists already.", "Choose another name.")
    work = target.with_name(f".{target.name}.{os.getpid()}")
    copy, begun = work.with_name(f"{work.name}.db"), work.with_name(f"{work.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(file, copy)
        members = {DATABASE: copy} | {
            f"{_FILES}{one.relative_to(data_dir).as_posix()}": one
            for one in _other_files(data_dir, file, target)
        }
        hashes = {name: _hash(path) for name, path in members.items()}
        manifest = Manifest(release, schema_of(copy), _stamp(), _counts(copy), hashes)
        with begun.open("xb") as out:
            with tarfile.open(fileobj=out, mode="w") as tar:
                _add_bytes(tar, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
                for name, path in members.items():
                    _add_file(tar, name, path)
            out.flush()
            os.fsync(out.fileno())
        os.replace(begun, target)  # noqa: PTH105  # one step: whole or not there
        _sync(target.parent)
    except sqlite3.Error as error:
        problem = in_words(error)
        if problem is not None and "damaged" in problem.detail:
            raise problem from error
        raise _unwritable(target, str(error)) from error
    except OSError as error:
        raise _unwritable(target, error.strerror or str(error)) from error
    finally:
        for path in (begun, *(Path(f"{copy}{suffix}") for suffix in ("", *_BESIDE))):
            path.unlink(missing_ok=True)
    with suppress(OSError):
        note = {"path": str(target.resolve()), "made_at": manifest.made_at}
        (data_dir / NOTE_NAME).write_text(json.dumps(note), encoding="utf-8")
    return Manifest(**asdict(manifest) | {"size": target.stat().st_size})


def newest_backup(data_dir: Path) -> Path | None:
    """The last backup that was made of this directory, where it still lies there."""
    try:
        path = Path(json.loads((data_dir / NOTE_NAME).read_text(encoding="utf-8"))["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return path if path.exists() else None


def unpack(backup: Path, folder: Path) -> Manifest:
    """Unpack into the empty ``folder``, every member held against its hash.

    Raises:
        Unprocessable: it is no backup, a newer one than this version knows, or damaged.
        StorageProblem: the disk does not take it.
    """
    try:
        with tarfile.open(backup, mode="r:") as tar:
            members = iter(tar)
            manifest = _manifest(tar, next(members, None), backup)
            found = set()
            for member in members:
                path = _place(member, folder, manifest, backup)
                path.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                if source is None or _write(source, path) != manifest.members[member.name]:
                    raise _damaged(backup, f"{member.name} is not what was saved")
                found.add(member.name)
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(backup, str(error)) from error
    except OSError as error:
        raise StorageProblem(
            f"The backup {backup} can't be unpacked: {error.strerror or error}.",
            "Check that it is there, and that the disk has room.",
        ) from error
    missing = sorted(set(manifest.members) - found)
    if missing:
        raise _damaged(backup, f"{missing[0]} is missing")
    problems = file_problems(folder / DATABASE)
    if problems:
        raise _damaged(backup, problems[0])
    return manifest


def settle(database: Path) -> None:
    """Bring a healthy database file into one piece, without a journal beside it."""
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(database, timeout=30)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            connection.close()


def take_place(staged: Path, data_dir: Path, aside: Path) -> None:
    """Let what is unpacked and indexed in ``staged`` take the place of what ``data_dir`` holds.

    The database's rename decides: before it the old state stands, after it the new one. What was
    there is kept in ``aside``, within ``data_dir`` (which may be a mount point of its own).
    """
    database = data_dir / DATABASE
    settle(staged / DATABASE)
    _sync_file(staged / DATABASE)
    if database.exists():
        aside.mkdir()
        settle(database)
        for suffix in ("-wal", "-shm"):  # left where the old file is too damaged to be settled
            with suppress(FileNotFoundError):
                os.rename(f"{database}{suffix}", aside / f"{DATABASE}{suffix}")  # noqa: PTH104
        os.link(database, aside / DATABASE)
    os.replace(staged / DATABASE, database)  # noqa: PTH105
    _sync(data_dir)
    for new in sorted(staged.iterdir()):
        old = data_dir / new.name
        if old.exists():
            aside.mkdir(exist_ok=True)
            os.rename(old, aside / new.name)  # noqa: PTH104
        os.rename(new, old)  # noqa: PTH104
    _sync(data_dir)
    staged.rmdir()


def move_files_up(folder: Path) -> None:
    """What stands under ``files/`` in a backup, to where it stood in the data directory."""
    inside = folder / _FILES.rstrip("/")
    if inside.is_dir():
        for one in sorted(inside.iterdir()):
            os.rename(one, folder / one.name)  # noqa: PTH104
        inside.rmdir()


# --- helpers -------------------------------------------------------------------------------------


def _own_file(database_url: str) -> Path:
    file = sqlite_file(database_url)
    if file is None:
        raise BadRequest(
            "The records are in PostgreSQL, which has a backup program of its own.",
            "Use: pg_dump --format=custom --file=footnote.dump DATABASE; "
            "back with pg_restore, then `footnote doctor --repair` for the indexes.",
        )
    if not file.exists():
        raise BadRequest(f"There is nothing to back up: {file} is not there.", "")
    return file


def _unwritable(target: Path, why: str) -> StorageProblem:
    return StorageProblem(
        f"The backup can't be written to {target}: {why}.",
        "Choose another place, or free some space; it needs twice the database's size.",
    )


def _copy(file: Path, copy: Path) -> None:
    """One consistent moment of the database, without what was deleted from it."""
    connection = sqlite3.connect(file, timeout=30)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
    finally:
        connection.close()


def _other_files(data_dir: Path, database: Path, target: Path) -> Iterator[Path]:
    for one in sorted(data_dir.rglob("*")):
        first = one.relative_to(data_dir).parts[0]
        own = first in _DERIVED or first.startswith((database.name, DATABASE, "before-restore-"))
        aside = any(mark in first for mark in (".damaged-", ".rebuilding", STAGING, ".partial"))
        if own or aside or one.is_symlink() or not one.is_file() or one.suffix == ".tar":
            continue
        if not first.startswith(f".{target.name}"):
            yield one


def _counts(database: Path) -> dict[str, int]:
    connection = sqlite3.connect(database)
    try:
        known = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
            for table in _TABLES
            if table in known
        }
    finally:
        connection.close()


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None, backup: Path) -> Manifest:
    if member is None or member.name != MANIFEST or member.size > _CHUNK:
        raise _damaged(backup, "it does not begin with a manifest")
    source = tar.extractfile(member)
    try:
        told: Any = json.loads(source.read() if source else b"")
        manifest = Manifest(**told)
    except (ValueError, TypeError) as error:
        raise _damaged(backup, "its manifest can't be read") from error
    if manifest.format > FORMAT or manifest.schema > HEAD:
        raise Unprocessable(
            f"{backup} was made by a newer Footnote ({manifest.release}, schema "
            f"{manifest.schema}; this one knows {HEAD}).",
            "Install that version, then restore.",
        )
    return manifest


def _place(member: tarfile.TarInfo, folder: Path, manifest: Manifest, backup: Path) -> Path:
    """Where a member goes; nothing that could leave ``folder`` or is not in the manifest."""
    name = PurePosixPath(member.name)
    safe = not name.is_absolute() and ".." not in name.parts and member.isfile()
    inside = member.name == DATABASE or member.name.startswith(_FILES)
    if not (safe and inside and member.name in manifest.members):
        raise _damaged(backup, f"it holds {member.name!r}, which does not belong there")
    return folder / name


def _damaged(backup: Path, why: str) -> Unprocessable:
    return Unprocessable(
        f"{backup} can't be restored: {why.rstrip('.')}.",
        "Nothing was changed. Use another backup.",
    )


def _write(source: Any, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("xb") as out:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as source:
        member = tarfile.TarInfo(name)
        member.size, member.mode = os.fstat(source.fileno()).st_size, 0o600
        member.mtime = int(path.stat().st_mtime)
        tar.addfile(member, source)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """The names in a folder, too, survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stamp() -> str:
    return moment.now().isoformat(timespec="seconds")


def remove_staging(data_dir: Path) -> None:
    """What a restore that was killed had unpacked."""
    for one in data_dir.glob(f"{STAGING}*"):
        shutil.rmtree(one, ignore_errors=True)
