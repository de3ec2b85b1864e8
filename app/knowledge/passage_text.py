"""A passage as the embedder reads it: with its title and headings in front."""

from __future__ import annotations

from app.domain import Passage, Span

HEADING_SEPARATOR = " › "


def heading_line(heading: tuple[str, ...]) -> str:
    """The heading path in one line; empty when there is none."""
    return HEADING_SEPARATOR.join(heading)


def embedding_text(title: str, passage: Passage) -> tuple[str, list[Span]]:
    """What is embedded for ``passage``, and where its sentences stand in that text.

    A passage alone often does not say what it is about ("It is valid for 30 days."); its title and
    headings do.
    """
    head = HEADING_SEPARATOR.join(part for part in (title, *passage.heading) if part)
    prefix = f"{head}\n" if head else ""
    shift = len(prefix) - passage.start
    spans = [(start + shift, end + shift) for start, end in passage.sentences]
    return prefix + passage.text, spans
