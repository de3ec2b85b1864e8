"""What a reader can do with an answer: ask again, otherwise, with more sources, or in fewer."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain import Answer
from app.web.form_view import AskForm, narrowing
from app.web.templating import query
from app.web.via import Via, via


@dataclass(frozen=True, slots=True)
class Control:
    """A link that asks, and its words."""

    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Controls:
    """All of an answer's links that ask; None where one makes no sense."""

    again: Control
    other_mode: Control | None
    more_sources: Control
    edit: Control
    """Puts the question into the field; it is not rewritten when it is asked."""
    narrow: tuple[Control, ...]
    widen: Control | None


def controls(answer: Answer, form: AskForm, chat_model: str | None) -> Controls:
    """The links of an answer; ``chat_model`` is the one that could write, if any."""
    same = {"q": answer.question, "conversation_id": answer.conversation_id, "rewrite": "0"}

    def chosen(what: Via) -> dict[str, str]:
        return {"via": via(what, answer)}

    filters = narrowing(answer.filters)
    # After a fall-back to quotes, asking again lets the model try again.
    mode = {"mode": answer.mode} if chat_model and not answer.notice else {}

    def asks(words: str, what: Via, **changes: object) -> Control:
        asked = {**same, **filters, **mode, **changes, **chosen(what)}
        return Control(words, "/ask" + query(asked))

    other = None
    if chat_model and answer.mode == "quotes":
        other = asks(f"Let {chat_model} write it", "mode", mode="written")
    elif answer.mode == "written":
        other = asks("Show quotes only", "mode", mode="quotes")
    return Controls(
        again=asks("Ask again", "again"),
        other_mode=other,
        more_sources=asks("Read more sources", "more", more_sources="1"),
        edit=Control("Edit the question", "/" + query({**same, **filters})),
        narrow=tuple(
            asks(f"Only in {words}", "narrow", **change)
            for words, change in _narrower(answer, form)
        ),
        widen=Control("In all documents", "/ask" + query({**same, **mode, **chosen("widen")}))
        if answer.filters.active
        else None,
    )


def _narrower(answer: Answer, form: AskForm) -> list[tuple[str, dict[str, list[str]]]]:
    """The cited documents and collections, where choosing one would narrow anything."""
    documents = {citation.document_id: citation.title for citation in answer.citations}
    collections = list(dict.fromkeys(citation.collection for citation in answer.citations))
    found = [
        (f"“{title}”", {"document": [document_id]})
        for document_id, title in documents.items()
        if answer.filters.document_ids != (document_id,)
    ]
    if len(form.collections) > 1:
        found += [
            (f"the collection {name}", {"collection": [name], "document": []})
            for name in collections
            if answer.filters.collections != (name,)
        ]
    return found
