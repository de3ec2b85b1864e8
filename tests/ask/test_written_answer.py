"""A draft, checked: verdicts, what is left out, numbers of citations, both sides of a conflict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.ask.checking.checker import SupportChecker
from app.ask.writing.written import WrittenDraft
from app.ask.writing.written_answer import (
    Unsupported,
    check,
    instead,
    lowered,
    renumbered,
    total,
    with_sides,
)
from app.domain import (
    AnswerState,
    Citation,
    Confidence,
    Conflict,
    Hit,
    Level,
    Sentence,
    Side,
    Usage,
    Verdict,
)
from app.errors import WritingFailed, WritingProblem
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from tests.contracts.test_answers import plain_answer
from tests.knowledge.hits import make_hit, make_retrieval
from tests.knowledge.world import WordEmbedder

TEXT = "Invoices are paid within 30 days.\nSuppliers need a purchase order."
HIT = make_hit(TEXT, "invoices")
RIGHT = Sentence("Invoices are paid within 30 days.", (1,))
WRONG = Sentence("Invoices are paid within 90 days.", (1,))
ALSO = Sentence("Suppliers need a purchase order.", (2,))


def cited(number: int, hit: Hit, quote: str) -> Citation:
    start = hit.passage.start + hit.passage.text.index(quote)
    return Citation(
        number=number,
        document_id=hit.document.id,
        passage_id=hit.passage.id,
        title=hit.document.title,
        source=hit.document.source,
        collection="default",
        kind="md",
        heading=(),
        page=None,
        page_kind="",
        quote=quote,
        start=start,
        end=start + len(quote),
        updated_at=None,
    )


FIRST, SECOND = (cited(i, HIT, line) for i, line in enumerate(TEXT.split("\n"), 1))


@pytest.fixture(scope="module")
def checker() -> SupportChecker:
    holder: ModelHolder[Embedder] = ModelHolder(WordEmbedder, "search model")
    return SupportChecker(holder)


def draft(*sentences: Sentence, finish: str = "stop") -> WrittenDraft:
    return WrittenDraft(
        sentences,
        (FIRST, SECOND),
        Usage(10, 5, 0.1),
        done=True,
        model="openai:scripted",
        finish=finish,  # type: ignore[arg-type]  # one of its words
    )


RETRIEVAL = make_retrieval("When are invoices paid?", HIT)


def test_each_sentence_gets_its_verdict(checker: SupportChecker) -> None:
    checked = check(draft(RIGHT, WRONG, ALSO), RETRIEVAL, checker, "mark")
    assert [one.verdict for one in checked.sentences] == [
        Verdict.SUPPORTED,
        Verdict.UNSUPPORTED,
        Verdict.SUPPORTED,
    ]
    assert checked.citations == (FIRST, SECOND)
    assert checked.notice is None


@pytest.mark.parametrize(
    ("sentences", "notice"),
    [
        ((RIGHT, WRONG, ALSO), "One sentence that stood in no source was left out."),
        ((RIGHT, WRONG, ALSO, WRONG), "2 sentences that stood in no source were left out."),
    ],
)
def test_what_stands_in_no_source_is_left_out_by_setting(
    checker: SupportChecker, sentences: tuple[Sentence, ...], notice: str
) -> None:
    checked = check(draft(*sentences), RETRIEVAL, checker, "remove")
    assert [one.text for one in checked.sentences] == [RIGHT.text, ALSO.text]
    assert checked.notice == notice


@pytest.mark.parametrize("unsupported", ["mark", "remove"])
def test_more_than_half_unsupported_is_no_answer(
    checker: SupportChecker, unsupported: Unsupported
) -> None:
    for sentences in ((WRONG,), (RIGHT, WRONG, WRONG), ()):
        with pytest.raises(WritingFailed) as caught:
            check(draft(*sentences), RETRIEVAL, checker, unsupported)
        assert caught.value.problem == "unsupported"
        assert caught.value.usage == Usage(10, 5, 0.1)


def test_an_answer_that_was_cut_says_so(checker: SupportChecker) -> None:
    checked = check(draft(RIGHT, finish="length"), RETRIEVAL, checker, "mark")
    assert checked.notice == "The answer was cut where it reached the longest that is set."


def test_citations_are_numbered_by_first_use_and_unused_ones_fall_away() -> None:
    one = Sentence("b", (2,))
    sentences, citations = renumbered([one, Sentence("ab", (1, 2))], [FIRST, SECOND])
    assert [s.citations for s in sentences] == [(1,), (2, 1)]
    assert [(c.number, c.quote) for c in citations] == [(1, SECOND.quote), (2, FIRST.quote)]
    assert renumbered([one], [FIRST, SECOND])[1] == (replace(SECOND, number=1),)
    assert renumbered([], [FIRST]) == ((), ())


def test_both_sides_of_a_conflict_stay_cited() -> None:
    old = cited(2, make_hit("Invoices are paid within 60 days.", "old"), "60 days")
    conflict = Conflict("period", (Side(1, "30 days"), Side(2, "60 days")))
    written = (replace(SECOND, number=1), replace(FIRST, number=2))
    citations, [told] = with_sides(written, [FIRST, old], [conflict])
    assert citations[:2] == written
    assert (citations[2].number, citations[2].quote) == (3, "60 days")
    assert told.sides == (Side(2, "30 days"), Side(3, "60 days"))
    assert with_sides(written, [FIRST, old], []) == (written, ())


SURE = Confidence(Level.HIGH, 0.99, ("A reason.",), "Answers like this were right.")


def test_a_doubtful_sentence_lowers_the_confidence_and_leads_the_reasons() -> None:
    fine = replace(RIGHT, verdict=Verdict.SUPPORTED)
    doubtful = replace(RIGHT, verdict=Verdict.PARTLY)
    assert lowered(SURE, [fine]) == SURE
    told = lowered(SURE, [fine, doubtful])
    assert (told.level, told.measured) == (Level.MEDIUM, "")
    assert told.reasons == (
        "One sentence is not fully supported by the sources named.",
        "A reason.",
    )
    unsure = replace(SURE, level=Level.LOW)
    assert lowered(unsure, [doubtful, doubtful]).level is Level.LOW
    assert lowered(unsure, [doubtful, doubtful]).measured == SURE.measured


QUOTED = plain_answer(
    "ans_1",
    state=AnswerState.PARTIAL,
    text=RIGHT.text,
    sentences=(RIGHT,),
    citations=(FIRST,),
    uncovered=("who pays",),
    retrieval=RETRIEVAL,
)


@pytest.mark.parametrize("problem", ["timed_out", "refused", "uncited", "over_budget"])
def test_the_quoted_answer_stands_in_with_what_the_attempt_cost(problem: WritingProblem) -> None:
    failed = WritingFailed("It went wrong.", "Ask again.", problem=problem, usage=Usage(3, 2, None))
    answer = instead(QUOTED, failed, 5)
    assert replace(answer, notice=None, usage=QUOTED.usage) == QUOTED
    assert answer.notice == (
        "It went wrong, so this is quoted from your documents instead. Ask again."
    )
    assert (answer.usage.input_tokens, answer.usage.cost_usd) == (3, None)


@pytest.mark.parametrize(
    ("level", "state"),
    [
        (Level.HIGH, AnswerState.PARTIAL),
        (Level.MEDIUM, AnswerState.NOT_FOUND),
        (Level.LOW, AnswerState.NOT_FOUND),
    ],
)
def test_a_model_that_found_nothing_is_believed_unless_the_quotes_are_sure(
    level: Level, state: AnswerState
) -> None:
    quoted = replace(QUOTED, confidence=replace(SURE, level=level))
    answer = instead(quoted, WritingFailed("It found nothing.", problem="not_covered"), 5)
    assert answer.state is state
    if state is AnswerState.NOT_FOUND:
        assert (answer.text, answer.sentences, answer.citations, answer.uncovered) == (
            "",
            (),
            (),
            (),
        )
        assert answer.closest == (HIT,)
        assert answer.notice == "It found nothing."
    else:
        assert answer.sentences == QUOTED.sentences


def test_usages_add_up_and_an_unknown_price_stays_unknown() -> None:
    assert total(Usage(1, 2, 0.25), Usage(3, 4, 0.5)) == Usage(4, 6, 0.75)
    assert total(Usage(1, 2, None), Usage(3, 4, 0.5)) == Usage(4, 6, None)
