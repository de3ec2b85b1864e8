"""The list of traces: its filters as form fields, chips and links, and its rows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.insights.traces.query import PARAMETERS, trace_sort
from app.records.tracing.records import Choices, Totals, TraceSummary
from app.web.pm.traces import trace_words as words
from app.web.pm.traces.span_view import error_words
from app.web.pm.traces.trace_words import took, usd
from app.web.templating import plural, query

PAGES_BACK = 20
"""Pages that "Previous" can go back one by one; from there it leads to the first."""
_MENU = 60
"""Characters of a question in a menu."""
_MORE = (
    *("state", "level", "mode", "channel", "feedback", "cost"),
    *("model", "release", "experiment", "arm"),
)
_BOUNDS = {
    "latency_min": "At least {} ms",
    "latency_max": "At most {} ms",
    "cost_min": "At least ${}",
    "cost_max": "At most ${}",
    "from": "From {}",
    "to": "Until {}",
}
_SAID: Mapping[str, Mapping[str, str]] = {
    "within": words.PERIODS,
    "kind": words.KINDS,
    "state": words.STATES,
    "level": words.LEVELS,
    "mode": words.MODES,
    "channel": words.CHANNELS,
    "feedback": words.FEEDBACK,
    "cost": words.PRICES,
}
_NAMED = {
    "q": "Words",
    "level": "Confidence",
    "model": "Model",
    "release": "Release",
    "experiment": "Experiment",
    "arm": "Arm",
    "conversation": "Conversation",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, and the list without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class SortLink:
    """An order to choose."""

    words: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What part of the list is shown: query parameters without those that are empty."""

    values: Mapping[str, str]
    offered: Choices

    periods = words.PERIODS
    kinds = words.KINDS
    states = words.STATES
    levels = words.LEVELS
    modes = words.MODES
    channels = words.CHANNELS
    feedback = words.FEEDBACK
    prices = words.PRICES

    @classmethod
    def of(cls, given: Mapping[str, str], offered: Choices) -> Listing:
        """From a request's parameters; others than the list's own are left out."""
        names = (*PARAMETERS, "sort")
        return cls({name: given[name].strip() for name in names if given.get(name)}, offered)

    def get(self, name: str) -> str:
        """A parameter's value; empty when it is not set."""
        return self.values.get(name, "")

    @property
    def query(self) -> str:
        """``?…`` of this list's first page."""
        return query(self.values)

    @property
    def more(self) -> bool:
        """Whether a filter of the folded part is set."""
        names = (*_MORE, *_BOUNDS)
        return any(self.get(name) for name in names)

    @property
    def order(self) -> str:
        """The order in words."""
        return {"started": "newest", "duration": "slowest", "cost": "dearest"}[
            trace_sort(self.get("sort"))
        ] + " first"

    @property
    def chips(self) -> tuple[Chip, ...]:
        """Every active filter."""
        return tuple(
            Chip(_chip(name, value), "/traces" + query(self.values, **{name: ""}))
            for name, value in self.values.items()
            if name != "sort"
        )

    @property
    def sorts(self) -> tuple[SortLink, ...]:
        """The three orders."""
        now = trace_sort(self.get("sort"))
        return tuple(
            SortLink(
                said,
                "/traces" + query(self.values, sort="" if name == "started" else name),
                name == now,
            )
            for name, said in words.SORTS.items()
        )

    def suggestions(self, name: str) -> Sequence[str]:
        """Values to choose from for a field that is typed."""
        lists = {
            "model": self.offered.models,
            "release": self.offered.releases,
            "arm": self.offered.arms,
        }
        return lists.get(name, ())


@dataclass(frozen=True, slots=True)
class Other:
    """Another trace to choose in a menu."""

    key: str
    words: str

    @classmethod
    def of(cls, summary: TraceSummary) -> Other:
        """Its question, when it was asked, and how it was answered."""
        said = title(summary)
        short = said if len(said) <= _MENU else said[:_MENU].rpartition(" ")[0] + " …"
        at = summary.started_at
        parts = (short, f"{at.day} {at:%b, %H:%M}", summary.mode, summary.release, summary.arm)
        return cls(key(summary), " · ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class ListRow:
    """One workflow in the list.

    ``share``: its duration in percent of the page's longest of its kind: an ingest takes minutes,
    and beside it no question would be seen.
    """

    key: str
    address: str
    title: str
    at: datetime
    kind: str
    state: str
    status: str
    level: str
    facts: tuple[str, ...]
    duration: str
    share: float
    first: str
    tokens: str
    cost: str
    feedback: str
    error: str

    @property
    def failed(self) -> bool:
        """Whether it ended in an error."""
        return self.status == "error"


def list_rows(found: Sequence[TraceSummary], moment: datetime) -> tuple[ListRow, ...]:
    """The rows of one page; ``moment`` tells how long something under way has been so."""
    longest: dict[str, float] = {}
    for one in found:
        longest[one.kind] = max(longest.get(one.kind, 0.0), one.duration_ms)
    ids = [one.trace_id for one in found]
    return tuple(_row(one, longest[one.kind], moment, ids.count(one.trace_id) > 1) for one in found)


def title(summary: TraceSummary) -> str:
    """The question where it is known, else what kind of workflow it was."""
    if summary.question:
        return summary.question
    if summary.kind == "ingest":
        return "Ingest"
    return f"{words.KINDS.get(summary.kind, summary.name)}, its words deleted"


def key(summary: TraceSummary) -> str:
    """What names one workflow in an address."""
    return f"{summary.trace_id}.{summary.root_id}"


def feedback(summary: TraceSummary) -> str:
    """The last mark, or that it was rejected otherwise."""
    if summary.helpful is True:
        return "Helpful, later rejected" if summary.rejected else "Helpful"
    if summary.helpful is False:
        return "Not helpful"
    return "Rejected" if summary.rejected else ""


def tokens(summary: TraceSummary) -> str:
    """``1,204 + 96``: read and written; a dash when no model was asked."""
    if not summary.input_tokens and not summary.output_tokens:
        return "–"
    return f"{summary.input_tokens:,} + {summary.output_tokens:,}"


def cost(summary: TraceSummary) -> str:
    """The price; a dash for an ingest, which has none."""
    return "–" if summary.kind == "ingest" and not summary.cost_usd else usd(summary.cost_usd)


def counted(totals: Totals | None, shown: int, order: str) -> str:
    """``More than 10,000 traces, newest first``; of an unknown number, how many are ``shown``."""
    if totals is None:
        return f"{plural(shown, 'trace')} on this page, {order}"
    return f"{'More than ' if totals.capped else ''}{plural(totals.count, 'trace')}, {order}"


def back(trail: Sequence[str], after: str) -> dict[str, object] | None:
    """The parameters of the page before, from the cursors of those before it; None on the first."""
    if not after:
        return None
    return {"after": trail[-1] if trail else "", "back": list(trail[:-1])}


def _row(summary: TraceSummary, longest: float, moment: datetime, shared: bool) -> ListRow:
    running = summary.status == "running"
    duration = (moment - summary.started_at).total_seconds() * 1000
    return ListRow(
        key=key(summary),
        address=f"/traces/{summary.trace_id}" + (f"#w-{summary.root_id}" if shared else ""),
        title=title(summary),
        at=summary.started_at,
        kind=summary.kind,
        state=summary.state,
        status=summary.status,
        level=summary.level,
        facts=_facts(summary),
        duration=f"{took(duration)} so far" if running else took(summary.duration_ms),
        share=round(100 * summary.duration_ms / longest, 1) if longest else 0.0,
        first=took(summary.first_token_ms) if summary.kind == "ask" else "–",
        tokens=tokens(summary),
        cost=cost(summary),
        feedback=feedback(summary),
        error=error_words(summary.error_type) if summary.status == "error" else "",
    )


def _facts(summary: TraceSummary) -> tuple[str, ...]:
    at = summary.started_at
    model = summary.model if summary.model != summary.mode else ""
    kind = "" if summary.kind == "ask" else words.KINDS.get(summary.kind, summary.kind)
    return (
        f"{at.day} {at:%b %Y, %H:%M:%S}",
        kind,
        words.MODES.get(summary.mode, summary.mode),
        model,
        words.CHANNELS.get(summary.channel, summary.channel),
        summary.release,
        f"{summary.experiment}: {summary.arm}" if summary.arm else "",
    )


def _chip(name: str, value: str) -> str:
    if name == "errors":
        return "Errors only"
    if name in _BOUNDS:
        return _BOUNDS[name].format(value)
    said = _SAID.get(name, {}).get(value, value)
    return f"{_NAMED[name]}: {said}" if name in _NAMED else said
