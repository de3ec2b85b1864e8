"""Words about runs that several of their pages share."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from app.insights.evals.comparison import Verdict
from app.insights.evals.figure_text import interval_text, value_text
from app.insights.evals.paired import Difference
from app.insights.evals.row import Row
from app.insights.evals.run_file import RunFigure
from app.insights.targets import Target
from app.web.templating import moment
from app.web.units import NOTHING

PHRASINGS = {
    "plain": "Plain",
    "typos": "Typing errors",
    "keywords": "Search words",
    "non-native": "Second language",
    "long": "Long and rambling",
}
"""How people write; every other tag is a kind of question."""
OUTCOMES = {
    "right": "Right",
    "wrong": "Wrong",
    "refused": "Refused, but answerable",
    "unknown": "Nobody can say",
    "failed": "Could not be asked",
}
STATES = {
    "answered": "Answered",
    "partial": "Partly answered",
    "conflicting": "Sources disagree",
    "outdated": "May be out of date",
    "not_found": "Not in your documents",
}
SPLITS = {"dev": "Development", "holdout": "Held out"}
VERDICTS: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "maybe better": "better, but may be chance",
    "maybe worse": "worse, but may be chance",
    "unclear": "no clear difference",
    "same": "the same",
    "few": "too few cases to say",
    "shown": "not compared",
}
_RATIOS = ("share", "ratio", "score")


def run_url(name: str) -> str:
    """The page of a run."""
    return f"/evals/{quote(name, safe='')}"


def case_url(name: str, case_id: str) -> str:
    """The page of a case in a run."""
    return f"{run_url(name)}/cases/{quote(case_id, safe='/')}"


def tag_words(tag: str) -> str:
    """A tag as people say it: ``unanswerable-missing`` as ``Unanswerable: missing``."""
    if tag in PHRASINGS:
        return PHRASINGS[tag]
    first, _, rest = tag.partition("-")
    if first == "unanswerable" and rest:
        return f"Unanswerable: {rest.replace('-', ' ')}"
    return tag.replace("-", " ").replace("_", " ").capitalize()


def made_words(made_at: str) -> str:
    """When a run was made: ``12 Mar 2026, 14:05 UTC``; as it is where that can't be read."""
    try:
        found = datetime.fromisoformat(made_at)
    except ValueError:
        return made_at
    return moment(found.astimezone(UTC) if found.tzinfo else found)


def outcome(row: Row) -> str:
    """One of `OUTCOMES`."""
    if row.error:
        return "failed"
    if row.answerable and row.state == "not_found":
        return "refused"
    if row.right is None:
        return "unknown"
    return "right" if row.right else "wrong"


def figure_words(figure: RunFigure | None) -> str:
    """Its value."""
    return NOTHING if figure is None else value_text(figure.value, figure.unit)


def figure_interval(figure: RunFigure | None) -> str:
    """Its interval; empty where there is none."""
    return "" if figure is None else interval_text(figure.low, figure.high, figure.unit)


def signed(value: float | None, unit: str) -> str:
    """A difference: shares in points of a percent, everything else in its own unit."""
    if value is None:
        return NOTHING
    if unit in _RATIOS:
        text = f"{abs(100 * value):.1f}"
        return "0.0 points" if text == "0.0" else f"{_sign(value)}{text} points"
    text = value_text(abs(value), unit)
    return text if value == 0 else f"{_sign(value)}{text}"


def signed_interval(difference: Difference, unit: str) -> str:
    """A difference's interval; empty where there is none."""
    if difference.low is None or difference.high is None:
        return ""
    low, high = signed(difference.low, unit), signed(difference.high, unit)
    return f"{low.removesuffix(' points')} to {high}"


def p_words(p: float | None) -> str:
    """A p-value."""
    if p is None:
        return NOTHING
    return "under 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def goal_words(target: Target, unit: str) -> str:
    """Its target and guardrail: ``at least 70.0 %, never below 60.0 %``; empty without.

    ``unit``: the figure's, so that both are read as the same kind of number.
    """
    least = "at least" if target.better == "higher" else "at most"
    never = "never below" if target.better == "higher" else "never above"
    parts = []
    if target.target is not None:
        parts.append(f"{least} {value_text(target.target, unit)}")
    if target.guardrail is not None:
        parts.append(f"{never} {value_text(target.guardrail, unit)}")
    return ", ".join(parts)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−"
