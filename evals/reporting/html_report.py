"""A report as one HTML file that needs nothing beside it: for a screen, a phone, and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.quality_words import QUALITY_WORDS
from app.insights.evals.run_file import RunFile
from evals.reporting import bad_rows, gate_tables, rendering, reproducing
from evals.reporting.as_run import as_run
from evals.reporting.markdown import Link, no_link
from evals.reporting.pictures import pictures
from evals.reporting.report import Report
from evals.reporting.speed_charts import Point

FIRST = (
    "correct",
    "answer_quoted",
    "document_first",
    "false_refusal",
    "true_refusal",
    "citation_precision",
    "violations",
    "total_p50",
)
"""What a reader sees first, by metric id."""
_FOLDED = frozenset({"State expected (down) and given (across)", "Slices"})
"""Tables that are drawn in another way, or stand under a picture already."""
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the first figures in words."""

    name: str
    definition: str
    value: str
    interval: str
    n: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases with one expected and one given state. ``shade``: percent of those expected."""

    count: int
    shade: int
    right: bool


def to_html(
    made: Report | RunFile,
    *,
    name: str = "",
    others: Sequence[Point] = (),
    link: Link = no_link,
    each: int = bad_rows.SHOWN_EACH,
) -> str:
    """The whole report; pictures stand in it as SVG, each with its numbers in a table.

    ``others``: configurations to show beside this run; ``link``: a document's address; ``each``:
    bad cases of each kind.
    """
    run = as_run(made, name)
    changed = reproducing.changed(run)
    return _TEMPLATES.get_template("report.html").render(
        run=run,
        headline=rendering.headline(run),
        tiles=_tiles(run),
        gates=run.gates,
        gate_tables=gate_tables,
        value_text=value_text,
        interval_text=interval_text,
        pictures=pictures(run, others),
        confusion=_confusion(run),
        tables=[
            (title, rows)
            for title, rows in rendering.grids(run)
            if len(rows) > 1 and title not in _FOLDED
        ],
        slices=dict(rendering.grids(run))["Slices"],
        bad=bad_rows.bad_rows(run, each),
        each=each,
        told=bad_rows.told,
        sources=bad_rows.sources,
        waterfall=bad_rows.waterfall,
        kind_of=bad_rows.kind_of,
        shortened=bad_rows.shortened,
        link=link,
        command=reproducing.command(run),
        settings=[
            (title, [(key, rendering.plain(value), key in changed) for key, value in held.items()])
            for title, held in (
                ("Configuration", run.configuration),
                ("Environment", run.environment),
            )
        ],
    )


def _tiles(run: RunFile) -> list[Tile]:
    tiles = []
    for metric in FIRST:
        figure = run.figures.get(metric)
        if figure is None or figure.value is None:
            continue
        title, _, _, definition = QUALITY_WORDS[metric]
        tiles.append(
            Tile(
                title,
                definition,
                value_text(figure.value, figure.unit),
                interval_text(figure.low, figure.high, figure.unit),
                figure.n,
            )
        )
    return tiles


def _confusion(run: RunFile) -> list[tuple[str, list[Cell]]]:
    """State expected → a cell for each state given, in the order of the columns."""
    return [
        (
            wanted,
            [
                Cell(count, round(100 * count / max(1, sum(given.values()))), state == wanted)
                for state, count in given.items()
            ],
        )
        for wanted, given in run.confusion.items()
    ]
