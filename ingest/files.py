"""One file on disk: what is listed of it, reading it, and why that may fail."""

from __future__ import annotations

import errno
import os
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.errors import NotFound, UnreadableDocument
from ingest.items import Item, over_limit, safe_name
from ingest.parsers.formats import detect

_HEAD = 8192
_ESCAPED_BYTE = re.compile(r"\\x([0-9a-f]{2})")
_BY_CONTENT = frozenset({"html", "ipynb", "eml"})
"""Text formats recognized for sure under any name; "it looks like text" is not enough there."""


def file_item(path: str, source: str, info: os.stat_result, max_bytes: int) -> Item:
    """A file, listed: nothing of it is read."""
    return Item(
        source=source,
        name=source.rpartition("/")[2],
        size=info.st_size,
        stamp=str(info.st_mtime_ns),
        modified_at=_time(info.st_mtime),
        read=partial(read_file, path, max_bytes),
        refused=over_limit(info.st_size, max_bytes),
    )


def read_file(path: str, max_bytes: int) -> bytes:
    """A file's bytes.

    Raises:
        UnreadableDocument: it cannot be opened, or grew over the limit.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise UnreadableDocument(
            "The file disappeared while the folder was being read.", "Ingest the folder again."
        ) from error
    except OSError as error:
        raise UnreadableDocument(
            f"The file can't be opened: {reason_of(error)}.",
            "Give the user that runs Footnote read access, then ingest again.",
        ) from error
    if refusal := over_limit(len(data), max_bytes):
        raise refusal
    return data


def worth_reading(path: str, extension: str) -> bool:
    """Whether a file of unknown extension is a document by its first bytes."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return not extension  # what cannot be opened is reported only where it may be a document
    if b"%PDF-" in head[:1024]:
        return True
    if not head or head.startswith(b"PK"):
        return bool(head) and not extension
    try:
        kind = detect(head, f"file{extension}")
    except UnreadableDocument:
        return False
    return not extension or kind in _BY_CONTENT


def not_there(path: Path, error: OSError) -> NotFound | UnreadableDocument:
    """The error for a target that cannot be looked at; names the nearest folder that exists."""
    shown = safe_name(str(path))
    if isinstance(error, PermissionError):
        return UnreadableDocument(
            f"{shown} can't be opened: permission denied.",
            "Give the user that runs Footnote read access.",
        )
    if error.errno == errno.ELOOP:
        return UnreadableDocument(f"{shown} is a link that leads back to itself.", "Mend the link.")
    nearest = path.expanduser().absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    return NotFound(
        f"There is nothing at {shown}.",
        f"The nearest folder that exists is {safe_name(str(nearest))}.",
    )


def spellings(path: str) -> list[str]:
    """The path, and the one it stands for when `safe_name` wrote out bytes of it."""
    if not _ESCAPED_BYTE.search(path):
        return [path]
    raw = _ESCAPED_BYTE.sub(lambda match: os.fsdecode(bytes([int(match[1], 16)])), path)
    return [path, raw]


def may_exist(path: str) -> bool:
    """Whether there may be something at ``path``: what cannot be seen may exist."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # not to be seen is not to be gone
    return True


def _time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def reason_of(error: OSError) -> str:
    """The system's words for an error, in lower case."""
    return (error.strerror or str(error)).lower()
