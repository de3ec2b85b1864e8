"""Files of labels: JSONL or CSV, written by an export and read by an import, to be committed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from app.errors import BadRequest
from app.insights.csv_lines import cell, csv_lines
from app.records.product.labels import Label

COLUMNS = tuple(field.name for field in fields(Label))
_REQUIRED = frozenset(COLUMNS) - {"note"}


def write_labels(file: Path, labels: Sequence[Label]) -> None:
    """The labels as a file of the kind that its name ends in. Raises BadRequest for another."""
    rows = [asdict(label) | {"at": label.at.isoformat()} for label in labels]
    if _is_csv(file):
        text = "".join(csv_lines(COLUMNS, [[row[name] for name in COLUMNS] for row in rows]))
    else:
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def read_labels(file: Path) -> list[Label]:
    """The labels of a file.

    Raises:
        BadRequest: it can't be read, or a line of it is no label; says which line, and why.
    """
    reading = _csv_rows if _is_csv(file) else _json_rows
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{file} can't be read: {error}.", "It must be UTF-8 text.") from error
    return [_label(row, f"{file}, line {line}") for line, row in reading(text, file)]


def _is_csv(file: Path) -> bool:
    if file.suffix not in (".jsonl", ".csv"):
        raise BadRequest(f"{file} is no file of labels.", "Give one that ends in .jsonl or .csv.")
    return file.suffix == ".csv"


def _csv_rows(text: str, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := sorted(_REQUIRED - set(reader.fieldnames or ())):
        raise BadRequest(f"{file} has no column “{missing[0]}”.", "Export labels to see them all.")
    for row in reader:
        yield reader.line_num, {name: _unquoted(value or "") for name, value in row.items() if name}


def _unquoted(text: str) -> str:
    """Without the apostrophe that an export puts before what a spreadsheet would compute."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


def _json_rows(text: str, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise _wrong(f"{file}, line {number}", f"not JSON: {error.msg}") from error
        if not isinstance(row, dict):
            raise _wrong(f"{file}, line {number}", "not an object")
        yield number, row


def _label(row: dict[str, Any], where: str) -> Label:
    texts = {}
    for name in COLUMNS:
        if name == "value":
            continue
        value = row.get(name, "" if name == "note" else None)
        if not isinstance(value, str):
            raise _wrong(where, f"“{name}” is missing or not a text")
        texts[name] = value
    said = texts.pop("at")
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise _wrong(where, f"“at” is {said[:40]!r}, no time") from error
    if at.tzinfo is None:
        raise _wrong(where, f"“at” is {said[:40]!r}, without a time zone")
    return Label(**texts, value=_value(row.get("value"), where), at=at)


def _value(given: object, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise _wrong(where, "“value” is no number")
    try:
        return float(given)
    except (ValueError, OverflowError) as error:
        raise _wrong(where, f"“value” is {str(given)[:40]!r}, no number") from error


def _wrong(where: str, what: str) -> BadRequest:
    return BadRequest(f"{where}: {what}.", "Correct that line; nothing was imported.")
