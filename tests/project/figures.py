"""Figures in documents, from committed reports: how they are marked, and which are not.

``<!-- figure: REPORT ID -->…<!-- /figure -->`` holds what ``evals/reports/REPORT/report.json`` says
about ID, as `app.insights.evals.figure_text` writes it; ``ID (interval)`` and ``ID (n)`` are its
95 % interval and how many cases it stands on.

In place of a report stands ``bench/NAME`` for ``evals/reports/bench/NAME.json``, ``fit/confidence``
or ``fit/support`` for what the product's fitted models say of themselves. The ID is then a path of
keys, and the brackets hold the unit: ``fit/support figures.open-qa.auroc (score)``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import yaml

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "evals" / "reports"
FITS = {
    "fit/confidence": ROOT / "app" / "ask" / "confidence.json",
    "fit/support": ROOT / "app" / "ask" / "checking" / "support.json",
}
"""Fitted models carry the figures of their fit, on what was held out of it."""
UNMARKED = Path(__file__).parent / "unmarked_figures.yaml"

_FIGURE = re.compile(
    r"(<!-- figure: (?P<report>\S+) (?P<id>.+?)(?: \((?P<form>[^()]+)\))? -->)"
    r".*?(<!-- /figure -->)",
    re.DOTALL,
)
_MEASURED = re.compile(
    r"""(?<![\w.,/–-])(?:
        [−+]?\d[\d.,]*(?:–\d[\d.,]*)?\s?(?:%|×|ms\b|s\b|µs\b|kB\b|MB\b|GB\b)  # 52.8 %, 3.5 ×, 40 ms
      | \d[\d.,]*\s(?:questions|tokens|passages|rows)(?:/s|\s(?:a|per)\s(?:second|minute))
      | \d[\d.,]*\s(?:seconds?|minutes?|hours?)\b
      | \d[\d.,]*\sof\s\d[\d.,]*                                              # 63 of 77
      | \.\d{2,3}\b                                                           # .968
    )""",
    re.VERBOSE,
)
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_GENERATED = re.compile(r"<!-- from the code: .*?<!-- end -->", re.DOTALL)
_CRITERION = re.compile(r"^\| [A-Z]\d{1,2} \|.*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def with_figures(text: str) -> str:
    """``text`` with every marked figure as the reports have it now.

    Raises:
        FootnoteError: there is no such report, or it has no such figure.
    """
    return _FIGURE.sub(lambda found: f"{found[1]}{_written(found)}{found[5]}", text)


def marked(text: str) -> int:
    """How many figures are marked."""
    return len(_FIGURE.findall(text))


def unmarked(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, figure and the whole line of what looks measured and says not where.

    Left out: code, what comes from the code, and the criteria of the PRD, which are limits.
    """
    rest = text
    for pattern in (_FIGURE, _GENERATED, _CRITERION, _CODE, _COMMENT):
        rest = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), rest)
    lines = text.splitlines()
    for number, line in enumerate(rest.splitlines()):
        for found in _MEASURED.finditer(line):
            yield number + 1, found[0].strip(), lines[number]


def allowed() -> list[dict[str, str]]:
    """Figures that may stand unmarked: ``file``, ``text`` around it, ``reason``."""
    data = yaml.safe_load(UNMARKED.read_text(encoding="utf-8"))
    return [one for group in data.values() for one in group or ()]


def _written(found: re.Match[str]) -> str:
    report, figure, form = found["report"], found["id"], found["form"] or ""
    if report in FITS or report.startswith("bench/"):
        return _value(FITS.get(report, REPORTS / f"{report}.json"), figure, form)
    from app.insights.evals.figure_text import figure_text
    from app.insights.evals.run_file import read_run_file

    run = read_run_file(REPORTS / report / "report.json")
    return figure_text(run, figure, cast('Literal["value", "interval", "n"]', form or "value"))


def _value(path: Path, figure: str, unit: str) -> str:
    from app.insights.evals.figure_text import value_text

    value: Any = json.loads(path.read_text(encoding="utf-8"))
    for key in figure.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    if unit in ("share", "score", "ms", "s", "usd", "amount"):
        return value_text(value, unit)
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
