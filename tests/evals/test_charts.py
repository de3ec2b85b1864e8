"""Pictures that any program can read, and the numbers that stand behind them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from evals.reporting import charts
from evals.scoring import curves

SVG = "{http://www.w3.org/2000/svg}"


def diagram(label: str = "made", count: int = 200) -> curves.Reliability:
    said = np.linspace(0.01, 0.99, count)
    made = curves.reliability(label, said, np.random.default_rng(0).random(count) < said)
    assert made is not None
    return made


def curve(label: str = "made", threshold: float = 0.5) -> curves.RiskCoverage:
    said = np.linspace(0.99, 0.01, 100)
    made = curves.risk_coverage(
        label, [(p, float(i % 4 != 0)) for i, p in enumerate(said.tolist())], threshold
    )
    assert made is not None
    return made


def marks(picture: str, tag: str) -> list[ET.Element]:
    return list(ET.fromstring(picture).iter(f"{SVG}{tag}"))


def test_a_reliability_diagram_has_a_point_per_bin_and_a_bar_per_bucket() -> None:
    picture = charts.reliability_svg([diagram("one"), diagram("two")])
    assert len(marks(picture, "circle")) == 2 * curves.BINS
    assert len(marks(picture, "rect")) == 1 + 2 * curves.BUCKETS, "and a background"
    tall = [float(rect.get("height", 0)) for rect in marks(picture, "rect")[1:]]
    assert max(tall) == 44
    assert sum(diagram().buckets) == 200


def test_points_stand_where_the_numbers_say() -> None:
    one = diagram()
    for part, mark in zip(one.bins, marks(charts.reliability_svg([one]), "circle"), strict=True):
        assert float(mark.get("cx", 0)) == pytest.approx(224 * part.predicted, abs=0.06)
        assert float(mark.get("cy", 0)) == pytest.approx(224 * (1 - part.observed), abs=0.06)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_nothing_is_drawn_outside_the_picture(count: int) -> None:
    picture = charts.reliability_svg([diagram(f"c{i}") for i in range(count)])
    root = ET.fromstring(picture)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for group in root.iter(f"{SVG}g"):
        x, y = map(float, group.get("transform", "").removeprefix("translate(")[:-1].split())
        assert x + 224 <= width
        assert y + 224 + 96 + 17 <= height


def test_a_risk_coverage_picture_has_a_line_for_each_collection_and_a_ring_where_it_stops() -> None:
    nothing = curve("refuses all", threshold=1.0)
    assert nothing.shipped is None
    picture = charts.risk_coverage_svg([curve("one"), curve("two", 0.9), nothing])
    assert len(marks(picture, "polyline")) == 3
    assert len(marks(picture, "circle")) == 2
    dashes = {line.get("stroke-dasharray") for line in marks(picture, "polyline")}
    assert len(dashes) == 3, "lines differ in more than color"
    words = {text.text for text in marks(picture, "text")}
    assert {"one", "two", "nothing is answered as set"} <= words


def test_a_picture_says_in_words_what_it_shows() -> None:
    for picture in (charts.reliability_svg([diagram()]), charts.risk_coverage_svg([curve()])):
        root = ET.fromstring(picture)
        assert root.get("role") == "img"
        ids = {node.get("id") for tag in ("title", "desc") for node in root.findall(f"{SVG}{tag}")}
        assert set(root.get("aria-labelledby", "").split()) == ids
        assert "made" in str(root.findtext(f"{SVG}desc"))


def test_a_picture_has_colors_for_light_and_dark_and_needs_no_style_sheet() -> None:
    picture = charts.reliability_svg([diagram()])
    root = ET.fromstring(picture)
    style = root.findtext(f"{SVG}style") or ""
    assert style.startswith("@media (prefers-color-scheme:dark)")
    for node in root.iter():
        for name in (node.get("class") or "").split():
            assert f".{name}{{" in style
            assert node.get("fill") or node.get("stroke")


def test_names_of_collections_are_texts_whatever_they_hold() -> None:
    name = '<b>R&D "x"</b>'
    for picture in (
        charts.reliability_svg([diagram(name)]),
        charts.risk_coverage_svg([curve(name)]),
    ):
        assert name in {text.text for text in marks(picture, "text")}
        assert "<b>" not in picture


def test_the_same_data_give_the_same_picture() -> None:
    assert charts.reliability_svg([diagram()]) == charts.reliability_svg([diagram()])


def test_a_bin_of_cases_that_are_all_alike_has_an_interval_all_the_same() -> None:
    # Wilson: center (1 + z²/2n) / (1 + z²/n) ± …, lower end n / (n + z²) for 20 of 20
    low, high = curves.wilson(1.0, 20)
    assert low == pytest.approx(20 / (20 + 1.96**2))
    assert high == pytest.approx(1.0)
    assert curves.wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_a_curve_ends_where_no_answer_was_given() -> None:
    answers = [(0.9 - i / 100, 1.0 if i % 2 else 0.0) for i in range(40)]
    refused = [(0.1, None)] * 10
    made = curves.risk_coverage("x", [*answers, *refused], 0.0)
    assert made is not None
    assert made.points[-1] == pytest.approx((0.8, 0.5))
    assert made.shipped == pytest.approx((0.8, 0.5))
    assert made.points[0][0] == pytest.approx(10 / 50), "fewer than ten say nothing"
    assert curves.risk_coverage("x", [(0.9, 1.0)] * 9, 0.0) is None


def test_the_tables_have_a_line_for_each_bin_and_each_collection() -> None:
    bins = curves.reliability_table([diagram("one"), diagram("two")])
    assert len(bins) == 1 + 2 * curves.BINS
    assert {len(row) for row in bins} == {5}
    risks = curves.risk_table([curve("one")])
    assert risks[0][-2:] == ["100 %", "as set"]
    assert risks[1][-2:] == ["25 %", "26 % of 50 %"]
    assert {len(row) for row in risks} == {12}


def test_without_cases_there_is_no_diagram() -> None:
    assert curves.reliability("x", [], []) is None
    assert charts.pictures([], []) == {}
