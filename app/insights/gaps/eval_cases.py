"""A question that was asked becomes a golden case: proposed here, decided by whoever reviews it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlparse

from app.domain import Answer, AnswerState

ANSWERABLE = ("retrieval_missed", "wrong_sentence", "over_cautious", "citation_wrong")
"""Failure modes that say: the documents do answer it."""
UNANSWERABLE = ("missing_document", "out_of_scope", "vague_question")
"""Failure modes that say: nothing in the documents answers it."""
_FOLDERS = 2
"""Parts of a path that name a document in a case: its file and the folder it lies in."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A question that is to become a case, with what people said about its answer."""

    answer_id: str
    question: str
    asked_at: datetime
    failure_mode: str = ""
    note: str = ""
    corrections: tuple[str, ...] = ()
    accepted: bool = False
    rejected: bool = False


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
    case["why"] = " ".join(filter(None, said))
    case["tags"] = [tag for tag in ("asked", marked.failure_mode.replace("_", "-")) if tag]
    return {key: value for key, value in case.items() if value is not None}


def line(case: dict[str, Any]) -> str:
    """A case as one line of a JSONL file."""
    return json.dumps(case, ensure_ascii=False)


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
