"""What stands beside the PRD: its decisions and experiments, and every target with its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.errors import NotFound
from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.gates import figure_of
from app.insights.evals.run_file import RunFile
from app.insights.overview import Look
from app.insights.targets import Target
from app.web.pm.metric_view import standing
from app.web.units import said

Folder = Literal["decisions", "experiments"]
_SUFFIXES = (".md", ".yaml")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the PRD folder. ``name``: in addresses; ``title``: its first heading."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric with its target and what it is now. ``note``: of how many, or its interval."""

    id: str
    name: str
    definition: str
    why: str
    target: str
    guardrail: str
    value: str
    note: str
    standing: str
    owner: str
    href: str


def papers(prd_dir: Path, folder: Folder) -> list[Paper]:
    """Decisions in order; experiments by name, those that only a file describes too."""
    return [
        Paper(path.stem, _title(path))
        for path in sorted((prd_dir / folder).glob("*"))
        if path.suffix in _SUFFIXES and path.stem != "README"
    ]


def paper(prd_dir: Path, folder: Folder, name: str) -> tuple[str, bool]:
    """The text of one, and whether it is Markdown.

    Raises:
        NotFound: there is none of that name.
    """
    for path in sorted((prd_dir / folder).glob("*")):
        if path.stem == name and path.suffix in _SUFFIXES:
            return path.read_text(encoding="utf-8"), path.suffix == ".md"
    raise NotFound(
        f"There is nothing called “{name[:60]}” here.", "All of them are listed on /prd."
    )


def behavior(look: Look) -> list[Measured]:
    """What people do: every metric over the look's period."""
    found = []
    for target in look.targets.metrics.values():
        value = look.metrics.value(target.id)
        counted = f"of {value.denominator:,.0f}" if value.denominator else ""
        href = f"/insights/metrics/{target.id}"
        found.append(_measured(target, value.value, counted, href))
    return found


def quality(look: Look, run: RunFile | None) -> list[Measured]:
    """What `footnote eval` measures: every metric in the committed report."""
    return list(_quality(look, run))


def _quality(look: Look, run: RunFile | None) -> Iterator[Measured]:
    for target in look.targets.quality.values():
        figure = figure_of(run, target.id) if run else None
        note, href, unit = "", f"/evals/{run.name}" if run else "", str(target.unit)
        if figure is not None:
            unit = "score" if figure.unit == "score" else unit
            note = interval_text(figure.low, figure.high, figure.unit) or f"n {figure.n:,}"
        yield _measured(target, figure.value if figure else None, note, href, unit)


def _measured(
    target: Target, value: float | None, note: str, href: str, unit: str = ""
) -> Measured:
    unit = unit or target.unit
    return Measured(
        id=target.id,
        name=target.name,
        definition=target.definition,
        why=target.why,
        target=_limit(target, target.target, unit),
        guardrail=_limit(target, target.guardrail, unit),
        value=_said(value, unit),
        note=note if value is not None else "",
        standing=standing(target, value),
        owner=target.owner,
        href=href,
    )


def _limit(target: Target, limit: float | None, unit: str) -> str:
    if limit is None:
        return ""
    return f"{'≥' if target.better == 'higher' else '≤'} {_said(limit, unit)}"


def _said(value: float | None, unit: str) -> str:
    """A score (AUROC, calibration error) is no percentage."""
    return value_text(value, unit) if unit == "score" else said(value, unit)


def _title(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    heading = next((line for line in lines if line.startswith("# ")), "")
    return heading.removeprefix("# ") if path.suffix == ".md" and heading else path.name
