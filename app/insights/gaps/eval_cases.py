"""A question that was asked becomes a golden case: proposed here, decided by whoever reviews it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlparse

from app.domain import Answer, AnswerState
from app.errors import BadRequest

ANSWERABLE = ("retrieval_missed", "wrong_sentence", "over_cautious", "citation_wrong")
"""Failure modes that say: the documents do answer it."""
UNANSWERABLE = ("missing_document", "out_of_scope", "vague_question")
"""Failure modes that say: nothing in the documents answers it."""
_FOLDERS = 2
"""Parts of a path that name a document in a case: its file and the folder it lies in."""
_ANSWER = ("document", "passage", "answers")
"""What only a question with an answer has."""
_KEYS = ("id", "question", "answerable", "state", *_ANSWER, "reference", "after", "why", "tags")
"""In the order in which a line holds them."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A question that is to become a case, with what people said about its answer.

    ``after``: what was asked before it in the same conversation, oldest first, where it cannot be
    understood without.
    """

    answer_id: str
    question: str
    asked_at: datetime
    failure_mode: str = ""
    note: str = ""
    corrections: tuple[str, ...] = ()
    accepted: bool = False
    rejected: bool = False
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody decided about a case; empty: what is proposed stays."""

    state: AnswerState | None = None
    answers: tuple[str, ...] = ()
    reference: str = ""
    document: str = ""
    passage: str = ""
    why: str = ""
    tags: tuple[str, ...] = ()

    @property
    def says_more(self) -> bool:
        """Whether it says that there is an answer."""
        return bool(self.answers or self.passage or self.state is not None)


def proposal(marked: Marked, answer: Answer | None) -> dict[str, Any]:
    """A golden case as `evals.datasets` reads it, with a ``why`` that says what is unsure.

    What can be known is filled in: a correction as the expected answer, the cited sentence as the
    passage, the state as it was shown where nobody objected. ``answer`` None: it was deleted, and
    only the question is left.
    """
    answerable = _answerable(marked, answer)
    passage, document = _passage(answer) if answerable else ("", "")
    if answerable and not passage:
        answerable = False  # a case needs a passage; the reviewer finds it
    unsure = _unsure(marked, answer, answerable)
    case: dict[str, Any] = {
        "id": f"asked-{marked.answer_id.removeprefix('ans_')}",
        "question": marked.question,
        "answerable": answerable,
        "state": _state(marked, answer, answerable),
    }
    if answerable:
        case |= {"document": document, "passage": passage, "answers": _answers(marked, answer)}
    said = (f"Asked on {marked.asked_at:%Y-%m-%d}.", unsure, marked.note)
    if marked.after:
        case["after"] = list(marked.after)
    case["why"] = " ".join(filter(None, said))
    tags = ("follow-up" if marked.after else "", "asked", marked.failure_mode.replace("_", "-"))
    case["tags"] = [tag for tag in tags if tag]
    return {key: value for key, value in case.items() if value is not None}


def decided(case: dict[str, Any], expected: Expected) -> dict[str, Any]:
    """A proposal with what somebody decided in place of what was proposed.

    Raises:
        BadRequest: it is to be answerable, but no passage is known.
    """
    known = {
        "state": expected.state.value if expected.state is not None else None,
        "document": expected.document,
        "passage": expected.passage,
        "answers": list(expected.answers),
        "reference": expected.reference,
        "why": expected.why,
    }
    made = case | {key: value for key, value in known.items() if value}
    made["tags"] = list(dict.fromkeys([*expected.tags, *case["tags"]]))
    if expected.state is AnswerState.NOT_FOUND:
        made["answerable"] = False
        return _ordered({key: made[key] for key in made if key not in _ANSWER})
    if not (made["answerable"] or expected.says_more):
        return _ordered(made)
    made["answerable"] = True
    if made.get("state") == AnswerState.NOT_FOUND.value:
        made.pop("state")  # it was refused, and should not have been
    if not (made.get("document") and made.get("passage")):
        raise BadRequest(
            "No passage is known that answers it: nothing was cited.",
            "Give it with --document and --passage.",
        )
    return _ordered(made)


def line(case: dict[str, Any]) -> str:
    """A case as one line of a JSONL file."""
    return json.dumps(case, ensure_ascii=False)


def _ordered(case: dict[str, Any]) -> dict[str, Any]:
    return {key: case[key] for key in _KEYS if key in case}


def _answerable(marked: Marked, answer: Answer | None) -> bool:
    if marked.failure_mode in UNANSWERABLE or answer is None:
        return False
    if marked.corrections or marked.failure_mode in ANSWERABLE:
        return True
    return answer.state is not AnswerState.NOT_FOUND


def _passage(answer: Answer | None) -> tuple[str, str]:
    """The cited sentence, or the first of what came closest; with its document."""
    if answer is not None and answer.citations:
        cited = answer.citations[0]
        return cited.quote, _document(cited.source)
    if answer is not None and answer.closest:
        hit = answer.closest[0]
        spans = hit.passage.sentences
        scores = hit.sentence_scores
        if spans:
            best = max(range(len(spans)), key=lambda i: scores[i] if i < len(scores) else 0.0)
            start, end = spans[best]
            return (
                hit.passage.text[start - hit.passage.start : end - hit.passage.start],
                _document(hit.document.source),
            )
        return hit.passage.text, _document(hit.document.source)
    return "", ""


def _document(source: str) -> str:
    """The end of a path, an address's, or an upload's name."""
    path = urlparse(source).path if "://" in source else source.removeprefix("upload:")
    parts = [part for part in PurePosixPath(path.replace("\\", "/")).parts if part != "/"]
    return "/".join(parts[-_FOLDERS:]) or source


def _answers(marked: Marked, answer: Answer | None) -> list[str]:
    """Short spans that are the answer: the last correction, or what was emphasized."""
    if marked.corrections:
        return [marked.corrections[-1]]
    if answer is None or marked.rejected:
        return []
    spans = [
        sentence.text[start:end].strip()
        for sentence in answer.sentences
        for start, end in sentence.emphasis
    ]
    return list(dict.fromkeys(span for span in spans if span))[:3]


def _state(marked: Marked, answer: Answer | None, answerable: bool) -> str | None:
    """None where nobody can tell yet: what was shown is what is in doubt."""
    if not answerable:
        return AnswerState.NOT_FOUND.value
    doubtful = marked.failure_mode == "wrong_state" or marked.rejected or marked.corrections
    if answer is None or doubtful or answer.state is AnswerState.NOT_FOUND:
        return None
    return answer.state.value


def _unsure(marked: Marked, answer: Answer | None, answerable: bool) -> str:
    if answer is None:
        return "The answer was deleted: fill in what is expected."
    if marked.corrections:
        return "Corrected by a reader: check the correction and the passage."
    if answerable and answer.state is AnswerState.NOT_FOUND:
        return "It was refused: check that this passage answers it."
    if marked.failure_mode in ANSWERABLE and not answerable:
        return "The documents answer it: fill in document and passage, and set answerable to true."
    if marked.rejected:
        return "A reader rejected the answer: fill in what is expected."
    if marked.accepted:
        return "A reader accepted the answer."
    return "Check what is expected."
