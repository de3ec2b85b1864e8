"""An answer as its page shows it: paragraphs, emphasis, table rows as fields, source cards."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from starlette.requests import Request

from app.bootstrap import Services
from app.domain import Answer, Citation, Sentence, Verdict
from app.knowledge.terms import content_words
from app.web.confidence_view import signals
from app.web.controls import controls
from app.web.conversation import earlier_turns, followup
from app.web.form_view import AskForm
from app.web.highlight import CARD_CHARS, Result, snippet
from app.web.markdown import as_markdown
from app.web.segments import Segments, cut, row_labels
from app.web.state_view import state_view

REASONS = {
    "wrong": "It is wrong",
    "incomplete": "Something is missing",
    "outdated": "It is out of date",
    "off-topic": "It answers another question",
    "source": "The source can't be trusted",
}
"""Why an answer did not help: what is stored, and what is shown."""
REPORT_KINDS = {
    "harmful": "It is harmful",
    "private": "It shows private data",
    "wrong_source": "The source is wrong",
    "conflict": "Documents contradict each other",
    "broken": "Something is broken",
    "other": "Something else",
}
"""What can be reported about an answer: what is stored, and what is shown."""
_FIELD = re.compile(r"\s*(?P<label>[^:|\n]{1,80}):\s+(?P<value>[^|\n]+?)\s*(?: \||$)")


@dataclass(frozen=True, slots=True)
class Rows:
    """Table rows with the same columns, one or more of them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Segments, ...], ...]


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence with its citations; quoted table rows have ``rows`` instead of prose."""

    segments: Segments
    rows: Rows | None
    citations: tuple[Citation, ...]
    verdict: Verdict
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences in a row that come from one document."""

    citation: Citation | None
    sentences: tuple[SentenceView, ...]


def paragraphs(sentences: Sequence[Sentence], citations: Iterable[Citation]) -> list[Paragraph]:
    """Sentences grouped by the document they come from, in their order."""
    by_number = {citation.number: citation for citation in citations}

    def first(sentence: Sentence) -> Citation | None:
        return next((by_number[n] for n in sentence.citations if n in by_number), None)

    def document(sentence: Sentence) -> str:
        cited = first(sentence)
        return cited.document_id if cited else ""

    found = []
    for _, group in groupby(sentences, key=document):
        run = list(group)
        views = tuple(_sentence(sentence, by_number) for sentence in run)
        found.append(Paragraph(first(run[0]), views))
    return found


def _sentence(sentence: Sentence, by_number: dict[int, Citation]) -> SentenceView:
    text = sentence.text
    return SentenceView(
        segments=cut(text, 0, len(text), sentence.emphasis, row_labels(text)),
        rows=_rows(sentence),
        citations=tuple(by_number[n] for n in sentence.citations if n in by_number),
        verdict=sentence.verdict,
        problems=sentence.problems,
    )


def _rows(sentence: Sentence) -> Rows | None:
    """The rows of a quote that is nothing but ``A: x | B: y`` lines of one table."""
    columns: tuple[str, ...] = ()
    found: list[tuple[Segments, ...]] = []
    at = 0
    for line in sentence.text.splitlines(keepends=True):
        fields = _fields(line)
        names = tuple(name for name, _, _ in fields)
        if len(names) < 2 or columns not in ((), names):
            return None
        columns = names
        found.append(
            tuple(cut(sentence.text, at + a, at + b, sentence.emphasis) for _, a, b in fields)
        )
        at += len(line)
    return Rows(columns, tuple(found)) if found else None


def _fields(line: str) -> list[tuple[str, int, int]]:
    """Column names with the range of each value; empty when any part is not ``name: value``."""
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(line):
        match = _FIELD.match(line, at)
        if match is None:
            return []
        found.append((match["label"], *match.span("value")))
        at = match.end()
    return found


def closest(answer: Answer) -> list[Result]:
    """For ``not_found``: the best passages there were, with the question's words marked."""
    terms = content_words(answer.question)
    return [Result(hit, snippet(hit, terms, CARD_CHARS)) for hit in answer.closest]


# --- the page -------------------------------------------------------------------------------------


def permalink(request: Request, answer: Answer) -> str:
    """The answer's full address."""
    return f"{str(request.base_url).rstrip('/')}/a/{answer.answer_id}"


def answer_context(
    services: Services,
    answer: Answer,
    address: str,
    session: str = "",
    said: Collection[str] = (),
    *,
    survey: bool = False,
) -> dict[str, Any]:
    """What the answer's templates need; ``address`` is its permalink.

    ``session``: whose questions may be shown as earlier ones. ``said``: what was sent about the
    answer, which is thanked for: ``feedback``, ``correction``, ``report``, ``request``, ``trust``.
    ``survey``: ask how far answers are trusted.
    """
    form = AskForm.of(services, answer.filters, question=answer.question)
    earlier = earlier_turns(services.answers, answer, session)
    parts = answer_parts(answer, form, address, services.chat_model_name, earlier, said)
    return {**parts, "survey": survey}


def answer_parts(
    answer: Answer,
    form: AskForm,
    address: str,
    chat_model: str | None,
    earlier: Sequence[Answer] = (),
    said: Collection[str] = (),
) -> dict[str, Any]:
    """The same from what it is made of."""
    view = state_view(answer)
    return {
        "form": form,
        "answer": answer,
        "address": address,
        "view": view,
        "paragraphs": paragraphs(view.rest, answer.citations),
        "closest": closest(answer),
        "markdown": as_markdown(answer, address),
        "signals": signals(answer.signals),
        "controls": controls(answer, form, chat_model),
        "followups": [followup(answer, question) for question in answer.followups],
        "earlier": earlier,
        "reasons": REASONS,
        "report_kinds": REPORT_KINDS,
        "said": said,
        "survey": False,
        "looking": False,
    }
