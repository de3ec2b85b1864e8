"""The list of questions: what its address says, which rows that is, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast, get_args

from app import moment
from app.bootstrap import Services
from app.errors import BadRequest
from app.insights.metrics import Side, members
from app.insights.periods import ALL, DEFAULT, PRESETS, Period, parse_period
from app.insights.slices import Slice
from app.insights.targets import Target, load_targets
from app.records.product.question_filters import OUTCOMES, QuestionFilter
from app.records.product.question_reads import QuestionPage, QuestionRow, SortKey
from app.records.product.reviews import FAILURE_MODES, STATUSES
from app.web.pm.questions.question_counts import count
from app.web.templating import query

PER_PAGE = 50
MOST_IN_FILE = 50_000
"""Rows of a CSV file: a spreadsheet opens it, and the store is not held up by one reader."""
OUTCOME_WORDS = {
    "failure": "No good answer",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "corrected": "Corrected",
    "reported": "Reported",
    "retried": "Asked again",
    "copied": "Copied",
    "shared": "Shared",
    "opened": "Source opened",
    "abandoned": "Abandoned",
    "untouched": "No reaction",
    "stopped": "Stopped",
    "failed": "Ended in an error",
}
"""What can have become of a question; the keys are those of `OUTCOMES`."""
STATE_WORDS = {
    "answered": "Answered",
    "partial": "Partly answered",
    "conflicting": "Sources disagree",
    "outdated": "May be out of date",
    "not_found": "Not in your documents",
}
STATUS_WORDS = {"new": "New", "planned": "Planned", "fixed": "Fixed", "ignored": "Ignored"}
LEVELS = ("high", "medium", "low")
MODES = ("quotes", "written")
CHANNELS = ("web", "api", "openai", "mcp", "cli")
_TEXT = ("q", "period", "from", "to", "state", "level", "mode", "collection", "channel", "release")
_MORE = ("experiment", "arm", "outcome", "review", "failure_mode", "kind", "cases", "sort", "asc")
NAMES = (*_TEXT, *_MORE, "metric", "side")
"""Every parameter that chooses questions; where in the list one is, is not among them."""
_KNOWN: Mapping[str, Sequence[str]] = {
    "outcome": tuple(OUTCOMES),
    "review": STATUSES,
    "failure_mode": tuple(FAILURE_MODES),
    "kind": ("ask", "search"),
    "sort": get_args(SortKey),
    "side": get_args(Side),
}
"""Parameters that are words of a fixed list."""


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter and the address without it."""

    words: str
    without: str


@dataclass(frozen=True)
class Listing:
    """Parameters as the address has them; empty ones are left out."""

    services: Services
    given: Mapping[str, str]
    address: str = "/insights/questions"

    @classmethod
    def of(
        cls, services: Services, params: Mapping[str, str], address: str = "/insights/questions"
    ) -> Listing:
        """From a request's query.

        Raises:
            BadRequest: a word that is none of those a parameter may be.
        """
        given = {name: params[name].strip()[:200] for name in NAMES if params.get(name, "").strip()}
        for name, known in _KNOWN.items():
            if given.get(name, known[0]) not in known:
                raise BadRequest(
                    f"“{given[name][:30]}” can't be used for “{name}”.",
                    f"Use one of: {', '.join(known)}.",
                )
        return cls(services, given, address)

    def get(self, name: str) -> str:
        """One parameter, or an empty text."""
        return self.given.get(name, "")

    def link(self, **changes: Any) -> str:
        """This list with some parameters changed."""
        return f"{self.address}{query(self.given, **changes) or ''}"

    @property
    def drilled(self) -> bool:
        """Whether it shows the questions behind a metric."""
        return bool(self.get("metric"))

    @property
    def narrowed(self) -> bool:
        """Whether anything but the period and the order is chosen."""
        return bool(set(self.given) - {"period", "from", "to", "sort", "asc"})

    @cached_property
    def period(self) -> Period:
        """The period; without one, the last 28 days, as on ``/insights``.

        Raises:
            BadRequest: it is none.
        """
        first = None
        if self.get("period") == ALL:
            oldest = self.services.questions.ids(QuestionFilter(kind=""), descending=False, limit=1)
            first = self.services.questions.rows(oldest)[0].asked_at if oldest else None
        return parse_period(
            self.get("period"), self.get("from"), self.get("to"), moment.now(), first
        )

    @property
    def sort(self) -> SortKey:
        """What it is sorted by."""
        return cast("SortKey", self.get("sort") or "asked")

    @property
    def slice(self) -> Slice:
        """The part of all questions, as metrics have it."""
        return Slice(**{name: self.get(name) for name in Slice.FIELDS})

    def filter(self, *, whole: bool = False) -> QuestionFilter:
        """As the store has it. ``whole``: without period and kind, to narrow a metric's rows."""
        return QuestionFilter(
            start=None if whole else self.period.start,
            end=None if whole else self.period.end,
            kind="" if whole else self.get("kind") or "ask",
            state=self.get("state"),
            level=self.get("level"),
            mode=self.get("mode"),
            collection=self.get("collection"),
            channel=self.get("channel"),
            release=self.get("release"),
            experiment=self.get("experiment"),
            arm=self.get("arm"),
            outcome=self.get("outcome"),
            review=self.get("review"),
            failure_mode=self.get("failure_mode"),
            eval_case=bool(self.get("cases")),
            text=self.get("q"),
        )

    # --- which rows -------------------------------------------------------------------------------

    @cached_property
    def counted(self) -> list[str]:
        """Behind a metric: the questions of one of its sides, newest first."""
        found = members(
            self.get("metric"),
            cast("Side", self.get("side") or "denominator"),
            self.services.facts.columns(),
            self.period,
            moment.now(),
            self.slice,
        )
        newest = list(reversed(found))
        others = ("state", "outcome", "review", "failure_mode", "q", "cases", "kind")
        if not any(self.get(name) for name in others):
            return newest
        wanted = self.filter(whole=not self.get("kind"))
        allowed = set(self.services.questions.ids(wanted))
        return [one for one in newest if one in allowed]

    def total(self) -> int:
        """How many there are."""
        if self.drilled:
            return len(self.counted)
        known = count(self.services.facts.columns(), self.filter(), self.period)
        return self.services.questions.count(self.filter()) if known is None else known

    def page(self, after: str, before: str) -> QuestionPage:
        """One page of them.

        Raises:
            BadRequest: a cursor that no page gave.
        """
        limit = PER_PAGE
        if not self.drilled:
            return self.services.questions.page(
                self.filter(),
                sort=self.sort,
                descending=not self.get("asc"),
                after=after,
                before=before,
                limit=limit,
            )
        ids = self.counted
        start = _place(after) if after else max(0, _place(before) - limit) if before else 0
        rows = self.services.questions.rows(ids[start : start + limit])
        end = start + limit
        return QuestionPage(rows, str(start) if start else "", str(end) if end < len(ids) else "")

    def ids(self, most: int) -> list[str]:
        """The ids of the newest, in order."""
        if self.drilled:
            return self.counted[:most]
        wanted, descending = self.filter(), not self.get("asc")
        return self.services.questions.ids(
            wanted, sort=self.sort, descending=descending, limit=most
        )

    # --- what is said about it --------------------------------------------------------------------

    @cached_property
    def target(self) -> Target | None:
        """The metric whose questions are shown."""
        known = load_targets(self.services.settings.prd_dir).metrics if self.drilled else {}
        return known.get(self.get("metric"))

    @property
    def period_words(self) -> str:
        """The period as a field of the form shows it."""
        if self.get("from") or self.get("to"):
            end = self.get("to") or "now"
            return f"{self.get('from') or f'{self.period.start:%Y-%m-%d}'} to {end}"
        chosen = self.get("period") or DEFAULT
        return "All time" if chosen == ALL else PRESETS[chosen][0]

    @property
    def period_said(self) -> str:
        """The period within a sentence."""
        if self.get("from") or self.get("to"):
            return f"from {self.period_words}"
        words = self.period_words.lower()
        return f"in the last {words}" if words[:1].isdigit() else words.replace("all", "of all")

    @property
    def periods(self) -> list[tuple[str, str]]:
        """Values and words of the field."""
        return [*((key, words) for key, (words, _) in PRESETS.items()), (ALL, "All time")]

    @property
    def chips(self) -> list[Chip]:
        """Active filters, each with the way to take it off."""
        words = {
            "state": STATE_WORDS.get(self.get("state"), self.get("state")),
            "level": f"{self.get('level')} confidence",
            "mode": {"quotes": "Quoted", "written": "Written"}.get(self.get("mode"), ""),
            "outcome": OUTCOME_WORDS.get(self.get("outcome"), ""),
            "review": f"Review: {STATUS_WORDS.get(self.get('review'), '')}",
            "failure_mode": FAILURE_MODES.get(self.get("failure_mode"), ""),
            "kind": "Searches" if self.get("kind") == "search" else "Questions",
            "cases": "Marked as eval case",
            "q": f"“{self.get('q')}”",
            "channel": f"through {self.get('channel')}",
            "release": f"release {self.get('release')}",
        }
        shown = [
            name
            for name in self.given
            if name not in ("period", "from", "to", "sort", "asc", "metric", "side")
        ]
        chips = [
            Chip(words.get(name) or f"{name} {self.get(name)}", self.link(**{name: ""}))
            for name in shown
        ]
        if self.get("from") or self.get("to"):
            chips.append(Chip(self.period_words, self.link(**{"from": "", "to": ""})))
        return chips

    def sorted_by(self, key: SortKey) -> str:
        """The address of a column's header: the second click turns the order."""
        rising = key == self.sort and not self.get("asc")
        return self.link(sort="" if key == "asked" else key, asc="1" if rising else "")


def _place(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 9:
        raise BadRequest("That is not a page of this list.", "Go back to its start.")
    return int(cursor)


def reactions(row: QuestionRow) -> list[str]:
    """What became of an answer, in words; the strongest first."""
    found = [OUTCOME_WORDS[one] for one in row.outcomes]
    if not found:
        opened = [
            OUTCOME_WORDS[name]
            for name, at in (("copied", row.copied_at), ("opened", row.opened_at))
            if at
        ]
        found = opened
    if not found and row.status == "complete":
        found = ["Some reaction" if row.interacted_at else OUTCOME_WORDS["untouched"]]
    return found
