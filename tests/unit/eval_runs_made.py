"""Eval runs made by hand, as files and in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.insights.evals.row import Row
from app.insights.evals.run_file import FORMAT, RunFigure, RunFile


def row(name: str, *, right: bool = True, **changes: Any) -> Row:
    """An answered case with an answer, right or wrong."""
    scores = {"correct": float(right), "false_refusal": 0.0, "total_ms": 80.0}
    fields: dict[str, Any] = {
        "question": f"What is {name}?",
        "answerable": True,
        "state": "answered",
        "level": "high",
        "probability": 0.9,
        "expected": "answered",
        "tags": ("plain", "table"),
        "group": name,
        "split": "dev",
        "text": f"{name} is a thing.",
        "reference": f"{name} is it.",
        "answers": (name,),
        "cited": ("a.md",),
        "wanted": ("a.md",),
    }
    scores |= changes.pop("scores", {})
    return Row(id=name, scores=scores, **(fields | changes))


def made(name: str, rows: Sequence[Row], **changes: Any) -> RunFile:
    """A run with these rows; its figures are means of their scores."""
    names = sorted({one for each in rows for one in each.scores})
    figures = {}
    for one in names:
        values = [each.scores[one] for each in rows if one in each.scores]
        mean = sum(values) / len(values)
        unit = "ms" if one.endswith("_ms") else "share"
        figures[one] = RunFigure(mean, len(values), max(mean - 0.1, 0), min(mean + 0.1, 1), unit)
    fields: dict[str, Any] = {
        "dataset": "sample",
        "made_at": "2026-11-22T10:00:00+00:00",
        "cases": len(rows),
        "answerable": sum(each.answerable for each in rows),
        "seconds": 12.5,
        "environment": {"documents_sha256": "d1", "processors": 2, "seed": 0},
        "configuration": {"dense_weight": 0.65, "read_passages": 8},
        "sections": {"Answers": figures},
    }
    return RunFile(name=name, path=Path(f"{name}.json"), rows=tuple(rows), **(fields | changes))


def write(path: Path, run: RunFile) -> Path:
    """The run as `footnote eval` writes it: without its name, rows at the end."""
    data = asdict(run)
    for name in ("name", "path"):
        data.pop(name)
    rows = data.pop("rows")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data | {"rows": rows, "format": FORMAT}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path
