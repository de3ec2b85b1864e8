"""A run that was cut short goes on where it ended: records are written as they come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from app.errors import BadRequest
from evals.running.records import CaseRecord, from_line


def resumed(
    path: Path | None, environment: Mapping[str, Any]
) -> tuple[dict[str, CaseRecord], IO[str] | None]:
    """Records by case id that ``path`` holds, and the file opened to add more.

    Those that failed are left out: they are asked again.

    Raises:
        BadRequest: the file is of another run, or cannot be written.
    """
    if path is None:
        return {}, None
    records: dict[str, CaseRecord] = {}
    header = json.dumps({"run": environment}, sort_keys=True)
    try:
        lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} can't be read: {error}.", "Give another file.") from error
    if lines and lines[0] and lines[0] != header:
        raise BadRequest(
            f"{path} holds another run: other questions, documents or settings.",
            "Give another file, or delete it to start again.",
        )
    kept = {"": header}
    for line in lines[1:]:
        try:
            record = from_line(line)
        except ValueError:  # the line that a kill cut short
            continue
        if not record.failed:
            records[record.case.id] = record
            kept[record.case.id] = line
    # A kill in between leaves the old file or the new one, whole.
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text("\n".join(kept.values()) + "\n", encoding="utf-8")
        fresh.replace(path)
        return records, path.open("a", encoding="utf-8")
    except OSError as error:
        raise BadRequest(
            f"{path} can't be written: {error.strerror or error}.", "Give another file."
        ) from error
