"""Items and themes as rows of a file, and a tiny file to try the import with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.insights.feedback.numbers import ThemeNumbers, feeling
from app.records.product.feedback_items import Item, Theme

ITEM_COLUMNS = (
    *("id", "external_id", "kind", "at", "rating", "sentiment", "feeling", "theme_id", "theme"),
    "text",
)
THEME_COLUMNS = (
    *("id", "theme", "items", "share", "tickets", "negative", "neutral", "positive"),
    *("mean_sentiment", "first", "last", "document_id", "gap_id", "summary", "summary_by"),
)

SAMPLE = """\
date,type,rating,subject,text,id
2026-09-01,ticket,,Parental leave,How many weeks of parental leave do fathers get?,T-1041
2026-09-02,ticket,,Leave form,"I can't find the form for parental leave, the link is dead.",T-1044
2026-09-03,review,5,,"Found the travel policy in ten seconds, great.",R-17
2026-09-05,review,2,,"The search is slow and misses half of the handbook.",R-18
2026-09-08,ticket,,VPN,The VPN drops every few minutes when I work from home.,T-1052
2026-09-09,review,4,,"Clear answers, and it says when it does not know.",R-19
"""
"""A tiny file to try the import with, made up."""


def item_rows(items: Iterable[Item], themes: Mapping[str, str]) -> Iterator[Sequence[Any]]:
    """Rows under `ITEM_COLUMNS`; ``themes``: id → label."""
    for item in items:
        felt = None if item.sentiment is None else round(item.sentiment, 3)
        yield (
            item.id,
            item.external_id,
            item.kind,
            item.at.isoformat(),
            item.rating,
            felt,
            feeling(item.sentiment),
            item.theme_id,
            themes.get(item.theme_id, ""),
            item.text,
        )


def theme_rows(
    themes: Iterable[Theme],
    numbers: Mapping[str, ThemeNumbers],
    links: Mapping[str, tuple[str, str]],
) -> Iterator[Sequence[Any]]:
    """Rows under `THEME_COLUMNS`, for themes that have items."""
    total = sum(one.items for one in numbers.values())
    for theme in themes:
        one = numbers.get(theme.id)
        if one is None:
            continue
        document, gap = links.get(theme.id, ("", ""))
        yield (
            theme.id,
            theme.label,
            one.items,
            round(one.items / total, 4),
            one.tickets,
            one.negative,
            one.neutral,
            one.positive,
            None if one.mean is None else round(one.mean, 3),
            min(one.days).isoformat(),
            max(one.days).isoformat(),
            document,
            gap,
            theme.summary,
            theme.model,
        )
