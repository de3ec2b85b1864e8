"""The files of a report: pictures that say what the numbers say, cases to read, how to redo it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.insights.evals.gate import Gate, GateReport
from app.insights.evals.row import Row, TraceStep
from app.insights.evals.run_file import RunFigure, RunFile
from app.settings import Settings
from evals.reporting import bad_rows, html_report, markdown, reproducing, slice_chart, speed_charts
from evals.reporting.folder import documents_beside
from evals.reporting.pictures import pictures
from evals.reporting.speed_charts import Point

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
TRACE = (TraceStep("ask", 0, 0.0, 200.0), TraceStep("retrieve", 1, 10.0, 50.0, "8 passages"))


def row(name: str, **changes: object) -> Row:
    fields: dict[str, object] = {
        "id": name,
        "question": f"What of {name}?",
        "answerable": True,
        "state": "answered",
        "level": "high",
        "probability": 0.9,
        "text": "Something else.",
        "cited": ("it/it-equipment-policy.md",),
        "scores": {"answer_quoted": 0.0, "correct": 0.0, "total_ms": 40.0},
    }
    return Row(**(fields | changes))  # type: ignore[arg-type]  # the test's own names


ROWS = (
    row("wrong", trace=TRACE, probability=0.7, text="A | pipe and *stars*"),
    row("sure", probability=0.95),
    row("right", scores={"answer_quoted": 1.0, "correct": 1.0, "total_ms": 10.0}),
    row("refused", state="not_found", text=""),
    row("invented", answerable=False, scores={"correct": 0.0, "total_ms": 20.0}),
    row("failed", error="The server did not answer.", scores={"correct": 0.0}),
)
RUN = RunFile(
    "sample",
    Path(),
    "sample",
    "2026-11-01T10:00:00+00:00",
    len(ROWS),
    5,
    12.0,
    environment={"seed": 3, "limit": 6, "baselines": False, "precision": "float32"},
    configuration={"dense_weight": 0.5, "read_passages": Settings(_env_file=None).read_passages},
    states={"answered": 5, "not_found": 1},
    confusion={"answered": {"answered": 3, "not_found": 1}},
    slices={
        "table": {"n": RunFigure(9, 9), "correct": RunFigure(0.5, 9, 0.2, 0.8)},
        "typos": {"n": RunFigure(4, 4), "correct": RunFigure(0.0, 4, 0.0, 0.0)},
        "plain": {"n": RunFigure(5, 5), "correct": RunFigure(0.8, 5, 0.6, 1.0)},
    },
    rows=ROWS,
)


def circles(picture: str) -> list[ET.Element]:
    return list(ET.fromstring(picture).iter(f"{SVG}circle"))


def test_ways_of_writing_come_first_and_dots_stand_where_the_numbers_say() -> None:
    blocks = slice_chart.slices(RUN)
    assert [[one.tag for one in block] for block in blocks] == [["plain", "typos"], ["table"]]
    dots = circles(slice_chart.slices_svg(blocks, RunFigure(0.5, 18)))
    places = [float(dot.get("cx", 0)) for dot in dots]
    assert places == [pytest.approx(208 + 380 * share, abs=0.1) for share in (0.8, 0.0, 0.5)]


def test_where_all_of_a_few_cases_are_alike_the_interval_still_has_a_width() -> None:
    (_, typos), _ = slice_chart.slices(RUN)
    assert typos.figure.high == pytest.approx(0.49, abs=0.005), "Wilson's, of 0 in 4"


def test_configurations_are_points_for_time_and_where_it_costs_for_money() -> None:
    quick, dear = Point("quick", 0.5, 50), Point("dear", 0.7, 900, 0.002, 0.6, 0.8)
    assert len(circles(speed_charts.tradeoff_svg([quick, replace(quick, label="b")]))) == 2
    both = speed_charts.tradeoff_svg([quick, dear])
    assert len(circles(both)) == 4
    first, second = circles(both)[:2]
    assert float(first.get("cx", 0)) < float(second.get("cx", 0)), "quicker is further left"
    assert float(first.get("cy", 0)) > float(second.get("cy", 0)), "better is further up"
    assert speed_charts.tradeoff_table([quick, dear])[2] == ["dear", "70.0 %", "900 ms", "$0.0020"]


def test_the_histogram_counts_every_answer_and_one_straggler_does_not_flatten_it() -> None:
    values = [float(value) for value in range(1, 300)] + [90_000.0]
    bars = list(ET.fromstring(speed_charts.latency_svg(values)).iter(f"{SVG}rect"))[1:]
    told = [int((bar.findtext(f"{SVG}title") or "").split(": ")[1].split()[0]) for bar in bars]
    assert sum(told) == 300
    assert sum(count > 0 for count in told) > 10


def test_a_run_alone_has_no_picture_of_configurations() -> None:
    files = {picture.file for picture in pictures(RUN)}
    assert files == {"slices.svg", "latency.svg"}


def test_bad_cases_are_sorted_by_how_sure_the_product_was() -> None:
    found = [(bad.kind, bad.row.id) for bad in bad_rows.bad_rows(RUN)]
    assert found == [
        ("could not be asked", "failed"),
        ("wrong", "sure"),
        ("wrong", "wrong"),
        ("answered though unanswerable", "invented"),
        ("refused though answerable", "refused"),
    ]
    assert len(bad_rows.bad_rows(RUN, 1)) == 4
    assert bad_rows.bad_rows(replace(RUN, rows=tuple(replace(r, question="") for r in ROWS))) == []


def test_a_waterfall_lies_on_one_line_of_time() -> None:
    bars = bad_rows.waterfall(TRACE)
    assert [(bar.left, bar.width) for bar in bars] == [(0.0, 100.0), (5.0, 25.0)]
    late = bad_rows.waterfall((*TRACE, TraceStep("end", 1, 200.0, 0.0)))[-1]
    assert late.left + late.width <= 100
    assert bad_rows.waterfall(()) == []


def test_the_command_names_what_is_not_as_shipped_and_nothing_else() -> None:
    assert reproducing.command(RUN) == (
        "FOOTNOTE_DENSE_WEIGHT=0.5 FOOTNOTE_EMBEDDING_PRECISION=float32 footnote eval "
        "--limit 6 --seed 3 --no-baselines --out evals/reports/sample"
    )
    assert "--dataset" in reproducing.command(replace(RUN, dataset="filings"))


def test_documents_are_linked_only_from_within_the_project(tmp_path: Path) -> None:
    link = documents_beside(ROOT / "evals" / "reports" / "any")
    assert (
        link("it/it-equipment-policy.md")
        == "../../../ingest/sample/documents/it/it-equipment-policy.md"
    )
    assert link("it/none.md") == ""
    assert documents_beside(tmp_path)("it/it-equipment-policy.md") == ""


def test_markdown_and_page_tell_gates_cases_traces_and_how_to_redo_it() -> None:
    gate = Gate("mrr", "Rank", "red", "It fell.", "share", "higher", value=0.1, n=9, guardrail=0.5)
    run = replace(RUN, gates=GateReport((gate,), "before", "2026-10-01T00:00:00+00:00"))
    link = documents_beside(ROOT / "evals" / "reports" / "any")
    text = markdown.to_markdown(run, link=link)
    assert "**Hold: 1 gate is red (Rank); 0 are green.**" in text
    assert "- **Rank**: It fell." in text
    assert "A \\| pipe and \\*stars\\*" in text
    assert "took: ask 200 ms, retrieve 50 ms" in text
    assert "[it/it-equipment-policy.md](<../../../ingest" in text
    assert reproducing.command(run) in text
    page = html_report.to_html(run, link=link)
    for words in ("Hold", "It fell.", "8 passages", 'id="case-wrong"', "not as shipped"):
        assert words in page, words
    assert 'href="../../../ingest' in page


def test_a_page_of_many_cases_stays_light() -> None:
    """1.5 MB for 600 cases with long answers and traces; the JSON has the rest."""
    long = {"text": "word " * 300, "question": "why " * 60, "trace": TRACE * 12}
    run = replace(RUN, rows=tuple(row(f"case-{i}", **long) for i in range(600)))
    assert len(html_report.to_html(run).encode()) < 1_500_000
