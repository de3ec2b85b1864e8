"""A report as one HTML file that needs nothing beside it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evals import charts, rendering
from evals.report import Report

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def to_html(report: Report) -> str:
    """The whole report; pictures stand in it as SVG, each with its numbers in a table."""
    drawn = charts.pictures(report.reliability, report.risk_coverage)
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        headline=rendering.headline(report),
        tables=rendering.grids(report),
        charts=[
            (title, rows, drawn.get(rendering.PICTURES[title], ""))
            for title, rows in rendering.chart_grids(report.reliability, report.risk_coverage)
        ],
        told=rendering.told,
    )
