"""Answers compiled from sentences word for word: which, how many, in what order, with what else."""

from __future__ import annotations

import pytest

from app.ask.checking.verify import verify_quotes
from app.ask.quotes import compile_answer, select
from app.ask.sentences import rank_sentences
from app.domain import Citation, Hit, Sentence
from tests.knowledge.hits import make_document, make_hit, make_retrieval

Compiled = tuple[list[Sentence], list[Citation]]


def answer(question: str, *hits: Hit, limit: int = 3) -> Compiled:
    """The quoted answer from these hits."""
    retrieval = make_retrieval(question, *hits)
    return compile_answer(select(rank_sentences(question, retrieval, read=8), limit))


def texts(compiled: Compiled) -> list[str]:
    return [sentence.text for sentence in compiled[0]]


def hit(*sentences: str, good: int | tuple[int, ...] = (), **fields: object) -> Hit:
    """A passage of these sentences, one a line; the ``good`` ones are near the question."""
    near = (good,) if isinstance(good, int) else good
    scores = tuple(0.9 if i in near else 0.1 for i in range(len(sentences)))
    return make_hit("\n".join(sentences), sentence_scores=scores, **fields)  # type: ignore[arg-type]


def test_nothing_found_gives_no_quote() -> None:
    assert answer("boats?") == ([], [])


def test_a_quote_stands_letter_for_letter_where_its_citation_says() -> None:
    document = make_document("harbor", title="Harbor", kind="pdf", page_kind="page")
    passage = "Nothing here.\nBoats  keep to the »right«.\u00a0\nNothing there."
    found = make_hit(
        passage,
        document,
        start=100,
        sentences=((0, 13), (14, 41), (43, 57)),
        sentence_scores=(0.1, 0.9, 0.1),
        heading=("Rules", "Traffic"),
    )
    [sentence], [citation] = answer("Where do boats keep?", found)
    assert sentence.text == citation.quote == "Boats  keep to the »right«."
    assert (citation.start, citation.end) == (114, 141)
    assert passage[citation.start - 100 : citation.end - 100] == citation.quote
    assert citation.before + citation.quote + citation.after == passage
    assert (citation.number, sentence.citations) == (1, (1,))
    assert (citation.title, citation.source, citation.kind) == ("Harbor", document.source, "pdf")
    assert (citation.heading, citation.page_kind) == (("Rules", "Traffic"), "page")
    assert citation.updated_at == document.modified_at
    assert citation.passage_id == found.passage.id


@pytest.mark.parametrize(
    "opening",
    ["It", "They", "This", "However, it", "For example, boats", "These boats", "He", "But that"],
)
def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it(opening: str) -> None:
    leaning = f"{opening} must keep to the right."
    found = hit("Boats are built in Porto.", leaning, "Cats sleep.", good=1)
    assert texts(answer("Where must one keep?", found)) == [f"Boats are built in Porto.\n{leaning}"]


def test_a_sentence_that_stands_alone_is_quoted_alone() -> None:
    found = hit("Boats are built in Porto.", "Every boat must keep right.", good=1)
    assert texts(answer("Where must one keep?", found)) == ["Every boat must keep right."]
    found = hit("Boats are built in Porto.", "There are several rules on where to keep.", good=1)
    assert texts(answer("Where must one keep?", found)) == [
        "There are several rules on where to keep."
    ]


def test_a_leaning_first_sentence_of_a_passage_is_quoted_as_it_is() -> None:
    assert texts(answer("Where to keep?", hit("They keep right.", "Cats sleep.", good=0))) == [
        "They keep right."
    ]


@pytest.mark.parametrize(
    "head",
    [
        "To connect, do this:",
        "Connecting works as follows.",
        "The steps to connect are below.",
        "How do I connect?",
    ],
)
def test_what_only_introduces_is_quoted_with_what_follows(head: str) -> None:
    found = hit("Cats sleep.", head, "Open the client.", "Enter the address.", "Confirm.", good=1)
    assert texts(answer("how to connect", found)) == [
        f"{head}\nOpen the client.\nEnter the address."
    ]
    [two] = texts(answer("how to connect", found, limit=2))
    assert two == f"{head}\nOpen the client."
    [one] = texts(answer("how to connect", found, limit=1))
    assert one == head


def test_a_list_s_head_at_the_end_of_a_passage_is_quoted_alone() -> None:
    assert texts(answer("how to connect", hit("Cats sleep.", "To connect, do this:", good=1))) == [
        "To connect, do this:"
    ]


def test_a_table_row_is_quoted_whole_with_its_column_names() -> None:
    rows = ("Role: Team lead | Limit: EUR 2,000", "Role: Director | Limit: EUR 80,000")
    [sentence], _ = answer("What is the limit of a director?", hit(*rows, good=1))
    assert sentence.text == rows[1]


def test_at_most_so_many_sentences_are_quoted() -> None:
    sentences = [f"Boats with number {i} keep to the right." for i in range(6)]
    found = [hit(text, f"Cats {i}.", good=0, document=f"d{i}") for i, text in enumerate(sentences)]
    for limit in (1, 2, 3, 5):
        assert len(texts(answer("Where do boats keep?", *found, limit=limit))) == limit


def test_a_much_worse_sentence_is_not_added_to_fill_up() -> None:
    found = hit("Boats keep to the right.", "Cats sleep.", "Trains are late.", good=0)
    assert texts(answer("Where do boats keep?", found)) == ["Boats keep to the right."]


def test_a_long_answer_does_not_grow_further() -> None:
    long = "Boats keep right " + "and slow down whenever a larger one comes near " * 8 + "always."
    found = [hit(long, good=0), hit("Boats keep right at night.", good=0, document="other")]
    assert texts(answer("Where do boats keep?", *found)) == [long]


def test_no_text_is_quoted_twice() -> None:
    twins = [
        hit("Boats keep to the right.", good=0, document="a"),
        hit("Boats  keep to the RIGHT.", good=0, document="b"),
    ]
    assert len(texts(answer("Where do boats keep?", *twins))) == 1


def test_neighboring_sentences_become_one_quote() -> None:
    found = hit("Boats keep right.", "Boats keep slow.", "Cats sleep.", good=(0, 1))
    [sentence], [citation] = answer("How do boats keep?", found)
    assert sentence.text == "Boats keep right.\nBoats keep slow."
    assert citation.after == "\nCats sleep."


def test_quotes_of_one_document_come_in_reading_order_and_the_best_document_first() -> None:
    early = hit("Boats keep left in Porto.", "x", good=0, document="guide", start=0, score=0.5)
    late = hit("Boats keep right.", "y", good=0, document="guide", start=500, score=0.6)
    other = hit("Boats keep slow.", "z", good=0, document="other", start=100, score=0.55)
    _, citations = answer("Where do boats keep?", late, other, early)
    assert [(c.document_id, c.start) for c in citations] == [
        ("guide", 0),
        ("guide", 500),
        ("other", 100),
    ]
    assert [c.number for c in citations] == [1, 2, 3]


@pytest.mark.parametrize(
    ("question", "sentence", "emphasized"),
    [
        ("How much is a hotel?", "Hotels cost up to EUR 165 a night.", ["EUR 165"]),
        ("When does it open?", "The office opens at 09:30.", ["09:30"]),
        ("Who signs contracts?", "Contracts are signed by Ana Sousa.", ["Ana Sousa"]),
        ("Who signs?", "Ana Sousa, Bo Li, Cem Kaya or Dora Feld signs.", []),
        ("How do I connect?", "Open the client in 5 minutes.", []),
    ],
)
def test_what_may_be_the_very_answer_is_emphasized(
    question: str, sentence: str, emphasized: list[str]
) -> None:
    [quoted], _ = answer(question, hit("Cats sleep.", sentence, good=1))
    assert quoted.text == sentence
    assert [quoted.text[start:end] for start, end in quoted.emphasis] == emphasized


def test_emphasis_stands_within_the_text_also_of_merged_sentences() -> None:
    found = hit("Hotels are booked early.", "They cost up to EUR 165 a night.", good=1)
    [quoted], _ = answer("How much is a night?", found)
    assert quoted.text.startswith("Hotels")
    assert [quoted.text[start:end] for start, end in quoted.emphasis] == ["EUR 165"]


# --- checking ------------------------------------------------------------------------------------


def test_honest_quotes_pass_the_check_unchanged() -> None:
    found = hit("Boats keep right.", "Cats sleep.", good=0, start=40)
    sentences, citations = answer("Where do boats keep?", found)
    assert verify_quotes(sentences, citations, make_retrieval("x", found)) == (sentences, citations)


def forged(**fields: object) -> Compiled:
    """Three honest quotes, the second of which is then changed; what the check leaves of them."""
    from dataclasses import replace

    found = [
        hit("Boats keep right.", good=0, document="a"),
        hit("Boats keep left.", good=0, document="b", start=10),
        hit("Boats keep slow.", good=0, document="c"),
    ]
    sentences, citations = answer("Where do boats keep?", *found)
    assert len(citations) == 3
    citations[1] = replace(citations[1], **fields)  # type: ignore[arg-type]
    return verify_quotes(sentences, citations, make_retrieval("x", *found))


@pytest.mark.parametrize(
    "fields",
    [
        {"quote": "Boats keep LEFT."},
        {"start": 11},
        {"end": 25},
        {"start": 0, "end": 16},
        {"passage_id": "never-found"},
        {"passage_id": "a-0"},
        {"start": 26, "end": 26, "quote": ""},
    ],
    ids=str,
)
def test_a_citation_that_does_not_hold_is_dropped_with_its_sentence(
    fields: dict[str, object],
) -> None:
    sentences, citations = forged(**fields)
    assert [sentence.text for sentence in sentences] == ["Boats keep right.", "Boats keep slow."]
    assert [citation.number for citation in citations] == [1, 2]
    assert [sentence.citations for sentence in sentences] == [(1,), (2,)]


def test_a_sentence_that_is_not_its_citation_s_quote_is_dropped() -> None:
    from dataclasses import replace

    found = hit("Boats keep right.", good=0)
    [sentence], citations = answer("Where do boats keep?", found)
    retrieval = make_retrieval("x", found)
    for wrong in (
        replace(sentence, text="Boats keep left."),
        replace(sentence, citations=()),
        replace(sentence, citations=(9,)),
    ):
        assert verify_quotes([wrong], citations, retrieval) == ([], [])
