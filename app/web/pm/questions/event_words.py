"""Events in the words of a page."""

from __future__ import annotations

from app.records.product.question_reads import Moment

EVENT_WORDS = {
    "asked": "Asked",
    "answered": "Answered",
    "stopped": "Stopped before there was an answer",
    "failed": "Ended in an error",
    "citation_opened": "Opened a source",
    "passage_opened": "Opened a close passage",
    "copied": "Copied the answer",
    "shared": "Shared the answer",
    "followup_chosen": "Chose a suggested question",
    "rephrasing_chosen": "Took an offered rephrasing",
    "regenerated": "Asked for another answer",
    "mode_switched": "Switched the mode",
    "sources_narrowed": "Narrowed the sources",
    "marked": "Said whether it helped",
    "corrected": "Corrected the answer",
    "reported": "Reported a problem",
    "content_requested": "Told the owners that it is missing",
    "trust_rated": "Rated their trust",
    "searched": "Searched",
    "result_opened": "Opened a result",
}
"""Every kind of event; a test compares with `app.records.behavior.events`."""


def event_more(event: Moment) -> str:
    """What an event's own properties say, in short."""
    shown = []
    for name, value in event.properties.items():
        unsaid = value is None or value == "" or isinstance(value, list | dict)
        if unsaid or (value is False and name != "helpful"):
            continue
        shown.append(f"{name.replace('_', ' ')}: {_said(value)}")
    return ", ".join(shown)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
