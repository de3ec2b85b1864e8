"""Keeps runs where `/evals` lists them: one JSON file each, whole or not at all."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from app.errors import BadRequest
from app.insights.evals.runs import kept_folder
from app.settings import Settings
from evals.reporting.report import Report, to_json

_STAMP = "%Y%m%d-%H%M%S"


def folder(settings: Settings) -> Path:
    """Where the runs of these settings are kept."""
    return kept_folder(settings)


def keep(made: Report, where: Path) -> Path:
    """The file that the report was kept in: ``<dataset>-<UTC date>-<UTC time>.json``.

    Raises:
        BadRequest: it cannot be written there.
    """
    moment = datetime.fromisoformat(made.made_at).astimezone(UTC)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", made.dataset).strip("-.") or "run"
    text = to_json(made)
    try:
        where.mkdir(parents=True, exist_ok=True)
        stem = f"{name}-{moment.strftime(_STAMP)}"
        path, number = where / f"{stem}.json", 1
        while path.exists():
            number += 1
            path = where / f"{stem}-{number}.json"
        fresh = where / f".{path.stem}.{os.getpid()}.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise BadRequest(
            f"The run can't be kept in {where}: {error.strerror or error}.",
            "Set FOOTNOTE_EVAL_RUNS to a folder that can be written to, or give --no-keep.",
        ) from error
    return path
