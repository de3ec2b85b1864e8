"""``evals/reports/acceptance.json``: which criteria's tests passed, when, and on which commit.

``pytest --evidence=FILE`` writes it (`tests/plugins/evidence.py`); the launch page reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest

FILE = "acceptance.json"
FORMAT = 1
Outcome = Literal["passed", "failed", "not_run"]


class BadEvidence(BadRequest):
    """A file is not the evidence of a test run."""

    title = "The evidence can't be read"


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What the tests of one criterion did in one run.

    ``tests``: what was asked for, as in acceptance.yaml. ``failures``: at most ten, by node id.
    ``dirty``: there were changes that no commit has.
    """

    outcome: Outcome
    tests: tuple[str, ...] = ()
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = ()
    at: datetime | None = None
    commit: str = ""
    dirty: bool = False
    release: str = ""
    machine: str = ""


_ADAPTER = TypeAdapter(dict[str, SuiteRun])


def read_evidence(path: Path) -> Mapping[str, SuiteRun]:
    """What is known of each criterion by its id; empty without a file.

    Raises:
        BadEvidence: the file is something else.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _read(path, changed)


def evidence_json(runs: Mapping[str, SuiteRun]) -> str:
    """The file's text, criteria in order of their ids."""
    criteria: dict[str, Any] = {key: asdict(runs[key]) for key in sorted(runs)}
    for one in criteria.values():
        one["at"] = one["at"].isoformat(timespec="seconds") if one["at"] else None
    return json.dumps({"format": FORMAT, "criteria": criteria}, indent=1) + "\n"


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Mapping[str, SuiteRun]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(data["format"])
        return _ADAPTER.validate_python(data["criteria"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise BadEvidence(
            f"{path} is not the evidence of a test run.",
            f"Make it anew: pytest --evidence={path}",
        ) from error
