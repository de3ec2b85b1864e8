"""``PRD.md``: its stories, and the acceptance criteria below each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = "PRD.md"
_STORY = re.compile(r"^### (.+?)\s*$")
_TOLD = re.compile(r"^\*(As .+?)\*$")
_ROW = re.compile(r"^\| ([A-Z]\d{1,2}) \| ((?:[^|\\]|\\.)+?) \|\s*$")
"""Two cells: an id and its criterion."""
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One promise. ``text`` is Markdown on one line."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """What somebody wants, and the promises that say when they have it."""

    title: str
    told: str
    criteria: tuple[Criterion, ...]


def read_stories(prd_dir: Path) -> tuple[Story, ...]:
    """Stories with at least one criterion, in the order of the file; empty without a file."""
    path = prd_dir / FILE
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return ()
    return _read(path, changed)


def stories_in(text: str) -> tuple[Story, ...]:
    """The stories of a PRD: ``### Title``, ``*As a …*``, and a table whose first cell is an id."""
    found: list[tuple[str, list[str], list[Criterion]]] = []
    paragraph = ""
    for line in _COMMENT.sub("", text).splitlines():
        if heading := _STORY.match(line):
            found.append((heading[1], [], []))
            paragraph = ""
            continue
        if not found:
            continue
        if row := _ROW.match(line):
            found[-1][2].append(Criterion(row[1], row[2].replace("\\|", "|").strip()))
        paragraph = f"{paragraph} {line.strip()}".strip() if line.strip() else ""
        if told := _TOLD.match(paragraph):
            found[-1][1].append(told[1])
    return tuple(
        Story(title, " ".join(told), tuple(criteria)) for title, told, criteria in found if criteria
    )


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> tuple[Story, ...]:
    return stories_in(path.read_text(encoding="utf-8"))
