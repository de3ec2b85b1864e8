"""What a source lists: items to ingest, what was left out, and what is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.errors import FootnoteError, UnreadableDocument
from ingest.parsers import Limits, check_size


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may be a document, not read yet.

    ``stamp`` changes when the content does (a time stamp, an entity tag, a git blob), up to 24
    characters; "" when there is none. ``read`` raises `UnreadableDocument`. ``refused``: why it is
    not even read, such as its size.
    """

    source: str
    name: str
    size: int
    stamp: str
    modified_at: datetime | None
    read: Callable[[], bytes]
    refused: FootnoteError | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, with the reason and what to do."""

    path: str
    reason: str
    action: str = ""

    @classmethod
    def of(cls, path: str, error: FootnoteError) -> Problem:
        """The problem that ``error`` is for ``path``."""
        return cls(path, error.detail, error.action)


def _never(_source: str) -> bool:
    return False


@dataclass(slots=True)
class Listing:
    """Everything one target holds now.

    ``covers(source)``: whether a document known from before belongs to this target and its filters;
    ``gone(source)``: whether there is evidence that such a document is no longer there. Not having
    been listed is no evidence: a folder may be unreadable for the moment.
    """

    uri: str
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    covers: Callable[[str], bool] = _never
    gone: Callable[[str], bool] = _never


def over_limit(size: int, max_bytes: int) -> UnreadableDocument | None:
    """Why a file of ``size`` bytes is not read; None when it is."""
    try:
        check_size(size, Limits(max_bytes=max_bytes))
    except UnreadableDocument as refusal:
        return refusal
    return None


def safe_name(name: str) -> str:
    r"""A file name that can be stored and printed anywhere.

    Bytes that are no UTF-8 (surrogate escapes) become ``\xNN``; everything else stays as it is.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name
