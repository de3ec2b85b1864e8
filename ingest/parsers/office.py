"""What Word, Excel and PowerPoint files share: what they say about themselves."""

from __future__ import annotations

import re
from typing import Any

from app.errors import UnreadableDocument
from ingest.parsers.build import Facts, as_utc
from ingest.parsers.formats import SUPPORTED

PROGRAM_NAMES = frozenset(
    [
        "python-docx",
        "python-pptx",
        "openpyxl",
        "administrator",
        "admin",
        "user",
        "owner",
        "author",
        "unknown",
        "microsoft",
        "reportlab",
        "anonymous",
    ]
)
TEMPLATE_TITLES = re.compile(
    r"(powerpoint presentation|presentation title|microsoft word -.*|document ?\d*|untitled.*|"
    r"title|word document|slide 1|presentation ?\d*|book ?\d*|"
    r".*\.(docx?|pptx?|xlsx?|pdf|indd|html?))$",
    re.IGNORECASE,
)


MAIN_PARTS = {
    "docx": re.compile("word", re.IGNORECASE),
    "pptx": re.compile("presentation|powerpoint", re.IGNORECASE),
    "xlsx": re.compile("sheet|excel", re.IGNORECASE),
}
"""Format → how the content type of its main part reads."""


def wrong_main_part(kind: str, content_type: str) -> UnreadableDocument:
    """The refusal of a file whose parts lie as in a ``kind``, but whose main part is none.

    So is a file of another kind with a part renamed, and one that a program wrote only in part.
    """
    form = SUPPORTED[kind].name
    other = [one for one, type_ in MAIN_PARTS.items() if one != kind and type_.search(content_type)]
    what = f"belongs to {SUPPORTED[other[0]].name}" if other else f"is no {form} document"
    return UnreadableDocument(
        f"The file is built like a {form} file, but its main part {what}.",
        "Open it in its program, save it again, and ingest the new copy.",
    )


def properties_of(package: Any) -> tuple[str, Facts]:
    """The title, and when and by whom it was written; nothing where the file says that wrongly."""
    try:
        properties = package.core_properties
        return title_of(properties.title), Facts(
            modified_at=as_utc(properties.modified), owner=author_of(properties.author)
        )
    except (AttributeError, TypeError, ValueError):  # that part is something else
        return "", Facts()


def author_of(name: str | None) -> str | None:
    """The author, unless it is the name of a program or nobody's."""
    name = (name or "").strip()
    return None if not name or name.lower() in PROGRAM_NAMES else name


def title_of(text: str | None) -> str:
    """The title property, unless a program filled it in."""
    text = (text or "").strip()
    return "" if TEMPLATE_TITLES.match(text) else text
