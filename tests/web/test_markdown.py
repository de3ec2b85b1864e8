"""A copied answer keeps its footnotes and its state, and loads nothing where it is pasted."""

from __future__ import annotations

from dataclasses import replace

from markdown_it import MarkdownIt

from app.domain import AnswerState, Level
from app.web.markdown import as_markdown
from app.web.pattern_samples import (
    sample_answer,
    sample_conflicting,
    sample_not_found,
    sample_outdated,
    sample_partial,
    sample_written,
)

ADDRESS = "http://127.0.0.1/a/ans_1"


def test_both_sides_what_is_newer_and_what_is_missing_are_copied() -> None:
    conflicting = as_markdown(sample_conflicting(), ADDRESS)
    assert "Sources disagree on the times: Harbor handbook (12 Mar 2026): from 7:30" in conflicting
    outdated = as_markdown(sample_outdated(), ADDRESS)
    assert "Harbor handbook has been replaced by Harbor handbook 2026." in outdated
    partial = as_markdown(sample_partial(), ADDRESS)
    assert "Nothing was found about: When is the harbor office open on public" in partial
    assert "Not found in 15 documents" in as_markdown(sample_not_found(), ADDRESS)
    assert as_markdown(sample_written(), ADDRESS).endswith("· written by gpt-5-mini\n")


def test_a_document_cannot_put_a_picture_or_a_link_into_the_copy() -> None:
    evil = "![x](https://evil.example/?q=1) [y](https://evil.example) <img src=//evil.example>"
    answer = sample_answer(AnswerState.ANSWERED, Level.HIGH)
    answer = replace(
        answer,
        question=evil,
        sentences=(replace(answer.sentences[0], text=evil, emphasis=()),),
        citations=tuple(
            replace(one, quote=evil, title=evil, heading=(evil,)) for one in answer.citations
        ),
    )
    html = MarkdownIt("commonmark", {"html": True}).render(as_markdown(answer, ADDRESS))
    assert "<img" not in html
    assert "href" not in html
    assert "evil.example" in html
