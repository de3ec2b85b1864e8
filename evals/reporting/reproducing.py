"""How to get a run's figures again: the command, and the settings that are not as shipped."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from enum import Enum
from typing import Any

from app.insights.evals.run_file import RunFile
from app.settings import Settings

GOLDEN = "sample"
"""What the golden questions on the sample documents are called, which need no --dataset."""


def command(run: RunFile) -> str:
    """One line for a shell. A path on the machine that made the run is left to the reader."""
    environment = run.environment
    options: list[str] = []
    if run.dataset != GOLDEN:
        options += ["--dataset", "FORMAT", "PATH"]
    for name in environment.get("collections") or ():
        options += ["--collection", str(name)]
    if environment.get("split", "all") != "all":
        options += ["--split", str(environment["split"])]
    if environment.get("limit") is not None:
        options += ["--limit", str(environment["limit"])]
    options += ["--seed", str(environment.get("seed", 0))]
    if environment.get("parallel", 1) != 1:
        options += ["--parallel", str(environment["parallel"])]
    if environment.get("baselines") is False:
        options.append("--no-baselines")
    if environment.get("judge"):
        options += ["--judge-model", str(environment["judge"])]
    if environment.get("judge_limit") is not None:
        options += ["--judge-limit", str(environment["judge_limit"])]
    options += ["--out", f"evals/reports/{run.name}"]
    return shlex.join([*_variables(run), "footnote", "eval", *options])


def changed(run: RunFile) -> dict[str, Any]:
    """Settings of answering that are not as shipped, by their names in `Settings`."""
    found = {}
    for name, value in run.configuration.items():
        field = Settings.model_fields.get(name)
        if field is None:
            continue
        shipped = field.get_default(call_default_factory=True)
        if (value or None) != (_plain(shipped) or None):
            found[name] = value
    return found


def _variables(run: RunFile) -> Iterator[str]:
    for name, value in changed(run).items():
        yield f"FOOTNOTE_{name.upper()}={value}"
    precision = run.environment.get("precision")
    if precision in ("float32", "bfloat16"):
        yield f"FOOTNOTE_EMBEDDING_PRECISION={precision}"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
