"""An answer's state in plain sentences: the same for chat programs, agents and the terminal."""

from __future__ import annotations

from datetime import date

from app.domain import Answer, AnswerState, Conflict, Stale, Verdict

NOT_FOUND = "The documents don't answer this."


def state_sentences(answer: Answer) -> list[str]:
    """What a reader must know before the text; nothing for an answer that is simply an answer."""
    told: list[str] = []
    if answer.asked is not None and answer.asked != answer.question:
        told.append(f"Understood as: {answer.question}")
    if answer.notice:
        told.append(answer.notice)
    if answer.state is AnswerState.NOT_FOUND:
        told.append(NOT_FOUND)
        told += _searched(answer)
    if answer.state is AnswerState.PARTIAL and not answer.uncovered:
        told.append("The documents answer only a part of the question.")
    if answer.uncovered:
        parts = ", ".join(f"“{part}”" for part in answer.uncovered)
        told.append(f"The documents answer only a part of the question; nothing on {parts}.")
    told += [conflict_sentence(conflict, answer) for conflict in answer.conflicts]
    told += [stale_sentence(stale) for stale in answer.stale]
    unsure = [s for s in answer.sentences if s.verdict is not Verdict.SUPPORTED or s.problems]
    for sentence in unsure:
        problem = " ".join(sentence.problems) or "The sources do not fully say so."
        told.append(f"Not fully supported: “{sentence.text}” {problem}")
    return told


def conflict_sentence(conflict: Conflict, answer: Answer) -> str:
    """Both sides with their titles and dates, newest first."""
    cited = {citation.number: citation for citation in answer.citations}
    sides = []
    for side in conflict.sides:
        citation = cited.get(side.citation)
        place = ""
        if citation is not None:
            when = f", {day(citation.updated_at.date())}" if citation.updated_at else ""
            place = f" ({citation.title}{when}) [{side.citation}]"
        sides.append(f"“{side.says}”{place}")
    if conflict.settled and len(sides) > 1:
        before = "; ".join(sides[1:])
        return f"The newest source says on {conflict.about}: {sides[0]}. Before: {before}."
    return f"The sources disagree on {conflict.about}: {'; '.join(sides)}."


def stale_sentence(stale: Stale) -> str:
    """Why a cited document is not the last word."""
    if stale.reason == "superseded":
        newer = f" by “{stale.newer_title}”" if stale.newer_title else ""
        gone = "" if stale.newer_document_id or not stale.newer_title else (
            ", which is not among the documents"
        )  # fmt: skip
        return f"May be out of date: “{stale.title}” was replaced{newer}{gone}."
    due = f" on {day(stale.review_by)}" if stale.review_by else ""
    return f"May be out of date: “{stale.title}” was due for review{due}."


def rephrasing_lines(answer: Answer) -> list[str]:
    """Each thing to try with its reason; a change of filters is said."""
    lines = []
    for one in answer.rephrasings:
        where = ""
        if one.filters != answer.filters:
            where = " (with other filters)" if one.filters.active else " (in all documents)"
        lines.append(f"{one.question}{where} – {one.why}" if one.why else f"{one.question}{where}")
    return lines


def day(value: date) -> str:
    """A date that no country reads differently."""
    return value.isoformat()


def _searched(answer: Answer) -> list[str]:
    told = []
    if answer.documents_searched:
        told.append(f"{answer.documents_searched:,} documents were searched.")
    if answer.missing_terms:
        missing = ", ".join(f"“{term}”" for term in answer.missing_terms)
        told.append(f"In no document: {missing}.")
    return told
