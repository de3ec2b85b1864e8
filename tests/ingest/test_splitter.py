"""Documents → passages."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import Block, BlockKind, ParsedDocument, Passage
from app.knowledge.passage_text import embedding_text
from app.knowledge.ports import Embedder
from ingest.parsers import Limits, md
from ingest.splitter import OVERFULL, passage_version, split

Piece = tuple[BlockKind, int, str, int | None]


def words(texts: Sequence[str]) -> list[int]:
    """A tokenizer of which a test can count along: one token per word."""
    return [len(text.split()) for text in texts]


def document(pieces: Sequence[Piece], title: str = "Handbook") -> ParsedDocument:
    text = ""
    blocks = []
    for kind, level, content, page in pieces:
        text += "\n\n" if text else ""
        blocks.append(Block(kind, len(text), len(text) + len(content), level, page))
        text += content
    return ParsedDocument(title=title, text=text, blocks=tuple(blocks), kind="md")


def heading(level: int, text: str, page: int | None = None) -> Piece:
    return (BlockKind.HEADING, level, text, page)


def paragraph(text: str, page: int | None = None) -> Piece:
    return (BlockKind.PARAGRAPH, 0, text, page)


def prose(count: int) -> str:
    """``count`` sentences of ten words."""
    return " ".join(
        f"Rule number {i} says that the river must stay clean." for i in range(1, count + 1)
    )


def passages_of(parsed: ParsedDocument, tokens: int = 200) -> list[Passage]:
    return split(parsed, "doc", "v0", tokens, words)


def check(parsed: ParsedDocument, passages: Sequence[Passage]) -> None:
    """What holds for every document."""
    position = 0
    for number, passage in enumerate(passages):
        assert passage.text == parsed.text[passage.start : passage.end]
        assert passage.start >= position
        position = passage.end
        assert passage.ordinal == number
        assert passage.sentences
        last = passage.start
        for start, end in passage.sentences:
            assert last <= start < end <= passage.end
            sentence = parsed.text[start:end]
            assert sentence == sentence.strip()
            last = end
    assert len({passage.id for passage in passages}) == len(passages)


def test_a_passage_carries_its_headings_but_not_the_title() -> None:
    parsed = document(
        [heading(1, "Handbook"), heading(2, "Leave"), heading(3, "Sick leave"), paragraph(prose(9))]
    )
    (passage,) = passages_of(parsed)
    assert passage.heading == ("Leave", "Sick leave")
    assert passage.text == prose(9)


def test_long_text_is_cut_into_even_passages_of_whole_sentences() -> None:
    parsed = document([paragraph(prose(50))])
    passages = passages_of(parsed)
    check(parsed, passages)
    sizes = [len(passage.text.split()) for passage in passages]
    assert sum(sizes) == 500
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 20
    assert all(passage.text.endswith(".") for passage in passages)


def test_sections_under_high_headings_do_not_share_a_passage() -> None:
    parsed = document(
        [heading(2, "Leave"), paragraph(prose(6)), heading(2, "Travel"), paragraph(prose(6))]
    )
    assert [passage.heading for passage in passages_of(parsed)] == [("Leave",), ("Travel",)]


def test_a_tiny_section_joins_its_neighbor_under_the_same_parent() -> None:
    parsed = document(
        [
            heading(1, "Contacts"),
            heading(2, "Porto"),
            paragraph("Call 12."),
            heading(2, "Halifax"),
            paragraph("Call 14."),
            heading(1, "Rules"),
            paragraph(prose(12)),
        ]
    )
    passages = passages_of(parsed)
    check(parsed, passages)
    assert [passage.heading for passage in passages] == [("Contacts",), ("Rules",)]
    # Both headings stand in the text, as the path names only what holds for all of it.
    assert passages[0].text == "Porto\n\nCall 12.\n\nHalifax\n\nCall 14."
    assert [parsed.text[a:b] for a, b in passages[0].sentences] == ["Call 12.", "Call 14."]


def test_pages_do_not_share_a_passage() -> None:
    parsed = document([paragraph("First page.", 1), paragraph("Second page.", 2)])
    assert [(p.page, p.text) for p in passages_of(parsed)] == [
        (1, "First page."),
        (2, "Second page."),
    ]


def test_headings_alone_are_still_found() -> None:
    parsed = document([heading(1, "Handbook"), heading(2, "Leave"), heading(2, "Travel")])
    (passage,) = passages_of(parsed)
    assert passage.text == "Leave\n\nTravel"


def test_a_document_of_nothing_but_its_title_is_still_found() -> None:
    (passage,) = passages_of(document([heading(1, "Handbook")]))
    assert passage.text == "Handbook"
    assert passage.heading == ()


def test_a_sentence_longer_than_a_passage_is_a_passage_of_its_own() -> None:
    monster = "word " * 600 + "end."
    parsed = document([paragraph("Short one. " + monster + " Short two.")])
    passages = passages_of(parsed)
    check(parsed, passages)
    assert monster in [passage.text for passage in passages]


def test_a_list_stays_with_the_line_that_introduces_it() -> None:
    items = [(BlockKind.ITEM, 1, f"Bring item {i} along to the meeting.", None) for i in range(8)]
    parsed = document([paragraph(prose(14)), paragraph("You need the following:"), *items])
    for tokens in range(60, 200, 10):
        passages = passages_of(parsed, tokens)
        assert any("You need the following:\n\nBring item 0" in p.text for p in passages)


def test_the_number_of_an_item_stands_in_the_passage_but_not_in_the_sentence() -> None:
    parsed = md.parse(b"1. Open the valve\n2. Read the dial\n", "steps.md", Limits())
    (passage,) = passages_of(parsed)
    assert passage.text.startswith("1. Open the valve")
    assert [parsed.text[a:b] for a, b in passage.sentences] == ["Open the valve", "Read the dial"]


def test_the_embedded_text_begins_with_title_and_headings_and_its_spans_fit() -> None:
    parsed = document([heading(2, "Leave"), paragraph("One day. Two days.")])
    (passage,) = passages_of(parsed)
    text, spans = embedding_text(parsed.title, passage)
    assert text == "Handbook › Leave\nOne day. Two days."
    assert [text[a:b] for a, b in spans] == ["One day.", "Two days."]


def test_another_recipe_title_or_content_gives_other_ids() -> None:
    versions = {
        passage_version("hash", "p1", "Title"),
        passage_version("hash", "p2", "Title"),
        passage_version("hash", "p1", "Other"),
        passage_version("other", "p1", "Title"),
    }
    assert len(versions) == 4
    assert passage_version("hash", "p1", "Title") in versions


@pytest.mark.slow
def test_fifty_thousand_rows_are_split_in_seconds(embedder: Embedder) -> None:
    rows: list[Piece] = [
        (
            BlockKind.ROW,
            0,
            f"Sensor: LX-3-{i:05d} | Site: Douro {i % 90} | Battery: {i % 100} %",
            None,
        )
        for i in range(50_000)
    ]
    parsed = document(rows)
    start = time.perf_counter()
    passages = split(parsed, "doc", "v0", 200, embedder.count_tokens)
    assert time.perf_counter() - start < 15
    check(parsed, passages)
    assert sum(len(passage.sentences) for passage in passages) == 50_000


blocks = st.lists(
    st.tuples(
        st.sampled_from([*BlockKind]),
        st.integers(1, 4),
        st.text(alphabet="aB. \n:!1é。\U0001f600", min_size=1, max_size=120).filter(str.strip),
        st.one_of(st.none(), st.just(1), st.just(2)),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(pieces=blocks, tokens=st.integers(5, 60))
def test_every_passage_is_the_text_it_claims_to_be_and_nothing_is_lost(
    pieces: list[Piece], tokens: int
) -> None:
    parsed = document(sorted(pieces, key=lambda piece: piece[3] or 0))
    passages = passages_of(parsed, tokens)
    check(parsed, passages)
    covered: set[int] = set()
    for passage in passages:
        for start, end in passage.sentences:
            covered.update(range(start, end))
    for block in parsed.blocks:
        if block.kind is not BlockKind.HEADING:
            inside = {i for i in range(block.start, block.end) if not parsed.text[i].isspace()}
            assert inside <= covered


def test_passages_stay_within_the_size_unless_one_sentence_is_longer() -> None:
    chance = random.Random(7)
    for _ in range(20):
        pieces: list[Piece] = []
        for number in range(chance.randint(1, 12)):
            if chance.random() < 0.5:
                pieces.append(heading(chance.randint(2, 4), f"Part {number}"))
            pieces.append(paragraph(prose(chance.randint(1, 30))))
        parsed = document(pieces)
        passages = passages_of(parsed)
        check(parsed, passages)
        sizes = [sum(words([parsed.text[a:b] for a, b in p.sentences])) for p in passages]
        assert max(sizes) <= OVERFULL * 200


@pytest.mark.parametrize("tokens", [40, 200, 2000])
def test_every_size_works(tokens: int) -> None:
    parsed = document([heading(2, "Rules"), paragraph(prose(120))])
    passages = passages_of(parsed, tokens)
    check(parsed, passages)
    assert len(passages) == pytest.approx(1200 / tokens, abs=1 + 0.25 * 1200 / tokens)
