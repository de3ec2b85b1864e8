"""Every picture of a report with the table behind it, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from app.insights.evals.run_file import RunFile
from evals.reporting import charts, slice_chart, speed_charts
from evals.reporting.speed_charts import Point
from evals.scoring import curves

_RELIABILITY = TypeAdapter(tuple[curves.Reliability, ...])
_RISK = TypeAdapter(tuple[curves.RiskCoverage, ...])


@dataclass(frozen=True, slots=True)
class Picture:
    """``file``: its name beside a Markdown report; ``table``: the numbers, under a heading."""

    file: str
    title: str
    words: str
    svg: str
    table: list[list[str]]


def pictures(run: RunFile, others: Sequence[Point] = ()) -> list[Picture]:
    """Those that there are data for. ``others``: configurations to show beside this run."""
    return [made for make in _MAKERS for made in make(run, others)]


def _slices(run: RunFile, _others: Sequence[Point]) -> Iterator[Picture]:
    blocks = slice_chart.slices(run)
    if blocks:
        yield Picture(
            "slices.svg",
            "Who is served how well",
            "The same product for different questions: how they are written first, then what they "
            "ask for. Where an interval is wide, there are few such questions.",
            slice_chart.slices_svg(blocks, run.figures.get("correct")),
            slice_chart.slices_table(blocks),
        )


def _reliability(run: RunFile, _others: Sequence[Point]) -> Iterator[Picture]:
    made = _typed(_RELIABILITY, run.reliability)
    if made:
        yield Picture(
            "reliability.svg",
            "How sure, and how often so",
            "Below the diagonal the product was surer that the documents have an answer than it "
            "should have been; above it, less sure.",
            charts.reliability_svg(made),
            curves.reliability_table(made),
        )


def _risk(run: RunFile, _others: Sequence[Point]) -> Iterator[Picture]:
    made = _typed(_RISK, run.risk_coverage)
    if made:
        yield Picture(
            "risk-coverage.svg",
            "Wrong answers for each share answered",
            "Were it to answer only what it is surest of, this many of its answers would be wrong.",
            charts.risk_coverage_svg(made),
            curves.risk_table(made),
        )


def _tradeoff(run: RunFile, others: Sequence[Point]) -> Iterator[Picture]:
    own = speed_charts.point_of(run, "this run")
    if own is not None and others:
        points = [own, *others]
        yield Picture(
            "tradeoff.svg",
            "Quality, time and cost",
            "Up and left is better: right more often, sooner, for less.",
            speed_charts.tradeoff_svg(points),
            speed_charts.tradeoff_table(points),
        )


def _latency(run: RunFile, _others: Sequence[Point]) -> Iterator[Picture]:
    values = speed_charts.latencies(run)
    if values:
        yield Picture(
            "latency.svg",
            "How long answers take",
            "From the question to the complete answer, on the machine named below.",
            speed_charts.latency_svg(values),
            speed_charts.latency_table(values),
        )


_Maker = Callable[[RunFile, Sequence[Point]], Iterator[Picture]]
_MAKERS: tuple[_Maker, ...] = (_slices, _reliability, _risk, _tradeoff, _latency)


def _typed(adapter: TypeAdapter[Any], data: Sequence[Any]) -> Any:
    return adapter.validate_python(list(data))
