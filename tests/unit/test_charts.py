"""Charts: where things are drawn, what they say, and that nothing needs a style attribute."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from app.web.charts import (
    HEIGHT,
    Bar,
    Interval,
    Series,
    Step,
    bar_chart,
    funnel_chart,
    interval_chart,
    line_chart,
    sparkline,
)
from app.web.scales import ticks
from app.web.templating import templates
from app.web.units import change, said

DAYS = [f"2026-03-{day:02}" for day in range(1, 29)]


def drawn(macro: str, chart: object) -> Any:
    text = f'{{% import "_charts.html" as charts %}}{{{{ charts.{macro}(chart) }}}}'
    html = templates().env.from_string(text).render(chart=chart)
    assert "style=" not in html
    assert "<script" not in html
    return LexborHTMLParser(html)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "ratio", "–"),
        (float("nan"), "ms", "–"),
        (0.0, "ratio", "0 %"),
        (0.623, "ratio", "62 %"),
        (0.0123, "ratio", "1.2 %"),
        (0.0004, "ratio", "under 0.1 %"),
        (0.9996, "ratio", "over 99.9 %"),
        (1.0, "ratio", "100 %"),
        (840.4, "ms", "840 ms"),
        (2130.0, "ms", "2.1 s"),
        (45.0, "s", "45 s"),
        (300.0, "s", "5 min"),
        (-2.8, "s", "−2.8 s"),
        (0.0, "usd", "$0"),
        (0.00001, "usd", "under $0.0001"),
        (0.0031, "usd", "$0.0031"),
        (12.5, "usd", "$12.50"),
        (12345.0, "count", "12,345"),
        (1.5, "per_100", "1.5 per 100"),
        (3.84, "rating", "3.8 of 5"),
    ],
)
def test_numbers_are_said_as_people_read_them(value: float, unit: str, words: str) -> None:
    assert said(value, unit) == words


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (0.62, 0.58, "ratio", "up 4 points"),
        (0.101, 0.1112, "ratio", "down 1 point"),
        (0.0614, 0.0612, "ratio", "unchanged"),
        (900.0, 1000.0, "ms", "down 10 %"),
        (1000.0, 999.0, "ms", "unchanged"),
        (5.0, 1.0, "count", "up to 5 times as much"),
        (-2.8, -0.4, "s", "down from −0.4 s"),
        (1.0, 0.0, "usd", "up from $0"),
        (4.1, 3.8, "rating", "up 0.3"),
        (None, 1.0, "ratio", ""),
    ],
)
def test_a_change_is_said_in_words(now: float | None, before: float, unit: str, words: str) -> None:
    assert change(now, before, unit) == words


@pytest.mark.parametrize(
    ("values", "unit", "marks"),
    [
        ([0.12, 0.61], "ratio", [0, 0.2, 0.4, 0.6, 0.8]),
        ([], "ratio", [0, 0.1]),
        ([0.0], "ratio", [0, 0.1]),
        ([3], "count", [0, 1, 2, 3]),
        ([2600], "ms", [0, 1000, 2000, 3000]),
        ([170], "s", [0, 60, 120, 180]),
        ([4.2], "rating", [1, 2, 3, 4, 5]),
    ],
)
def test_an_axis_has_few_round_numbers(values: list[float], unit: str, marks: list[float]) -> None:
    found = ticks(values, unit)
    assert found[0] == 0 or unit == "rating"
    assert found[-1] >= max(values, default=0)
    assert len(found) <= 5
    if values and values[0]:
        assert found == pytest.approx(marks)


def test_differences_have_an_axis_on_both_sides_of_zero() -> None:
    found = ticks([-0.02, 0.08], "ratio", most=4, from_zero=False)
    assert found[0] <= -0.02
    assert found[-1] >= 0.08
    assert 0 in found


def test_a_line_has_its_sentence_and_the_same_numbers_as_a_table() -> None:
    values = [0.5, None, 0.7, *[0.6] * 25]
    chart = line_chart(
        [
            Series("now", list(zip(DAYS, values, strict=True))),
            Series("before", [(day, 0.4) for day in DAYS], previous=True),
        ],
        unit="ratio",
        title="Task success",
        target=0.65,
        csv="/trend.csv",
    )
    tree = drawn("line", chart)
    picture = tree.css_first("[role=img]")
    assert picture.attributes["aria-label"] == (
        "Task success: 60 % on 28 Mar, lowest 50 % on 1 Mar, highest 70 % on 3 Mar; target 65 %."
    )
    rows = [[cell.text() for cell in row.css("th, td")] for row in tree.css("tbody tr")]
    assert rows[:3] == [
        ["1 Mar", "50 %", "40 %"],
        ["2 Mar", "–", "40 %"],
        ["3 Mar", "70 %", "40 %"],
    ]
    assert len(rows) == 28
    assert tree.css_first("a.csv").attributes["href"] == "/trend.csv"
    assert len(tree.css("rect.hit")) == 28
    assert tree.css_first("rect.hit title").text() == "1 Mar, now: 50 %\n1 Mar, before: 40 %"
    assert [text.text() for text in tree.css("text.end")] == [
        "target 65 %",
        "now 60 %",
        "before 40 %",
    ]
    assert tree.css_first("line.target") is not None


def test_a_line_breaks_where_a_value_is_missing_and_a_lone_value_is_a_dot() -> None:
    points: list[tuple[str, float | None]] = [(day, 1.0) for day in DAYS]
    points[10] = points[12] = (DAYS[10], None)
    line = line_chart([Series("a", points)], unit="count", title="Lines").lines[0]
    assert line.path.count("M") == 3
    assert [round(x) for x, _ in line.dots] == [41]


def test_zero_is_at_the_bottom_and_the_highest_tick_at_the_top() -> None:
    chart = line_chart([Series("a", [("x", 0.0), ("y", 4.0)])], unit="count", title="Up")
    assert (chart.up[0].label, chart.up[0].at) == ("0", HEIGHT)
    assert (chart.up[-1].label, chart.up[-1].at) == ("4", 0)
    assert [y for _, y in chart.lines[0].dots] == [HEIGHT, 0]


def test_labels_at_the_ends_do_not_lie_on_each_other() -> None:
    series = [Series(name, [("x", 1.0), ("y", 1.0)]) for name in "abc"]
    ends = line_chart(series, unit="count", title="Three", target=1.0).ends
    tops = [mark.at for mark, _ in ends]
    assert all(after - before >= 15 for before, after in pairwise(tops))
    assert max(tops) <= HEIGHT + 4


def test_the_axis_names_five_moments_at_most() -> None:
    hours = [f"2026-03-01T{hour:02}:00" for hour in range(24)]
    for labels in (DAYS, hours, DAYS[:2], DAYS[:1], DAYS[:7]):
        chart = line_chart([Series("a", [(one, 1.0) for one in labels])], unit="s", title="T")
        assert 1 <= len(chart.across) <= 5
    assert (
        line_chart([Series("a", [(one, 1.0) for one in hours])], unit="s", title="T")
        .across[0]
        .label
        == "00:00"
    )


def test_without_numbers_a_chart_says_so() -> None:
    chart = line_chart([Series("a", [("2026-03-01", None)])], unit="ratio", title="Nothing")
    assert chart.empty
    tree = drawn("line", chart)
    assert "Nothing was counted" in tree.body.text()
    assert tree.css_first("svg") is None
    assert "Nothing was counted" in drawn("bars", bar_chart([], unit="usd", title="T")).body.text()


def test_bars_are_a_table_and_link_to_what_they_stand_for() -> None:
    chart = bar_chart(
        [Bar("<mini>", 4.0, "/x?a=1&b=2", "12 of 40"), Bar("own", 1.0), Bar("unknown", None)],
        unit="usd",
        title="Cost by model",
    )
    tree = drawn("bars", chart)
    assert [cell.text() for cell in tree.css("tbody th")] == ["<mini>", "own", "unknown"]
    assert tree.css_first("tbody th a").attributes["href"] == "/x?a=1&b=2"
    assert [bar.attributes["width"] for bar in tree.css("rect.bar-fill")] == ["100.0%", "25.0%"]
    assert [cell.text().split()[0] for cell in tree.css("td.num")] == ["$4.00", "$1.00", "–"]


def test_an_interval_shows_what_was_promised() -> None:
    rows = [Interval("High", 0.7, 0.8, 0.9, expected=0.75), Interval("Low", None, None, None)]
    tree = drawn("intervals", interval_chart(rows, unit="ratio", title="Levels"))
    first = [" ".join(cell.text().split()) for cell in tree.css("tbody tr")[0].css("th, td")]
    assert first == ["High", "80 %", "", "70 % to 90 %", "75 %"]
    place = [
        float(re.sub("%", "", tree.css_first(what).attributes[name]))
        for what, name in ((".span", "x1"), (".expected", "x1"), (".dot", "cx"), (".span", "x2"))
    ]
    assert place == sorted(place)
    assert len(tree.css("circle.dot")) == 1


def test_differences_are_said_with_their_sign() -> None:
    chart = interval_chart(
        [Interval("Retry", -0.06, -0.03, 0.01)], unit="ratio", title="D", reference=0, signed=True
    )
    row = chart.rows[0]
    assert (row.value, row.more) == ("−3 %", ("−6 % to +1 %",))
    assert chart.reference is not None
    assert row.low is not None
    assert row.high is not None
    assert row.low < chart.reference < row.high


def test_a_funnel_tells_how_many_were_lost_at_each_step() -> None:
    steps = [Step("Asked", 200, "/q"), Step("Opened", 50), Step("Accepted", 60)]
    chart = funnel_chart(steps, title="Funnel")
    assert [row.more for row in chart.rows] == [("100 %", ""), ("25 %", "150 (75 %)"), ("30 %", "")]
    assert len(drawn("funnel", chart).css("tbody tr")) == 3
    assert funnel_chart([Step("Asked", 0), Step("Opened", 0)], title="F").rows[1].more[0] == "–"


def test_a_sparkline_ends_in_a_dot_at_its_last_value() -> None:
    spark = sparkline([1.0, 3.0, 2.0, None])
    assert spark.last is not None
    assert spark.last[0] < 97
    assert sparkline([]).last is None
    assert sparkline([None]).path == ""
    assert drawn("spark", spark).css_first("svg").attributes["aria-hidden"] == "true"
