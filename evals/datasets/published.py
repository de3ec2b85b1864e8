"""What others published on public sets, beside our own runs: `evals/published.yaml`, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.run_file import RunFigure, RunFile
from evals.datasets.case import BadDataset

FILE = Path(__file__).parents[1] / "published.yaml"
Comparable = Literal["yes", "partly", "no"]
_RANKINGS = {
    "as set": "Footnote, as set",
    "cosine alone": "Footnote, cosine alone",
    "BM25 alone": "Footnote, BM25 alone",
}
_UNSEEN = {"yes": "", "quoted": " (as others quote it)", "no": " (not looked up again)"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure stands."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A figure of somebody else's system, 0–1. ``seen``: whether it was read in its source."""

    system: str
    value: float
    source: str
    seen: Literal["yes", "quoted", "no"]


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """A public set with what was published on it.

    ``ours``: id of the figure of our runs that is put beside them; ``runs``: names of datasets that
    our runs of it have; ``comparable`` and ``why``: whether the two may be compared.
    """

    id: str
    title: str
    about: str
    license: str
    get: str
    command: str
    runs: tuple[str, ...]
    metric: str
    ours: str
    comparable: Comparable
    why: str
    figures: tuple[PublishedFigure, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The whole file."""

    sources: Mapping[str, Source]
    sets: tuple[PublishedSet, ...]


_ADAPTER = TypeAdapter(Published)


def read_published(file: Path = FILE) -> Published:
    """The file, checked.

    Raises:
        BadDataset: it cannot be read, or names a source or a figure that does not exist.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = _ADAPTER.validate_python(data)
    except (OSError, ValueError, yaml.YAMLError, ValidationError) as error:
        raise BadDataset(f"{file} can't be used: {error}.", "Correct the file.") from error
    for one in found.sets:
        if one.ours not in QUALITY_WORDS and one.ours not in _OTHER:
            raise BadDataset(f"{file}: {one.id} names no figure: {one.ours!r}.", "Correct it.")
        for figure in one.figures:
            if figure.source not in found.sources:
                raise BadDataset(
                    f"{file}: {one.id} names no source: {figure.source!r}.", "Add it to sources."
                )
    return found


_OTHER = {"hit_at_1": "Gold passage first"}
"""Figures of reports that have no words of their own."""


def newest(runs: Sequence[RunFile]) -> dict[str, RunFile]:
    """Dataset → the last whole run of it; runs of a part count where there is no whole one."""
    found: dict[str, RunFile] = {}
    for run in sorted(runs, key=lambda one: (one.environment.get("limit") is None, one.made_at)):
        found[run.dataset] = run
    return found


def to_markdown(published: Published, runs: Sequence[RunFile]) -> str:
    """Every set with our figures first, then theirs, and whether the two compare."""
    own = newest(runs)
    parts = [
        "# Our figures beside published ones\n",
        "Written by `footnote eval published` from `evals/published.yaml` and reports of runs. "
        "“Compares” says whether our figure and theirs measure the same thing: yes, partly or no, "
        "and the line below a table says why. Figures of ours have their 95 % interval.\n",
    ]
    for one in published.sets:
        run = next((own[name] for name in one.runs if name in own), None)
        parts += _set(one, run, published.sources)
    return "\n".join(parts)


def _set(one: PublishedSet, run: RunFile | None, sources: Mapping[str, Source]) -> Iterator[str]:
    yield f"## {one.title}\n"
    yield f"{one.about} License: {one.license}. <{one.get}>\n"
    yield "| system | figure | value | compares | source |\n|---|---|---|---|---|"
    if run is None:
        yield f"| Footnote | {_name(one.ours)} | – | | not measured here: `{one.command}` |"
    else:
        yield from _ours(one, run)
    for figure in one.figures:
        source = sources[figure.source]
        yield (
            f"| {figure.system} | {one.metric} | {value_text(figure.value, _unit(one))} | "
            f"{one.comparable} | "
            f"[{source.name}]({source.url}){_UNSEEN[figure.seen]} |"
        )
    none = "" if one.figures else " We know of no published figure that we could trace."
    yield f"\nCompares: **{one.comparable}**: {one.why}.{none}\n"


def _ours(one: PublishedSet, run: RunFile) -> Iterator[str]:
    found = {
        _RANKINGS.get(ranking, f"Footnote, {ranking}"): figures[one.ours]
        for ranking, figures in run.retrieval.items()
        if one.ours in figures
    } or {"Footnote, as set": run.figures.get(one.ours, RunFigure(None, 0))}
    limit = run.environment.get("limit")
    part = f", a part: {limit} questions drawn" if limit is not None else ""
    for system, figure in found.items():
        unit = _unit(one)
        interval = interval_text(figure.low, figure.high, unit)
        value = f"**{value_text(figure.value, unit)}**" + (f" ({interval})" if interval else "")
        yield (
            f"| {system} | {_name(one.ours)} | {value} | – | run {run.name}, {run.made_at[:10]}, "
            f"{figure.n} questions{part} |"
        )


def _unit(one: PublishedSet) -> str:
    """As their papers write it: shares in percent, nDCG with three decimals."""
    return "score" if "ndcg" in one.ours else "share"


def _name(figure: str) -> str:
    return _OTHER[figure] if figure in _OTHER else QUALITY_WORDS[figure][0]
