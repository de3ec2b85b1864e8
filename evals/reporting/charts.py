"""Two pictures as SVG: the reliability diagram, and the risk–coverage curve.

The numbers behind a picture are tables in `evals.scoring.curves`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from evals.reporting.svg import DASHES, color, document, grid, text
from evals.scoring.curves import Reliability, RiskCoverage

_SIDE = 224
"""Width and height of a reliability diagram."""
_PANEL = (316, 396)


def pictures(
    reliability: Sequence[Reliability], risk_coverage: Sequence[RiskCoverage]
) -> dict[str, str]:
    """File name → SVG, of those that there are data for."""
    made = {}
    if reliability:
        made["reliability.svg"] = reliability_svg(reliability)
    if risk_coverage:
        made["risk-coverage.svg"] = risk_coverage_svg(risk_coverage)
    return made


def reliability_svg(diagrams: Sequence[Reliability]) -> str:
    """Diagrams side by side, up to three in a row; below each, how often each probability came."""
    columns = 2 if len(diagrams) == 4 else max(1, min(3, len(diagrams)))
    rows = -(-len(diagrams) // columns)
    parts = [text(28, 34, "How sure, and how often so", "ink", "start", 17)]
    for place, diagram in enumerate(diagrams):
        x, y = 64 + _PANEL[0] * (place % columns), 92 + _PANEL[1] * (place // columns)
        parts += [f'<g transform="translate({x} {y})">', *_diagram(diagram), "</g>"]
    said = "; ".join(f"{d.label}, {d.cases} questions: {_error(d)}" for d in diagrams)
    return document(
        20 + _PANEL[0] * columns,
        56 + _PANEL[1] * rows,
        "Reliability diagram: how sure the product was, and how often it was so",
        f"Points on the diagonal: what was said is what was so. {said}.",
        parts,
    )


def risk_coverage_svg(curves: Sequence[RiskCoverage]) -> str:
    """A line for each collection; a ring where the product stops answering."""
    left, top, width, height = 64, 84, 420, 300
    worst = max((risk for curve in curves for _, risk in curve.points), default=0.1)
    most = next(step for step in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if worst <= step + 1e-9)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return left + width * point[0], top + height * (1 - point[1] / most)

    parts = [
        text(28, 34, "Fewer answers, fewer wrong ones", "ink", "start", 17),
        text(left - 36, top - 20, "wrong among the answers given", anchor="start"),
        *grid(left, top, width, height, most),
        text(left + width / 2, top + height + 44, "questions answered, the surest first"),
    ]
    for place, curve in enumerate(curves):
        style = f"l{place % len(DASHES)}"
        dashes = f' stroke-dasharray="{DASHES[place % len(DASHES)]}"' if place else ""
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, curve.points))
        line = f'{color(style)} fill="none" stroke-width="2"{dashes}'
        across, down = left + width + 28, top + 8 + 50 * place
        parts += [
            f'<polyline points="{points}" {line}/>',
            f'<path d="M{across} {down}h30" {line}/>',
            text(across + 40, down + 4, curve.label, "ink", "start"),
            text(across + 40, down + 21, _stop(curve), "dim", "start", 11),
        ]
    for place, curve in enumerate(curves):  # over all lines
        if curve.shipped is not None:
            x, y = at(curve.shipped)
            style = color("bg", f"l{place % len(DASHES)}")
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {style} stroke-width="2.5">'
                f"<title>{escape(curve.label)}: {_stop(curve)}</title></circle>"
            )
    return document(
        left + width + 250,
        top + max(height + 64, 50 * len(curves) + 20),
        "Risk–coverage curve: wrong answers for each share of questions answered",
        "A ring is where the product stops answering. "
        + "; ".join(f"{curve.label}: {_stop(curve)}" for curve in curves)
        + ".",
        parts,
    )


def _diagram(diagram: Reliability) -> Iterator[str]:
    yield text(-36, -22, diagram.label, "ink", "start", 14)
    yield text(_SIDE, -22, _error(diagram), "dim", "end", 11)
    yield from grid(0, 0, _SIDE, _SIDE, 1.0)
    yield f'<path d="M0 {_SIDE}L{_SIDE} 0" {color("axis")} stroke-dasharray="4 4"/>'
    for one in diagram.bins:
        x = _SIDE * one.predicted
        low, high, y = (_SIDE * (1 - share) for share in (one.low, one.high, one.observed))
        yield f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" {color("l0")} stroke-width="1.5"/>'
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {color("dot")}><title>said '
            f"{100 * one.predicted:.0f} %, so in {100 * one.observed:.0f} % of {one.count} "
            f"questions ({100 * one.low:.0f}–{100 * one.high:.0f} %)</title></circle>"
        )
    yield text(_SIDE / 2, _SIDE + 34, "how sure (across), how often so (up)")
    tallest, step = max(diagram.buckets), _SIDE / len(diagram.buckets)
    base = _SIDE + 96
    for place, count in enumerate(diagram.buckets):
        tall = 44 * count / tallest
        yield (
            f'<rect x="{place * step + 0.5:.1f}" y="{base - tall:.1f}" width="{step - 1:.1f}" '
            f'height="{tall:.1f}" {color("bar")}><title>{count} questions</title></rect>'
        )
    yield f'<path d="M0 {base}H{_SIDE}" {color("axis")}/>'
    yield text(_SIDE / 2, base + 17, f"{diagram.cases:,} questions, by what was said", size=11)


def _error(diagram: Reliability) -> str:
    return f"ECE {diagram.ece:.3f} ({diagram.ece_low:.3f}–{diagram.ece_high:.3f})"


def _stop(curve: RiskCoverage) -> str:
    if curve.shipped is None:
        return "nothing is answered as set"
    return f"{100 * curve.shipped[1]:.0f} % wrong of {100 * curve.shipped[0]:.0f} % answered"
