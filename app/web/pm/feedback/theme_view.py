"""What the pages about feedback show, as data: rows, charts, and the words for numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.datastructures import QueryParams

from app.bootstrap import Services
from app.domain import Document
from app.errors import BadRequest, NotFound
from app.insights.feedback.numbers import (
    ThemeNumbers,
    by_theme,
    feeling,
    steps,
    together,
    trend,
)
from app.records.product.feedback_items import Item, Theme
from app.records.product.feedback_reads import ItemFilter
from app.records.product.gap_store import KnownGap
from app.records.visibility import WITHHELD
from app.web.charts import LineChart, Series, Spark, line_chart, sparkline
from app.web.row_charts import Bar, RowChart, bar_chart

KIND_WORDS = {"review": "Review", "ticket": "Ticket"}
FEELING_WORDS = {"negative": "Negative", "neutral": "Neutral", "positive": "Positive"}
_EXCERPT = 280


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filters of a page, as they were sent."""

    since: str = ""
    until: str = ""
    kind: str = ""
    feeling: str = ""
    import_id: str = ""
    text: str = ""
    theme_id: str = ""

    @classmethod
    def of(cls, params: QueryParams) -> Narrowed:
        """From an address; what is no choice is left out."""
        kind, felt = params.get("kind", ""), params.get("feeling", "")
        return cls(
            since=params.get("from", "").strip(),
            until=params.get("to", "").strip(),
            kind=kind if kind in KIND_WORDS else "",
            feeling=felt if felt in FEELING_WORDS else "",
            import_id=params.get("import", "")[:40],
            text=params.get("q", "").strip()[:200],
            theme_id=params.get("theme", "")[:40],
        )

    @property
    def query(self) -> dict[str, Any]:
        """As parameters of an address, for links that change one of them."""
        return {
            "from": self.since,
            "to": self.until,
            "kind": self.kind,
            "feeling": self.feeling,
            "import": self.import_id,
            "q": self.text,
            "theme": self.theme_id,
        }

    @property
    def active(self) -> bool:
        """True when a filter is set."""
        return any(self.query.values())

    def filter(self, theme_id: str = "") -> ItemFilter:
        """As the store has it; ``to`` is the last day that counts.

        Raises:
            BadRequest: a date is none.
        """
        until = _day(self.until)
        return ItemFilter(
            since=_midnight(_day(self.since)),
            until=_midnight(until + timedelta(days=1)) if until else None,
            kind=self.kind,
            feeling=self.feeling,
            import_id=self.import_id,
            theme_id=theme_id or self.theme_id,
            text=self.text,
        )


@dataclass(frozen=True, slots=True)
class Mood:
    """Shares of negative, neutral and positive items in percent, and where each bar begins."""

    negative: float
    neutral: float
    positive: float
    words: str

    @property
    def neutral_at(self) -> float:
        """Percent from the left."""
        return self.negative

    @property
    def positive_at(self) -> float:
        """Percent from the left."""
        return self.negative + self.neutral


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """One theme in the list."""

    id: str
    label: str
    numbers: ThemeNumbers
    share: float
    mood: Mood
    spark: Spark
    document: Document | None
    gap: KnownGap | None
    withheld: str
    """Why its document is not named; empty where it is, or where there is none."""


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as shown; ``text`` is cut where ``more`` is true."""

    item: Item
    text: str
    more: bool
    feeling: str
    theme: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The list of themes with what stands above it. ``step``: how the trends go."""

    rows: tuple[ThemeRow, ...]
    whole: ThemeNumbers
    unassigned: ThemeNumbers | None
    mood: Mood
    step: str
    trend: LineChart


def overview(services: Services, narrowed: Narrowed) -> Overview:
    """Themes that have items under these filters, the largest first."""
    reads = services.feedback.reads
    numbers = by_theme(reads.daily(narrowed.filter()))
    whole = together(numbers.values())
    step, starts = _steps(whole)
    links = reads.links()
    documents = _documents(services, [document for document, _ in links.values()])
    hidden = services.documents.out_of_reach({document for document, _ in links.values()})
    gaps = {gap.id: gap for gap in services.feedback.gaps.known()}
    rows = []
    for theme in reads.themes():
        one = numbers.get(theme.id)
        if one is None:
            continue
        document, gap = links.get(theme.id, ("", ""))
        rows.append(
            ThemeRow(
                id=theme.id,
                label=theme.label,
                numbers=one,
                share=one.items / whole.items,
                mood=mood(one),
                spark=sparkline([float(n) for n in trend(one.days, starts)]),
                document=documents.get(document),
                gap=gaps.get(gap),
                withheld=WITHHELD if document in hidden else "",
            )
        )
    rows.sort(key=lambda row: (-row.numbers.items, row.label))
    return Overview(
        tuple(rows), whole, numbers.get(""), mood(whole), step, _trend(whole, step, starts)
    )


def one_theme(services: Services, theme: Theme, narrowed: Narrowed) -> dict[str, Any]:
    """What the page of one theme shows."""
    reads = services.feedback.reads
    wanted = narrowed.filter(theme.id)
    numbers = together(by_theme(reads.daily(wanted)).values())
    total = reads.count()
    step, starts = _steps(numbers)
    document_id, gap_id = reads.links().get(theme.id, ("", ""))
    document = _documents(services, [document_id]).get(document_id)
    gap = next((gap for gap in services.feedback.gaps.known() if gap.id == gap_id), None)
    typical = reads.items([one for one, _ in services.feedback.analysis.typical(theme, 3)])
    negative = reads.find(wanted, order="most negative", limit=3)
    return {
        "found": theme,
        "numbers": numbers,
        "share": numbers.items / total if total else 0.0,
        "mood": mood(numbers),
        "trend": _trend(numbers, step, starts),
        "feelings": _feelings(numbers, theme.id),
        "document": document,
        "withheld": WITHHELD if services.documents.out_of_reach([document_id]) else "",
        "gap": gap,
        "typical": [item_view(one, {}) for one in typical.values()],
        "negative": [
            item_view(one, {}) for one in negative if feeling(one.sentiment) == "negative"
        ],
    }


def item_view(item: Item, themes: Mapping[str, str]) -> ItemView:
    """An item with its beginning, its feeling in a word, and its theme's label."""
    more = len(item.text) > _EXCERPT * 2
    return ItemView(
        item=item,
        text=item.text[:_EXCERPT].rsplit(" ", 1)[0] if more else item.text,
        more=more,
        feeling=feeling(item.sentiment) or "",
        theme=themes.get(item.theme_id, ""),
    )


def mood(numbers: ThemeNumbers) -> Mood:
    """How items feel, as shares of those whose feeling is known."""
    felt = numbers.felt or 1
    words = (
        f"{numbers.negative:,} negative, {numbers.neutral:,} neutral, {numbers.positive:,} positive"
        if numbers.felt
        else "not judged yet"
    )
    return Mood(
        negative=round(100 * numbers.negative / felt, 2),
        neutral=round(100 * numbers.neutral / felt, 2),
        positive=round(100 * numbers.positive / felt, 2),
        words=words,
    )


def mean_words(mean: float | None) -> str:
    """``−0.42, rather negative``."""
    if mean is None:
        return "–"
    words = {"negative": "rather negative", "positive": "rather positive"}
    word = words.get(feeling(mean) or "", "mixed")
    return f"{'−' if mean < 0 else '+' if mean > 0 else ''}{abs(mean):.2f}, {word}"


def _steps(numbers: ThemeNumbers) -> tuple[str, list[date]]:
    if not numbers.days:
        return "day", []
    return steps(min(numbers.days), max(numbers.days))


def _trend(numbers: ThemeNumbers, step: str, starts: Sequence[date]) -> LineChart:
    counts = trend(numbers.days, starts) if starts else []
    points = [
        (start.isoformat(), float(count)) for start, count in zip(starts, counts, strict=True)
    ]
    return line_chart([Series("Items", points)], unit="count", title=f"Items by {step}")


def _feelings(numbers: ThemeNumbers, theme_id: str) -> RowChart:
    counts = {
        "negative": numbers.negative,
        "neutral": numbers.neutral,
        "positive": numbers.positive,
    }
    bars = [
        Bar(
            FEELING_WORDS[name],
            float(count),
            f"/insights/feedback/items?theme={theme_id}&feeling={name}",
            f"{100 * count / numbers.felt:.0f} %" if numbers.felt else "",
        )
        for name, count in counts.items()
    ]
    return bar_chart(bars, unit="count", title="Sentiment", value_name="Items")


def _documents(services: Services, ids: Sequence[str]) -> dict[str, Document]:
    """Those that still exist."""
    found = {}
    for document_id in {one for one in ids if one}:
        try:
            found[document_id] = services.documents.get(document_id)
        except NotFound:
            continue
    return found


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(
            f"“{text[:20]}” is not a date.", "Write dates as year-month-day, like 2026-03-31."
        ) from None


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
