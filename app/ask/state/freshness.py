"""Whether a document is the last word: superseded, past its review date, or an older version."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urljoin, urlsplit

from app.domain import Document, Stale
from app.knowledge.terms import content_stems, stems

Successor = Callable[[Document], Document | None]
"""The document that replaces another one; None when nothing does, or it is not there."""

_CHAIN = 10
"""Successors of successors that are followed; more is a mistake in somebody's front matter."""
_FOUND = 50
"""Documents looked at for one name."""

_FORMER = re.compile(
    r"\b(?:old|older|previous(?:ly)?|former(?:ly)?|earlier|superseded|outdated|used to|back in|"
    r"at the time|originally|until (?:19|20)\d\d|before (?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:chang(?:e|es|ed|ing)|difference|differ|compar\w+|versus|vs|increased?|raised?|lowered|"
    r"new|newest|latest|current(?:ly)?|now|today)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:19|20)\d\d|v?\d+(?:\.\d+)*", re.IGNORECASE)
_VERSION = re.compile(r"(?:\bv|\bversion\s|\b(?=(?:19|20)\d\d\b))(\d+(?:\.\d+)*)", re.IGNORECASE)
_STANDING = frozenset(
    stems(
        "policy guide guideline handbook manual standard procedure process rules regulation terms "
        "agreement matrix limits template instruction playbook runbook sop specification spec code "
        "conditions tariff"
    )
)
"""Kinds of documents of which the newest version holds. A report or minutes of an earlier year say
something of that year, and remain true."""


class FindsDocuments(Protocol):
    """What a resolver needs of the store of documents."""

    def find(self, *, text: str = "", limit: int = 100) -> tuple[list[Document], int]:
        """Documents whose title or source has ``text``, and how many there are in all."""


def successor_in(store: FindsDocuments) -> Successor:
    """Looks up what ``superseded_by`` names, through to the newest.

    It may be a path relative to the document, a file name, an address or a title.
    """

    def newest(document: Document) -> Document | None:
        seen = {document.id}
        current, found = document, None
        for _ in range(_CHAIN):
            following = _next(store, current)
            if following is None or following.id in seen:
                break
            seen.add(following.id)
            current = found = following
        return found

    return newest


def stale(document: Document, today: date, successor: Successor) -> Stale | None:
    """Why ``document`` is not the last word; None when it is."""
    if document.superseded_by:
        newer = successor(document)
        return Stale(
            document.id,
            document.title,
            "superseded",
            newer_title=newer.title if newer else _shown(document.superseded_by),
            newer_document_id=newer.id if newer else None,
        )
    if document.review_by is not None and document.review_by < today:
        return Stale(document.id, document.title, "review_passed", review_by=document.review_by)
    return None


def wants_former(question: str, document: Document) -> bool:
    """Whether the question asks for what an old ``document`` says, and for nothing newer.

    It speaks of the past, or names a year or version that is in the title, or the document's year.
    """
    if _COMPARES.search(question):
        return False
    if _FORMER.search(question):
        return True
    named = set(_VERSION.findall(question))
    own = set(_VERSION.findall(f"{document.title} {_name(document.source)}"))
    years = {str(document.modified_at.year)} if document.modified_at else set()
    return bool(named & (own | years))


def newer_version(a: Document, b: Document) -> Document | None:
    """Which of two versions of one standing document is the newer; None when they are not that.

    Their titles differ only in a year or a version, and name a kind of document of which the newest
    holds: "Travel policy 2024" and "Travel policy 2026".
    """
    if _family(a) != _family(b) or not _family(a) & _STANDING:
        return None
    numbers_a, numbers_b = _numbers(a), _numbers(b)
    if len(numbers_a) != len(numbers_b) or numbers_a == numbers_b:
        return None
    return a if numbers_a > numbers_b else b


def replaces(newer: Document, older: Document, successor: Successor) -> bool:
    """Whether ``newer`` is what holds instead of ``older``."""
    if older.superseded_by:
        found = successor(older)
        if found is not None and found.id == newer.id:
            return True
    version = newer_version(newer, older)
    return version is not None and version.id == newer.id


def _next(store: FindsDocuments, document: Document) -> Document | None:
    wanted = (document.superseded_by or "").strip()
    if not wanted:
        return None
    name = _name(wanted)
    topic = max(_plain(document.title).split(), key=len, default="")
    texts = dict.fromkeys(text for text in (wanted, name, PurePosixPath(name).stem, topic) if text)
    found = {
        one.id: one
        for text in texts
        for one in store.find(text=text, limit=_FOUND)[0]
        if one.id != document.id and one.status == "ready"
    }
    ranked = [(rank, one) for one in found.values() if (rank := _fit(wanted, document, one)) > 0]
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _fit(wanted: str, old: Document, other: Document) -> int:
    """How surely ``other`` is what ``old`` calls its successor; 0: not at all."""
    exact = (urljoin(old.source, wanted), str(PurePosixPath(old.source).parent / wanted), wanted)
    if other.source in exact:
        return 5
    if _plain(other.title) == _plain(wanted):
        return 4
    name = _name(wanted)
    same_name = _name(other.source).lower() == name.lower()
    same_stem = PurePosixPath(_name(other.source)).stem.lower() == name.lower()
    if same_name or same_stem:
        nearby = PurePosixPath(other.source).parent == PurePosixPath(old.source).parent
        return 3 if nearby else 2
    # "the 2026 policy" is the Travel Policy 2026 to readers of the Travel Policy 2024.
    named, title = content_stems(wanted), content_stems(other.title)
    return int(bool(named) and named <= title and _family(old) == _family(other))


def _name(source: str) -> str:
    """The last part of a path, an address or an upload's name."""
    path = urlsplit(source).path if "://" in source else source.removeprefix("upload:")
    return unquote(path.replace("\\", "/").rstrip("/").rpartition("/")[2])


def _shown(reference: str) -> str:
    """A reference as a title: a file's name without its ending, anything else as it is."""
    if "/" not in reference and not re.search(r"\.[A-Za-z]\w{0,4}$", reference):
        return reference
    name = PurePosixPath(_name(reference)).stem
    return " ".join(re.split(r"[-_]+", name)).strip() or reference


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _family(document: Document) -> frozenset[str]:
    """Stems of the title without years and versions."""
    title = re.sub(r"\b(?:version|edition|rev|revision)\b", " ", document.title, flags=re.I)
    return frozenset(content_stems(_NUMBER.sub(" ", title)))


def _numbers(document: Document) -> tuple[tuple[int, ...], ...]:
    """Years and versions in the title, in order."""
    found = _NUMBER.findall(document.title)
    return tuple(tuple(int(part) for part in one.lstrip("vV").split(".")) for one in found)
