"""Where things stand: addresses in the viewer, page names, file names, text around a quote."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote as url_quote
from urllib.parse import urlencode, urlsplit

from app.domain import Document, Hit, PageKind

_ORIGIN = re.compile(r"(?P<origin>(?:ans|sea)_[\w-]{1,36})\.(?P<number>[1-9]\d{0,3})")
CONTEXT_CHARS = 180
"""Characters shown before and after a quote: enough to see what it talks about."""


def passage_url(document_id: str, start: int, end: int, origin: str = "", number: int = 0) -> str:
    """The viewer, opened where ``text[start:end]`` stands.

    ``origin``: the answer or search that the link stands beside, and ``number`` its place there.
    """
    asked: dict[str, object] = {"start": start, "end": end}
    if origin:
        asked["from"] = f"{origin}.{number}"
    return f"/documents/{url_quote(document_id)}?{urlencode(asked)}#quote"


def hit_url(hit: Hit, origin: str = "", number: int = 0) -> str:
    """The viewer, opened at a found passage; ``origin`` and ``number`` as in `passage_url`."""
    return passage_url(hit.document.id, hit.passage.start, hit.passage.end, origin, number)


def origin_of(text: str) -> tuple[str, int] | None:
    """What `passage_url` wrote into ``from``; None where it is something else."""
    found = _ORIGIN.fullmatch(text)
    return (found["origin"], int(found["number"])) if found else None


def place(page_kind: PageKind, page: int | None) -> str:
    """``page 4``, ``slide 2``, ``sheet 1``; empty when there is none."""
    return f"{page_kind} {page}" if page_kind and page is not None else ""


def file_name(source: str) -> str:
    """The last part of a path, address or ``upload:name``."""
    if source.startswith("upload:"):
        return source.removeprefix("upload:")
    if "://" in source:
        parts = urlsplit(source)
        return PurePosixPath(parts.path).name or parts.netloc
    return PurePosixPath(source.replace("\\", "/")).name or source


def lost_upload(document: Document) -> bool:
    """True for an upload that could not be read: its bytes are gone, and only a new one helps."""
    return document.status == "failed" and document.source.startswith("upload:")


def lead(text: str) -> str:
    """The end of the text before a quote, cut at a word, with an ellipsis where it was cut."""
    if len(text) <= CONTEXT_CHARS:
        return text
    tail = text[-CONTEXT_CHARS:]
    return "… " + tail[tail.find(" ") + 1 :]


def tail(text: str) -> str:
    """The beginning of the text after a quote, cut at a sentence's end or else at a word."""
    if len(text) <= CONTEXT_CHARS:
        return text
    shown = text[:CONTEXT_CHARS]
    sentence = max(shown.rfind(end) for end in (". ", ".\n", "? ", "! "))
    if sentence > CONTEXT_CHARS // 3:
        return shown[: sentence + 1] + " …"
    return shown.rpartition(" ")[0] + " …"
