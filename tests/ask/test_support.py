"""What the verifier calls supported, and what it finds wrong, on invented passages."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.ask.checking import checker as support
from app.ask.checking.checker import Support, SupportChecker, Written, load_model
from app.ask.checking.claims import plain, read
from app.ask.checking.facts import FactKind, agree, facts
from app.ask.checking.signals import EXACT, SIGNALS
from app.ask.checking.verify import verify_written
from app.domain import Citation, Hit, Sentence, Verdict
from app.knowledge.model_holder import ModelHolder
from evals.scoring.calibration import auroc
from tests.ask.written_sentences import HARBOR, PUMP, SUPPORTED, WRONG, Pair
from tests.knowledge.hits import make_document, make_hit, make_retrieval

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder


@pytest.fixture(scope="session")
def checker(embedder: Embedder) -> SupportChecker:
    return SupportChecker(ModelHolder(lambda: embedder, "search model"))


def check(checker: SupportChecker, pair: Pair) -> Support:
    passage, title, sentence = pair
    return checker.check(sentence, [passage], [title])


# --- sentences as a model writes them ------------------------------------------------------------


@pytest.mark.parametrize("pair", SUPPORTED, ids=lambda pair: pair[2][:60])
def test_a_faithful_rendering_is_supported(checker: SupportChecker, pair: Pair) -> None:
    found = check(checker, pair)
    assert found.verdict is Verdict.SUPPORTED, found
    assert found.problems == ()


@pytest.mark.parametrize(
    "pair", [pair for pairs in WRONG.values() for pair in pairs], ids=lambda pair: pair[2][:60]
)
def test_a_subtly_wrong_sentence_is_caught_and_said_why(
    checker: SupportChecker, pair: Pair
) -> None:
    found = check(checker, pair)
    assert found.verdict is not Verdict.SUPPORTED, found
    assert found.problems
    assert all(problem.endswith(".") for problem in found.problems)


def test_scores_tell_faithful_sentences_from_wrong_ones(checker: SupportChecker) -> None:
    wrong = [pair for pairs in WRONG.values() for pair in pairs]
    pairs = [*SUPPORTED, *wrong]
    found = checker.check_all([Written(s, (p,), (t,)) for p, t, s in pairs])
    area = auroc([one.score for one in found], [1.0] * len(SUPPORTED) + [0.0] * len(wrong))
    assert area is not None
    assert area >= 0.95


# --- what a problem says -------------------------------------------------------------------------


def test_a_missing_number_is_named(checker: SupportChecker) -> None:
    found = checker.check("A dry run of 45 seconds harms no TX-200.", [PUMP], ["Pumps"])
    assert "“45 seconds” stands in no cited passage." in found.problems


def test_a_value_in_the_place_of_another_is_shown_beside_it(checker: SupportChecker) -> None:
    found = checker.check("It must not run dry for more than 45 seconds.", [PUMP], ["Pumps"])
    said = "It says “45 seconds” where the cited passage says “20 seconds”."
    assert found.problems == (said,)


def test_a_wrong_unit_is_shown_beside_the_right_one(checker: SupportChecker) -> None:
    found = checker.check("It must not run dry for more than 20 minutes.", [PUMP], ["Pumps"])
    assert found.problems[0] == "It says “20 minutes” where the cited passage says “20 seconds”."


def test_a_missing_name_is_named(checker: SupportChecker) -> None:
    found = checker.check("Most of the timber goes to Stavanger.", [HARBOR], ["Larvika"])
    assert "“Stavanger” stands in no cited passage." in found.problems


def test_a_name_in_the_title_counts(checker: SupportChecker) -> None:
    evidence = ["The company was founded in 1982 and employs 300 people."]
    named = "Brandal Shipping was founded in 1982."
    assert checker.check(named, evidence, ["Brandal Shipping"]).verdict is Verdict.SUPPORTED
    without = checker.check(named, evidence, ["About us"])
    assert without.verdict is not Verdict.SUPPORTED


def test_only_cited_passages_count(checker: SupportChecker) -> None:
    sentence = "The seal must be replaced every 4,000 operating hours."
    assert checker.check(sentence, [PUMP], ["Pumps"]).verdict is Verdict.SUPPORTED
    assert checker.check(sentence, [HARBOR], ["Port"]).verdict is Verdict.UNSUPPORTED


def test_one_of_several_cited_passages_is_enough(checker: SupportChecker) -> None:
    found = checker.check("The port opened in 1904.", [PUMP, HARBOR], ["Pumps", "Port"])
    assert found.verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("sentence", ["", "…", "**", "🙂"])
def test_a_sentence_that_says_nothing_is_unsupported(
    checker: SupportChecker, sentence: str
) -> None:
    assert checker.check(sentence, [PUMP]).verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize("evidence", [[], [""], ["\n\n"]])
def test_a_sentence_that_cites_nothing_is_unsupported(
    checker: SupportChecker, evidence: list[str]
) -> None:
    found = checker.check("The port opened in 1904.", evidence)
    assert found.verdict is Verdict.UNSUPPORTED
    assert found.problems == ("It cites nothing that could support it.",)


def test_markdown_and_citation_marks_change_nothing(checker: SupportChecker) -> None:
    plainly = checker.check("The port opened in 1904.", [HARBOR], ["Port"])
    marked = checker.check("- The port **opened** in 1904 [1, 2].", [HARBOR], ["Port"])
    assert marked.verdict is plainly.verdict is Verdict.SUPPORTED


def test_a_table_row_supports_a_sentence(checker: SupportChecker) -> None:
    rows = "City: Porto | Hotel cap: EUR 120 | Per diem: EUR 45\nCity: Oslo | Hotel cap: EUR 210"
    assert checker.check("The hotel cap in Oslo is €210.", [rows]).verdict is Verdict.SUPPORTED
    assert checker.check("The hotel cap in Oslo is €120.", [rows]).verdict is not Verdict.SUPPORTED


# --- equal values, however they are written ------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "1000"),
        ("fourteen", "14"),
        ("two hundred and fifty", "250"),
        ("14 days", "two weeks"),
        ("a fortnight", "14 days"),
        ("24 months", "two years"),
        ("50 %", "50 percent"),
        ("half of it", "50 percent of it"),
        ("2026-03-01", "1 March 2026"),
        ("2026-03-01", "March 1, 2026"),
        ("the 1st of March 2026", "Mar 1, 2026"),
        ("$5m", "5 million dollars"),
        ("US$2.5bn", "$2,500,000,000"),
        ("€40", "EUR 40"),
        ("10k", "10,000"),
        ("5 pm", "17:00"),
        ("9:30 a.m.", "09:30"),
        ("noon", "12:00"),
        ("second", "2nd"),
        ("1.5 GB", "1500 MB"),
        ("2 km", "2,000 meters"),
        ("6½", "6.5"),
        ("the 1990s", "the 1990's"),
    ],
)
def test_equal_values_agree(one: str, other: str) -> None:
    a, b = facts(f"It is {one}."), facts(f"It is {other}.")
    assert a
    assert b
    assert agree(a[0], b[0]), (a, b)
    assert agree(b[0], a[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "100"),
        ("14 days", "14 weeks"),
        ("30 days", "one month"),
        ("5 days", "5 business days"),
        ("50 %", "55 percent"),
        ("2026-03-01", "2026-01-03"),
        ("March 2026", "March 2025"),
        ("$5 million", "$5 billion"),
        ("€40", "$40"),
        ("5 pm", "5 am"),
        ("second", "third"),
        ("v2.3.1", "v2.3.2"),
    ],
)
def test_different_values_do_not_agree(one: str, other: str) -> None:
    a, b = facts(f"It is {one}."), facts(f"It is {other}.")
    assert a
    assert b
    assert not agree(a[0], b[0]), (a, b)


def test_a_date_is_met_by_a_more_exact_one_but_not_the_other_way_round() -> None:
    exact, vague = facts("on 4 May 2021")[0], facts("in May 2021")[0]
    assert agree(vague, exact)
    assert not agree(exact, vague)


def test_about_allows_rounding_but_no_other_number() -> None:
    exact = facts("It has 4,836 members.")[0]
    assert agree(facts("It has about 4,800 members.")[0], exact)
    assert not agree(facts("It has 4,800 members.")[0], exact)
    assert not agree(facts("It has about 4,837 members.")[0], exact)
    assert not agree(facts("It has about 5,500 members.")[0], exact)


def test_units_are_shared_in_a_range() -> None:
    found = facts("between 5 and 10 business days")
    assert [fact.unit for fact in found] == ["working time", "working time"]


def test_may_is_a_month_only_where_it_can_be_one() -> None:
    assert facts("You may leave. It may rain.") == []
    assert facts("It rained in May.")[0].kind is FactKind.DATE


def test_tokenized_text_reads_like_plain_text() -> None:
    assert (
        plain("It did n't end , the dog 's owner said .") == "It didn't end, the dog's owner said."
    )
    assert read(plain("98 % of it")).keys == read("98% of it").keys


# --- in an answer --------------------------------------------------------------------------------


def test_a_written_sentence_is_judged_by_its_own_citations(checker: SupportChecker) -> None:
    pumps = make_hit(PUMP, make_document("pumps", title="Pumps"))
    port = make_hit(HARBOR, make_document("port", title="Port of Larvika"))
    citations = [cite(1, pumps), cite(2, port)]
    sentences = [
        Sentence("The port opened in 1904.", (2,)),
        Sentence("The port opened in 1904.", (1,)),
        Sentence("The port opened in 1905.", (2,)),
        Sentence("The port opened in 1904.", ()),
        Sentence("The port opened in 1904.", (7,)),
    ]
    found = verify_written(sentences, citations, make_retrieval("?", pumps, port), checker)
    assert [s.text for s in found] == [s.text for s in sentences]
    assert [s.citations for s in found] == [s.citations for s in sentences]
    supported = [s.verdict is Verdict.SUPPORTED for s in found]
    assert supported == [True, False, False, False, False]
    assert all(s.support is not None and 0 <= s.support <= 1 for s in found)
    assert found[0].problems == ()
    assert found[2].problems


def test_a_name_in_the_heading_of_the_cited_passage_counts(checker: SupportChecker) -> None:
    hit = make_hit(
        "The cap is EUR 210 per night.", make_document("caps", title="Caps"), heading=("Oslo",)
    )
    [found] = verify_written(
        [Sentence("In Oslo the cap is EUR 210 per night.", (1,))],
        [cite(1, hit)],
        make_retrieval("?", hit),
        checker,
    )
    assert found.verdict is Verdict.SUPPORTED


def cite(number: int, hit: Hit) -> Citation:
    passage, document = hit.passage, hit.document
    return Citation(
        number=number,
        document_id=document.id,
        passage_id=passage.id,
        title=document.title,
        source=document.source,
        collection=document.collection,
        kind=document.kind,
        heading=passage.heading,
        page=None,
        page_kind="",
        quote=passage.text,
        start=passage.start,
        end=passage.end,
        updated_at=document.modified_at,
    )


# --- the model that ships ------------------------------------------------------------------------


def test_the_shipped_model_names_only_signals_that_exist_and_says_where_it_comes_from() -> None:
    model = load_model()
    assert set(model.coefficients) <= set(SIGNALS)
    assert set(EXACT) <= set(SIGNALS)
    assert 0 < model.partly_from < model.supported_from < 1
    written = json.loads(Path(support.__file__).with_name("support.json").read_text())
    assert written["fitted_on"]
    assert written["reported_on"]
    assert not set(written["fitted_on"]) & set(written["reported_on"])
    assert set(written["figures"]) == {*written["fitted_on"], *written["reported_on"]}


@pytest.mark.slow
def test_a_check_against_three_passages_takes_a_blink(checker: SupportChecker) -> None:
    checker.check("Warm up.", [PUMP], [])
    times = []
    for number in range(12):
        passages = [f"{text} Note {number}." for text in (PUMP, HARBOR, PUMP + HARBOR)]
        start = time.perf_counter()
        checker.check(f"The port number {number} opened in 1904 after a fire.", passages, ["Port"])
        times.append(time.perf_counter() - start)
    assert min(times) < 0.4  # 40 ms on a quiet machine; this one is shared by tests
