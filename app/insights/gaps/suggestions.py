"""What to do about a gap, from what its answers say of why they failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.records.product.failure_reads import Evidence, Near, Reworded

COMMON = 0.5
"""A document or a word counts when it stands behind at least so many of the answers looked at."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do.

    ``other_words``: ``answer_id`` answered ``question``, which the same person asked next.
    ``missing_terms``: ``terms`` appear in no document. ``document``: ``near`` should say it.
    ``disputed``: answers from ``near`` were rejected. ``write_page``: nothing comes close.
    """

    kind: Literal["other_words", "missing_terms", "document", "disputed", "write_page"]
    near: Near | None = None
    terms: tuple[str, ...] = ()
    question: str = ""
    answer_id: str = ""
    count: int = 0

    @property
    def words(self) -> str:
        """As a sentence, for a list or a file."""
        if self.near and self.near.hidden:
            return self.near.title
        title = f"“{self.near.title}”" if self.near else ""
        owner = f" Its owner is {self.near.owner}." if self.near and self.near.owner else ""
        quoted = ", ".join(f"“{term}”" for term in self.terms)
        if self.kind == "other_words":
            return f"Asked in other words it was answered: “{self.question}”. Use these words too."
        if self.kind == "missing_terms":
            appear = "appears" if len(self.terms) == 1 else "appear"
            return f"{quoted} {appear} in no document. Write a page about it."
        if self.kind == "document":
            return f"{title} comes closest and should say it.{owner}"
        if self.kind == "disputed":
            return f"Check what {title} says: answers from it were rejected.{owner}"
        about = f" about {', '.join(self.terms)}" if self.terms else ""
        return f"Write a page{about}: no document comes close."


def suggest(
    terms: Sequence[str],
    evidence: Sequence[Evidence],
    reworded: Sequence[Reworded] = (),
    *,
    rejected: bool = False,
) -> tuple[Suggestion, ...]:
    """Things to do, the most telling first; always at least one.

    ``terms``: the gap's own. ``evidence``: of its newest answers. ``rejected``: most of them were
    shown and then refused by a reader, so that the document may be wrong rather than missing.
    """
    found: list[Suggestion] = []
    other = [one for one in reworded if one.other_words]
    if other:
        best = other[0]
        found.append(
            Suggestion(
                "other_words",
                question=best.text,
                answer_id=best.answer_id,
                count=len({one.failed_id for one in other}),
            )
        )
    needed = max(1, COMMON * len(evidence))
    missing = Counter(term.lower() for one in evidence for term in dict.fromkeys(one.missing_terms))
    absent = tuple(term for term, count in missing.most_common(3) if count >= needed)
    if absent:
        found.append(Suggestion("missing_terms", terms=absent, count=missing[absent[0]]))
    named = {near.document_id: near for one in evidence for near in one.near}
    documents = Counter(
        key for one in evidence for key in {near.document_id: 1 for near in one.near[:3]}
    )
    if documents:
        key, count = documents.most_common(1)[0]
        near = named[key]
        if count >= needed:
            kind: Literal["disputed", "document"] = "disputed" if rejected else "document"
            found.append(Suggestion(kind, near=near, count=count))
    if not found:
        found.append(Suggestion("write_page", terms=tuple(terms[:3])))
    return tuple(found)
