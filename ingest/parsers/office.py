"""What Word, Excel and PowerPoint files share: what they say about themselves."""

from __future__ import annotations

import re

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


def author_of(name: str | None) -> str | None:
    """The author, unless it is the name of a program or nobody's."""
    name = (name or "").strip()
    return None if not name or name.lower() in PROGRAM_NAMES else name


def title_of(text: str | None) -> str:
    """The title property, unless a program filled it in."""
    text = (text or "").strip()
    return "" if TEMPLATE_TITLES.match(text) else text
