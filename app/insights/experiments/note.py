"""The note that an experiment ends as: Markdown that stands alone, for ``prd/experiments/``.

The last line is a seal, the hash of what stands above it: a note that somebody wrote in is
recognized, and not written over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.errors import ExperimentRefused
from app.insights.experiments.report import Guarded, MetricRow, Report
from app.insights.experiments.sample_size import POWER
from app.insights.experiments.spec import FOLDER
from app.insights.experiments.words import (
    amount,
    decision,
    setting_rows,
    signed,
    size,
    span,
    waiting,
)

_SEAL = re.compile(r"\n<!-- footnote experiments note, sha256 ([0-9a-f]{64}) -->\n\Z")
_STATES = {
    "kept": "kept",
    "past": "past its limit, which may be chance",
    "breached": "breached",
    "unknown": "no value or no limit",
}


def note(report: Report, now: datetime) -> str:
    """Hypothesis, dates, arms, numbers with their intervals, guardrails and decision, sealed."""
    experiment, spec = report.experiment, report.experiment.spec
    until = (
        f"{experiment.stopped_at:%Y-%m-%d}" if experiment.stopped_at else "today, and it goes on"
    )
    verdict = decision(experiment.decision) if experiment.decision else "not decided yet"
    parts = [
        f"# Experiment {spec.id}",
        f"**{verdict}.** {_line(experiment.reason)}".strip(),
        "## Hypothesis",
        _text(spec.hypothesis),
        "## How it ran",
        f"From {experiment.started_at:%Y-%m-%d} to {until} (UTC), with {100 * spec.share:g} % of "
        f"sessions. {_started_from(report)} Numbers of {now:%Y-%m-%d %H:%M} UTC.",
        _arms(report),
        *_settings(report),
        "## What decides",
        _decides(report),
        "## Numbers",
        *[_table(report, row.arm) for row in report.primary.treatments],
        "## Guardrails",
        _guardrails(report.guardrails),
        "## How sure this is",
        _sure(report),
        "## Decision",
        f"{verdict}. {_line(experiment.reason)}".strip(),
    ]
    return sealed("\n\n".join(part for part in parts if part) + "\n")


def sealed(text: str) -> str:
    """``text`` with its seal."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text}\n<!-- footnote experiments note, sha256 {digest} -->\n"


def untouched(text: str) -> bool:
    """Whether a note is as it was written."""
    found = _SEAL.search(text)
    return found is not None and sealed(text[: found.start()]) == text


def write_note(prd_dir: Path, experiment_id: str, text: str) -> Path:
    """Write ``experiments/ID.md``, over an older note that nobody has changed.

    Raises:
        ExperimentRefused: somebody has written in the note, or it can't be written.
    """
    path = prd_dir / FOLDER / f"{experiment_id}.md"
    try:
        if path.exists() and not untouched(path.read_text(encoding="utf-8")):
            raise ExperimentRefused(
                f"{path} was changed by hand and is not written over.",
                "Rename it, or print the new note without --write and merge the two.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentRefused(
            f"{path} can't be written: {error}.", "Check the folder FOOTNOTE_PRD_DIR."
        ) from error
    return path


# --- parts ----------------------------------------------------------------------------------------


def _started_from(report: Report) -> str:
    file = report.experiment.file
    return f"Started from `{file}`." if file else "Made on the page."


def _arms(report: Report) -> str:
    spec = report.experiment.spec
    rows = [
        (
            f"{arm.name} (control)" if arm.name == spec.control else arm.name,
            f"{report.sessions[arm.name]:,}",
            f"{report.questions[arm.name]:,}",
        )
        for arm in spec.arms
    ]
    return _markdown(("arm", "sessions", "questions"), rows)


def _settings(report: Report) -> list[str]:
    spec = report.experiment.spec
    rows = setting_rows(spec, report.experiment.base)
    if report.same_arms:
        return ["All arms have the same settings: an A/A test, which should find nothing."]
    head = ("setting", *(arm.name for arm in spec.arms))
    return [_markdown(head, [(f"`{row.name}`", *row.values) for row in rows])]


def _decides(report: Report) -> str:
    row, advice = report.primary, report.advice
    lines = [
        f"{row.target.name} (`{row.target.id}`): {_line(row.target.definition)}",
        *(f"- {one.arm}: {one.verdict.words}." for one in row.treatments if one.verdict),
    ]
    planned = waiting(advice, ended=not report.experiment.running)
    if advice.effect is not None:
        planned += (
            f" Planned to find a difference of {size(advice.effect, row.target.unit)} "
            f"{100 * POWER:g} times in 100."
        )
    return "\n".join([lines[0], "", *lines[1:], "", planned])


def _table(report: Report, arm: str) -> str:
    rows = [_metric(row, arm) for row in report.rows]
    head = ("metric", report.experiment.spec.control, arm, "difference", _interval(report), "reads")
    return _markdown(head, rows)


def _metric(row: MetricRow, arm: str) -> tuple[str, ...]:
    unit, control = row.target.unit, row.arms[0]
    one = next(one for one in row.treatments if one.arm == arm)
    marks = {"primary": " (decides)", "guardrail": " (guardrail)", "other": ""}
    return (
        f"{row.target.name}{marks[row.role]}",
        f"{amount(control.estimate.value, unit)} of {control.estimate.n:,.0f}",
        f"{amount(one.estimate.value, unit)} of {one.estimate.n:,.0f}",
        signed(one.gap, unit),
        span(one.interval, unit),
        one.verdict.words if one.verdict else "",
    )


def _guardrails(guardrails: Sequence[Guarded]) -> str:
    if not guardrails:
        return "None were set."
    rows = [
        (
            one.metric.name,
            one.arm,
            amount(one.estimate.value, one.metric.unit),
            f"{'at most' if one.at_most else 'at least'} {amount(one.limit, one.metric.unit)}",
            _STATES[one.state],
        )
        for one in guardrails
    ]
    return _markdown(("metric", "arm", "value", "limit", "state"), rows)


def _sure(report: Report) -> str:
    lines = [
        f"Intervals are {_interval(report)}s, by session: shares by the delta method, Wilson's and "
        "Newcombe's intervals; percentiles and cost by a bootstrap over sessions. They hold for "
        "one look at the planned number of sessions, not for looking every day.",
    ]
    if report.mismatched:
        lines.append(
            f"**The arms are too unequal to be chance (p = {report.unequal:.2g}): something is "
            "wrong with the assignment or the recording, and the numbers can't be trusted.**"
        )
    return "\n\n".join(lines)


def _interval(report: Report) -> str:
    return f"{100 * report.level:.3g} % interval"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_line(cell) for cell in line)} |" for line in lines)


def _line(text: str) -> str:
    """On one line, and no end of a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _text(text: str) -> str:
    """A person's paragraphs, which begin no heading and no comment of their own."""
    lines = (line.strip() for line in text.strip().splitlines())
    return "\n".join(re.sub(r"^(#|<!--)", r"\\\1", line) for line in lines)
