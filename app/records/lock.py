"""One writer at a time: a lock that the kernel lets go of, also at ``kill -9``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import Busy, IndexUnavailable

LOCK_NAME = "ingest.lock"
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
        raise IndexUnavailable(
            f"The data directory {data_dir} can't be written to: {error.strerror or error}.",
            "Choose a writable folder with FOOTNOTE_DATA_DIR.",
        ) from error
    try:
        yield
    finally:
        # Emptied while still held, so that a later waiter never reads the name of a past holder.
        with suppress(OSError):
            os.truncate(path, 0)
        lock.release()


def _sign(descriptor: int) -> None:
    """Write who holds the lock into the lock file, in one small write."""
    note = json.dumps(
        {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note.encode(), 0)


def _holder(path: Path) -> str:
    """`` (process 123, since 14:05:09 UTC)``, or nothing when the file does not say."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        since = datetime.fromisoformat(note["since"]).astimezone(UTC)
        pid = int(note["pid"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return f" (process {pid}, since {since:%Y-%m-%d %H:%M:%S} UTC)"
