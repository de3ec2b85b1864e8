"""What is kept for how long: content, traces, questions. One purge for the server and the CLI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from app import moment
from app.records.accounts import purging
from app.records.behavior import forgetting
from app.records.tracing import retention
from app.settings import Settings

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Purged:
    """How much was forgotten."""

    contents: int = 0
    traces: int = 0
    questions: int = 0

    def __bool__(self) -> bool:
        return bool(self.contents or self.traces or self.questions)


def purge(engine: Engine, settings: Settings, *, traces_days: int | None = None) -> Purged:
    """Forget what is older, or more, than the settings keep; 0 keeps it.

    ``traces_days``: another age for traces and their content, also 0 for all of them.
    """
    now = moment.now()
    contents = traces = questions = 0
    if traces_days is not None:
        traces = retention.purge_traces(engine, now - timedelta(days=traces_days))
        return Purged(traces=traces)
    if settings.keep_content_days:
        before = now - timedelta(days=settings.keep_content_days)
        contents = retention.purge_content(engine, before)
    if settings.keep_traces_days:
        before = now - timedelta(days=settings.keep_traces_days)
        traces = retention.purge_traces(engine, before)
    if settings.keep_traces_mb:
        traces += retention.shrink(engine, settings.keep_traces_mb * _MB)
    if settings.keep_questions_days:
        before = now - timedelta(days=settings.keep_questions_days)
        questions = forgetting.purge(engine, before)
    purging.purge(engine, keep_audit_days=settings.keep_audit_days)
    return Purged(contents, traces, questions)
