"""The one form: what is asked, and which documents it is asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.bootstrap import Services
from app.domain import Filters
from app.records.documents import CollectionSummary
from app.web.templating import day, kind_label, plural

_LINE = 72
"""Characters on one line of the field at its usual width."""
_MOST_LINES = 8


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

    @classmethod
    def of(cls, services: Services, filters: Filters, question: str = "") -> AskForm:
        """The form as it stands now."""
        collections = services.documents.collections()
        return cls(
            question=question,
            filters=filters,
            collections=[collection for collection in collections if collection.documents],
            kinds=services.documents.kinds(),
            documents=sum(collection.documents for collection in collections),
            passages=sum(collection.passages for collection in collections),
            max_chars=services.settings.max_question_chars,
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
        told = [*self.filters.collections, *(kind_label(kind) for kind in self.filters.kinds)]
        if self.filters.changed_after:
            told.append(f"since {day(self.filters.changed_after)}")
        if self.filters.changed_before:
            told.append(f"until {day(self.filters.changed_before)}")
        return " · ".join(told)

    @property
    def narrowing(self) -> dict[str, Any]:
        """The filters as query parameters."""
        return {
            "collection": list(self.filters.collections),
            "kind": list(self.filters.kinds),
            "after": self.filters.changed_after or "",
            "before": self.filters.changed_before or "",
        }

    @property
    def query(self) -> dict[str, Any]:
        """Question and filters as query parameters."""
        return {"q": self.question, **self.narrowing}
