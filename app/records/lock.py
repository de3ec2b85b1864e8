"""One writer, and one server, at a time: locks that the kernel lets go of, also at ``kill -9``.

Two locks, because a command may ingest beside a server: `writer_lock` is held while documents are
written, `server_lock` while a server runs on what only one process may have.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from app.errors import Busy, ServedAlready, StorageProblem

LOCK_NAME = "ingest.lock"
SERVER_LOCK_NAME = "server.lock"
_POLL_SECONDS = 0.1
_LOOK_SECONDS = 0.5
"""Between two looks at whether waiting was given up."""


@contextmanager
def writer_lock(
    data_dir: Path,
    *,
    wait: bool,
    on_wait: Callable[[str], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the right to write to the documents and indexes in ``data_dir``.

    Excludes other processes and other threads alike. While it is held, the lock file says who holds
    it and since when. With ``wait`` a second writer waits its turn; ``on_wait`` is then told once,
    in a sentence, for whom; it waits no longer once ``cancelled`` says so.

    Raises:
        Busy: the lock is taken and not waited for; names the process and since when it runs.
        IndexUnavailable: the data directory cannot be written to.
    """
    path = data_dir / LOCK_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, poll_interval=_POLL_SECONDS, on_acquired=_sign)
        told = False
        while True:
            try:
                lock.acquire(timeout=_LOOK_SECONDS if told else 0)
                break
            except Timeout:
                holder = _holder(path)
                if not wait or cancelled():
                    raise Busy(
                        f"Another ingest is running{holder}.",
                        "Wait until it is done, or leave out --no-wait to wait here.",
                    ) from None
                if on_wait is not None and not told:
                    on_wait(f"Waiting for another ingest to finish{holder}.")
                told = True
    except OSError as error:
        raise _unwritable(data_dir, error) from error
    try:
        yield
    finally:
        _let_go(lock, path)


@contextmanager
def server_lock(data_dir: Path, address: str = "") -> Iterator[None]:
    """Be the one server on ``data_dir``; ``address`` is told to whoever tries to be a second one.

    Commands beside it, such as an ingest, are not kept out: they take `writer_lock`.

    Raises:
        ServedAlready: a server runs there; names its process, its address and since when.
        StorageProblem: the data directory cannot be written to.
    """
    path = data_dir / SERVER_LOCK_NAME
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, on_acquired=partial(_sign, address=address))
        lock.acquire(timeout=0)
    except Timeout:
        raise ServedAlready(
            f"Another server already runs on the data directory {data_dir}{_holder(path)}.",
            "Use that one, stop it first, or give this one a directory of its own with "
            "FOOTNOTE_DATA_DIR.",
        ) from None
    except OSError as error:
        raise _unwritable(data_dir, error) from error
    try:
        yield
    finally:
        _let_go(lock, path)


def running_server(data_dir: Path) -> str:
    """Who serves ``data_dir``, as `` (process 123, …)`` in a sentence; empty where nobody does.

    Raises:
        StorageProblem: the data directory cannot be written to.
    """
    if not (data_dir / SERVER_LOCK_NAME).exists():
        return ""
    try:
        with server_lock(data_dir):
            return ""
    except ServedAlready:
        return _holder(data_dir / SERVER_LOCK_NAME) or " (an unknown process)"


def _unwritable(data_dir: Path, error: OSError) -> StorageProblem:
    return StorageProblem(
        f"The data directory {data_dir} can't be written to: {error.strerror or error}.",
        "Choose a writable folder with FOOTNOTE_DATA_DIR.",
    )


def _let_go(lock: BaseFileLock, path: Path) -> None:
    # Emptied while still held, so that a later waiter never reads the name of a past holder.
    with suppress(OSError):
        os.truncate(path, 0)
    lock.release()


def _sign(descriptor: int, address: str = "") -> None:
    """Write who holds the lock into the lock file, in one small write."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    note = json.dumps({"pid": os.getpid(), "since": since, "address": address})
    # Who cannot say so, because the disk is full, holds it all the same.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)


def _holder(path: Path) -> str:
    """`` (process 123, since 14:05:09 UTC)``, or nothing when the file does not say."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        since = datetime.fromisoformat(note["since"]).astimezone(UTC)
        pid = int(note["pid"])
        address = f" at {note['address']}" if note.get("address") else ""
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return f" (process {pid}{address}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
