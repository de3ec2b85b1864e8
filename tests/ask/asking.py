"""A small handbook with questions and answers in it, and the product's own judgment on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.ask.confidence import judge
from app.ask.conversation.spelling import Speller
from app.ask.quotes import compile_answer, select
from app.ask.sentences import rank_sentences
from app.domain import Citation, Filters, Retrieval

if TYPE_CHECKING:
    from app.bootstrap import Services

READ = 8
EVERYTHING = Filters()
HANDBOOK = {
    "handbook": {
        "leave-faq.md": """---
owner: People team
---

# Leave questions

## How many vacation days do I have?

Every employee has 27 days of paid vacation a year, and part-time employees have a share of them.

## Can I carry vacation days over to the next year?

Up to five unused vacation days move to the next year. They expire on 31 March.

## What happens to my vacation when I fall ill?

Days of illness during a vacation do not count as vacation when a doctor has certified them.
""",
        "travel.md": """# Travel policy

## Hotels

Hotels are reimbursed up to EUR 165 a night. Book at least 14 days ahead through the travel desk.

## Meals abroad

The daily allowance for meals abroad is EUR 55, and half of it on the days of departure and return.
Alcohol is never reimbursed, also where a customer invites the whole team to an evening dinner.

## Introduction

This policy holds for everybody who travels on behalf of the company, whatever the reason may be.
""",
    },
    "office": {
        "batteries.md": """# Buoy batteries

The battery of a buoy lasts 18 months in summer waters and 14 months in winter waters. Technicians
change the battery before it falls below 20 percent. Insurance for a lost buoy costs EUR 900 a year.
""",
    },
}


@dataclass
class Asking:
    """Searches and judges as the pipeline does; remembers what was checked."""

    services: Services
    checked: list[tuple[str, Filters]] = field(default_factory=list)

    def search(self, question: str, filters: Filters = EVERYTHING) -> Retrieval:
        """What the retriever finds."""
        return self.services.search.search(question, READ, filters)

    def answerable(self, question: str, filters: Filters) -> bool:
        """Whether the product would answer."""
        self.checked.append((question, filters))
        return self.judged(question, filters)

    def judged(self, question: str, filters: Filters = EVERYTHING) -> bool:
        """The same, without remembering."""
        found = self.search(question, filters)
        return judge(found, rank_sentences(question, found, READ)).answerable

    def citations(self, question: str) -> Sequence[Citation]:
        """What the answer to ``question`` quotes."""
        found = self.search(question)
        return compile_answer(select(rank_sentences(question, found, READ), 1))[1]

    def speller(self) -> Speller:
        """Over these documents, with the bundled model's vocabulary."""
        embedder = self.services.embedder.get(wait=True)
        return Speller(
            self.services.library.lexical,
            self.services.documents.passages,
            lambda words: [count == 1 for count in embedder.count_tokens(words)],
        )
