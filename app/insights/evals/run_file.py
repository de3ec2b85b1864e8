"""Reads what `footnote eval` wrote: one run, whole, typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest, NotFound
from app.insights.evals.gate import GateReport
from app.insights.evals.row import Row

FORMAT = 2
"""Of the JSON file. 1 had no rows."""


class BadRunFile(BadRequest):
    """A file is not the report of an eval."""

    title = "The eval report can't be read"


@dataclass(frozen=True, slots=True)
class RunFigure:
    """One number: mean with its 95 % interval over ``n`` cases; None when none could be asked."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    unit: str = "share"


@dataclass(frozen=True, slots=True)
class RunFile:
    """The report of one run. ``name``: what it is called in addresses; its file's name.

    ``sections``: title → metric id → figure; ``retrieval``: the same by ranking. ``configuration``:
    settings of answering, the same names as in `Settings`. ``environment``: all else that a figure
    depends on.
    """

    name: str
    path: Path
    dataset: str
    made_at: str
    cases: int
    answerable: int
    seconds: float
    environment: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    violations: int = 0
    violation_examples: tuple[str, ...] = ()
    states: Mapping[str, int] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, RunFigure]] = field(default_factory=dict)
    retrieval: Mapping[str, Mapping[str, RunFigure]] = field(default_factory=dict)
    slices: Mapping[str, Mapping[str, RunFigure]] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reliability: tuple[Mapping[str, Any], ...] = ()
    risk_coverage: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[Row, ...] = ()
    gates: GateReport | None = None

    @property
    def figures(self) -> dict[str, RunFigure]:
        """Every figure by its metric id; of rankings, the one that the product uses."""
        merged: dict[str, RunFigure] = {}
        for figures in (*self.sections.values(), self.retrieval.get("as set", {})):
            merged |= figures
        return merged


_ADAPTER = TypeAdapter(RunFile)


def read_run_file(path: Path) -> RunFile:
    """The run in ``path``; read again when the file was changed.

    Raises:
        NotFound: there is no such file.
        BadRunFile: it is not a report of this format.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise NotFound(f"{path} doesn't exist.", "Make it with `footnote eval`.") from error
    return _read(path, changed)


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> RunFile:
    name = path.parent.name if path.stem == "report" else path.stem
    try:
        return run_from(json.loads(path.read_text(encoding="utf-8")), name, path)
    except (OSError, ValueError) as error:
        raise _not_a_report(path) from error


def run_from(data: Any, name: str, path: Path = Path()) -> RunFile:
    """The run in what a report's JSON holds. Raises BadRunFile as `read_run_file` does."""
    try:
        if data["format"] != FORMAT:
            raise BadRunFile(
                f"{path} is of format {data['format']}; this release reads {FORMAT}.",
                "Make it anew with `footnote eval`.",
            )
        return _ADAPTER.validate_python(data | {"name": name, "path": path})
    except (KeyError, TypeError, ValidationError) as error:
        raise _not_a_report(path) from error


def _not_a_report(path: Path) -> BadRunFile:
    return BadRunFile(
        f"{path} is not the report of an eval.", "Give a JSON file that `footnote eval` wrote."
    )
