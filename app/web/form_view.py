"""The one form: what is asked, and which documents it is asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from app.bootstrap import Services
from app.domain import Filters
from app.errors import NotFound
from app.records.documents import CollectionSummary
from app.web.templating import day, kind_label, plural, query

_LINE = 72
"""Characters on one line of the field at its usual width."""
_MOST_LINES = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """A document that a question is narrowed to."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Continuing:
    """What only the next question is to be told; the fields are hidden in the form."""

    conversation_id: str = ""
    rewrite: bool = True


@dataclass(frozen=True, slots=True)
class AskForm:
    """The field, its filters, and what they can be."""

    question: str
    filters: Filters
    collections: Sequence[CollectionSummary]
    kinds: Sequence[str]
    documents: int
    """In all collections, without filters."""
    passages: int
    max_chars: int
    chosen: Sequence[Chosen] = ()
    """The documents that ``filters`` names."""
    continuing: Continuing = field(default_factory=Continuing)

    @classmethod
    def of(
        cls,
        services: Services,
        filters: Filters,
        question: str = "",
        continuing: Continuing | None = None,
    ) -> AskForm:
        """The form as it stands now; a document that is gone is still named."""
        collections = services.documents.collections()
        return cls(
            question=question,
            filters=filters,
            collections=[collection for collection in collections if collection.documents],
            kinds=services.documents.kinds(),
            documents=sum(collection.documents for collection in collections),
            passages=sum(collection.passages for collection in collections),
            max_chars=services.settings.max_question_chars,
            chosen=[_chosen(services, document_id) for document_id in filters.document_ids],
            continuing=continuing or Continuing(),
        )

    @property
    def empty(self) -> bool:
        """True when there is nothing to ask yet."""
        return self.documents == 0

    @property
    def rows(self) -> int:
        """Lines that the question takes, for browsers whose fields don't grow."""
        lines = sum(1 + len(line) // _LINE for line in self.question.split("\n"))
        return min(max(lines, 1), _MOST_LINES)

    @property
    def scope(self) -> str:
        """What is searched, in a few words: ``All 96 documents``, ``people · PDF``."""
        if not self.filters.active:
            return f"All {plural(self.documents, 'document')}" if self.documents else "No documents"
        told = [f"“{chosen.title}”" for chosen in self.chosen]
        told += [*self.filters.collections, *(kind_label(kind) for kind in self.filters.kinds)]
        if self.filters.changed_after:
            told.append(f"since {day(self.filters.changed_after)}")
        if self.filters.changed_before:
            told.append(f"until {day(self.filters.changed_before)}")
        return " · ".join(told)

    @property
    def narrowing(self) -> dict[str, Any]:
        """The filters as query parameters."""
        return narrowing(self.filters)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The filters as names and values of hidden fields."""
        return parse_qsl(query(self.narrowing).removeprefix("?"))

    @property
    def query(self) -> dict[str, Any]:
        """Question and filters as query parameters."""
        return {"q": self.question, **self.narrowing}


def narrowing(filters: Filters) -> dict[str, Any]:
    """Filters as query parameters; the same names as the form's fields."""
    return {
        "collection": list(filters.collections),
        "kind": list(filters.kinds),
        "after": filters.changed_after or "",
        "before": filters.changed_before or "",
        "document": list(filters.document_ids),
    }


def _chosen(services: Services, document_id: str) -> Chosen:
    try:
        return Chosen(document_id, services.documents.get(document_id).title)
    except NotFound:
        return Chosen(document_id, "a document that was removed")
