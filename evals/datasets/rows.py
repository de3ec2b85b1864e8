"""Lines of a JSONL file of questions, with typed access that says what is wrong, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.datasets.case import BadDataset, Case


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a JSONL file, with typed access that says what is wrong, and where."""

    file: Path
    line: int
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """The id given, else file and line."""
        return str(self.data.get("id") or f"{self.file.stem}:{self.line}")

    def wrong(self, what: str) -> BadDataset:
        """An error to raise: file, line and ``what``."""
        return BadDataset(f"{self.file}, line {self.line}: {what}.", "Correct that line.")

    def text(self, key: str, *, required: bool = True) -> str:
        """A text; empty when it is missing and not required. Raises BadDataset."""
        value = self.data.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise self.wrong(f"“{key}” is missing" if value is None else f"“{key}” is not a text")
        if required and not value.strip():
            raise self.wrong(f"“{key}” is empty")
        return value

    def boolean(self, key: str) -> bool:
        """True or false. Raises BadDataset."""
        value = self.data.get(key)
        if not isinstance(value, bool):
            raise self.wrong(f"“{key}” is not true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when it is missing. Raises BadDataset."""
        value = self.data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(f"“{key}” is not a list of texts")
        return tuple(value)


def read_rows(file: Path) -> Iterator[Row]:
    """The objects of a JSONL file, one at a time. Raises BadDataset where a line is none."""
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        row = Row(file, number, {})
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            raise row.wrong(f"not valid JSON: {error.msg} at column {error.colno}") from error
        if not isinstance(data, dict):
            raise row.wrong("not a JSON object")
        yield Row(file, number, data)


def _lines(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", newline="\n") as stream:  # not at U+2028
            yield from stream
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataset(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error


def unique(cases: list[Case], path: Path) -> tuple[Case, ...]:
    """The cases. Raises BadDataset when two have the same id."""
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise BadDataset(f"{path}: the id {case.id!r} occurs twice.", "Give each its own.")
        seen.add(case.id)
    return tuple(cases)
