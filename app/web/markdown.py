"""An answer as Markdown with footnotes, for pasting elsewhere.

Words of documents are escaped: a quoted ``![](https://…)`` must not load anything where the copy
is pasted, and no address of theirs becomes a link.
"""

from __future__ import annotations

import re

from app.ask.writing.plain_text import with_inert_addresses
from app.domain import Answer, AnswerState, Citation
from app.web.places import place
from app.web.state_view import state_view
from app.web.templating import day

_SPECIAL = re.compile(r"([\\`<>\[\]])")


def as_markdown(answer: Answer, address: str) -> str:
    """The answer with its footnotes; ``address`` is its permalink."""
    lines = [f"**{_plain(answer.question)}**", ""]
    lines += _preface(answer)
    document = ""
    for sentence in answer.sentences:
        cited = next((c for c in answer.citations if c.number in sentence.citations), None)
        notes = "".join(f"[^{number}]" for number in sentence.citations)
        text = f"{_escaped(sentence.text).strip()}{notes}"
        if lines[-1] and cited and cited.document_id == document:
            lines[-1] += f" {text}"
        else:
            lines += ["", text] if lines[-1] else [text]
        document = cited.document_id if cited else ""
    lines += ["", *(_footnote(citation) for citation in answer.citations)]
    label = f" · written by {answer.model}" if answer.mode == "written" else ""
    lines += ["", f"{address} · {answer.created_at:%Y-%m-%d}{label}"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _preface(answer: Answer) -> list[str]:
    """What the state adds, in a line each."""
    if answer.state is AnswerState.NOT_FOUND:
        return [
            f"Not found in {answer.documents_searched:,} documents "
            f"({answer.passages_searched:,} passages).",
            "",
        ]
    view = state_view(answer)
    lines = []
    for conflict in view.conflicts:
        sides = "; ".join(
            f"{_plain(side.citation.title)} ({day(side.citation.updated_at)}): "
            f"{_plain(side.says)}[^{side.citation.number}]"
            for side in conflict.sides
        )
        lines.append(f"Sources disagree on {_plain(conflict.about)}: {sides}")
    for stale in view.stale:
        newer = f" by {_plain(stale.newer_title)}" if stale.newer_title else ""
        lines.append(f"{_plain(stale.title)} {stale.why}{newer}.")
    lines += [f"Nothing was found about: {_plain(part.question)}" for part in view.uncovered]
    return [part for line in lines for part in (line, "")]


def _footnote(citation: Citation) -> str:
    where = [*citation.heading, place(citation.page_kind, citation.page)]
    path = " › ".join(_plain(part) for part in where if part)
    title = f"{_plain(citation.title)}{f', {path}' if path else ''}"
    return f"[^{citation.number}]: {title}: “{_plain(citation.quote)}”"


def _plain(text: str) -> str:
    """On one line, escaped."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return with_inert_addresses(text, _backslashed)


def _backslashed(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
