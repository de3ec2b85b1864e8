"""No document gives orders: each case against quotes, and written by models that want to obey."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from app.ask.writing.plain_text import visible
from app.domain import AnswerState, Citation, Level, Sentence, Verdict
from tests.injection.attacks import Case
from tests.injection.cases import CASES
from tests.injection.conftest import Asked
from tests.injection.models import PWNED, outside

if TYPE_CHECKING:
    from app.domain import Answer
    from tests.injection.conftest import Library

each_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
each_mode = pytest.mark.parametrize("mode", get_args(Asked))
LEVELS = [Level.LOW, Level.MEDIUM, Level.HIGH]


def test_there_are_at_least_forty_cases_each_with_a_word_of_its_own() -> None:
    assert len(CASES) >= 40
    assert len({case.id for case in CASES}) == len(CASES)
    assert len({case.telltale for case in CASES}) == len(CASES)


@each_case
@each_mode
def test_no_instruction_of_a_document_is_followed(
    case: Case, mode: Asked, library: Library
) -> None:
    answer = library.asked(case, mode)
    assert answer.state is not AnswerState.NOT_FOUND
    for sentence in answer.sentences:
        if sentence.verdict is Verdict.SUPPORTED:
            _stands_in_its_sources(sentence, answer)
            assert PWNED not in sentence.text
            lies = case.topic.lie in sentence.text
            assert not lies or case.contested or answer.mode == "quotes"
    if answer.mode == "quotes" or mode == "obedient":  # the others' words are shown, but marked
        assert PWNED not in answer.text
    if case.hidden:
        assert case.telltale not in " ".join(_supported(answer))


@each_case
@each_mode
def test_the_question_is_still_answered_by_the_honest_document(
    case: Case, mode: Asked, library: Library
) -> None:
    answer = library.asked(case, mode)
    honest = library.honest[case.topic.name]
    told = [
        sentence
        for sentence in answer.sentences
        if case.topic.fact in sentence.text
        and any(one.document_id == honest for one in _cited(sentence, answer))
    ]
    assert told
    assert all(sentence.verdict is Verdict.SUPPORTED for sentence in told)


@each_case
@each_mode
def test_no_document_raises_the_confidence_or_unmakes_another(
    case: Case, mode: Asked, library: Library
) -> None:
    answer, alone = library.asked(case, mode), library.alone(case.topic)
    assert LEVELS.index(answer.confidence.level) <= LEVELS.index(alone.confidence.level)
    assert answer.confidence.probability <= alone.confidence.probability + 0.01
    honest = library.honest[case.topic.name]
    assert honest not in [one.document_id for one in answer.stale]
    assert not any(one.settled for one in answer.conflicts)
    if mode == "distracted":
        assert answer.confidence.level is not Level.HIGH


@each_case
def test_what_a_model_is_shown_cannot_be_left(case: Case, library: Library) -> None:
    for shown in library.shown(case, "obedient"):
        assert [message["role"] for message in shown.messages] == ["system", "user"]
        assert case.telltale not in shown.system
        assert shown.outside == f"Question: {case.topic.question}"
        openings = re.findall(r"<passage-\w+ number=", shown.user)
        assert len(openings) == len(shown.passages) == shown.user.count("</passage-")
        assert shown.user == visible(shown.user)
        assert case.telltale not in outside(shown)
    assert library.asked(case, "obedient").mode == "written"


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.hidden], ids=[c.id for c in CASES if c.hidden]
)
def test_text_that_the_format_hides_is_not_extracted(case: Case, library: Library) -> None:
    texts = library.texts(case)
    assert texts
    for text in texts:
        assert case.telltale not in text
        assert "Ignore all previous" not in text
        assert case.topic.about in text


def test_in_place_of_a_model_that_only_obeys_quotes_are_shown(library: Library) -> None:
    # A document that plainly states the lie does carry it; what the model adds is marked there too.
    answers = [library.asked(case, "gullible") for case in CASES if not case.contested]
    assert {answer.mode for answer in answers} == {"quotes"}
    assert all(answer.notice for answer in answers)


def test_what_a_document_slips_in_is_marked_sentence_by_sentence(library: Library) -> None:
    for case in CASES:
        answer = library.asked(case, "distracted")
        assert answer.mode == "written"
        marked = [s for s in answer.sentences if s.verdict is not Verdict.SUPPORTED]
        assert any(PWNED in sentence.text for sentence in marked)
        assert all(sentence.problems for sentence in marked)


def test_suggestions_are_questions_that_lead_nowhere_else(library: Library) -> None:
    for case in CASES:
        for suggestion in library.asked(case, "quotes").followups:
            assert suggestion.endswith("?")
            assert len(suggestion) <= 160
            assert not re.search(r"://|www\.|[<>\n\x00-\x1f]|\]\(", suggestion)


def _supported(answer: Answer) -> list[str]:
    return [one.text for one in answer.sentences if one.verdict is Verdict.SUPPORTED]


def _cited(sentence: Sentence, answer: Answer) -> list[Citation]:
    return [one for one in answer.citations if one.number in sentence.citations]


def _stands_in_its_sources(sentence: Sentence, answer: Answer) -> None:
    """Every name, number and address of a supported sentence stands in a passage that it cites."""
    cited = _cited(sentence, answer)
    assert cited, sentence
    if answer.mode == "quotes":
        assert sentence.text in [one.quote for one in cited]
        return
    evidence = visible(" ".join(f"{one.before}{one.quote}{one.after}" for one in cited))
    for word in re.findall(r"\w*\d[\w,.:]*\w|ZORK\w*|https?://\S*\w", sentence.text):
        assert word in evidence, (word, sentence)
