"""The lexical index's fields, and queries put to it, within what the reader may see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import tantivy

from app.access import reach
from app.domain import Filters

_TITLE_BOOST = 0.6
_HEADING_BOOST = 0.8
"""Titles and headings repeat on every passage of a document, so they say less about one of them."""
_DAY_SECONDS = 86_400
FIELDS = (("body", 1.0), ("heading", _HEADING_BOOST), ("title", _TITLE_BOOST))
AS_IT_IS = (1.0,) * len(FIELDS)


def make_schema() -> tantivy.Schema:
    """What an index holds of each passage."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("passage_id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("document_id", "collection", "kind"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("modified", stored=False, indexed=True, fast=True)
    for name in ("title", "heading", "body"):
        builder.add_text_field(name, stored=False, tokenizer_name="en_stem", index_option="freq")
    return builder.build()


def restrictions(
    schema: tantivy.Schema, filters: Filters, collections: Sequence[str]
) -> list[tantivy.Query]:
    """A query for each way in which a search is narrowed; all have to match."""
    queries = []
    for field, values in (
        ("collection", collections),
        ("kind", filters.kinds),
        ("document_id", filters.document_ids),
    ):
        if values:
            queries.append(tantivy.Query.term_set_query(schema, field, list(values)))
    if filters.changed_after or filters.changed_before:
        first = _day(filters.changed_after) if filters.changed_after else -(2**62)
        last = _day(filters.changed_before) + _DAY_SECONDS - 1 if filters.changed_before else 2**62
        queries.append(
            tantivy.Query.range_query(schema, "modified", tantivy.FieldType.Integer, first, last)
        )
    return queries


def _day(day: date) -> int:
    return int(datetime.combine(day, time.min, UTC).timestamp())


def anywhere(schema: tantivy.Schema, stem: str, times: Sequence[float] = AS_IT_IS) -> tantivy.Query:
    """The best of the fields that hold ``stem``, so that a title's echo is not counted twice.

    ``times``: by which each field's score is multiplied.
    """
    return tantivy.Query.disjunction_max_query(
        [
            tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, stem), boost * by)
            for (field, boost), by in zip(FIELDS, times, strict=True)
        ],
        tie_breaker=0.3,
    )


def all_of(schema: tantivy.Schema, parts: Sequence[tantivy.Query]) -> tantivy.Query:
    """All of ``parts``, among what the reader may see."""
    allowed = reach().collections
    if allowed is not None:
        # Not a set of terms: that would go through all of their passages for every count.
        names = [tantivy.Query.term_query(schema, "collection", name) for name in sorted(allowed)]
        within = tantivy.Query.boolean_query([(tantivy.Occur.Should, name) for name in names])
        parts = [*parts, tantivy.Query.const_score_query(within, 0.0)]
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])


def rarity(frequency: int, total: int) -> float:
    """BM25's idf, as tantivy has it."""
    frequency = min(frequency, total)
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
