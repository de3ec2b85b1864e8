"""Blocks become lists, tables, parts and marks without losing a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Block, BlockKind, Cell
from app.web import reading
from app.web.highlight import SNIPPET_CHARS, snippet
from app.web.pattern_samples import sample_not_found
from app.web.segments import cut, rich, row_labels, squash


def items(*levels: int) -> tuple[str, list[Block]]:
    text, blocks = "", []
    for number, level in enumerate(levels):
        start = len(text)
        text += f"item {number}\n"
        blocks.append(Block(BlockKind.ITEM, start, len(text) - 1, level=level))
    return text, blocks


def shape(bullets: reading.Bullets) -> list[object]:
    return [
        (item.segments[0].text, [shape(child) for child in item.children])
        if item.children
        else item.segments[0].text
        for item in bullets.entries
    ]


def test_items_are_nested_by_their_depth() -> None:
    text, blocks = items(1, 2, 2, 3, 1)
    (bullets,) = reading.nodes(text, blocks, None)
    assert isinstance(bullets, reading.Bullets)
    assert shape(bullets) == [
        ("item 0", [["item 1", ("item 2", [["item 3"]])]]),
        "item 4",
    ]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_no_item_is_lost_whatever_the_depths(levels: list[int]) -> None:
    text, blocks = items(*levels)

    def leaves(bullets: reading.Bullets) -> list[str]:
        return [
            found
            for item in bullets.entries
            for found in (
                item.segments[0].text,
                *(leaf for child in item.children for leaf in leaves(child)),
            )
        ]

    found = [
        leaf
        for node in reading.nodes(text, blocks, None)
        if isinstance(node, reading.Bullets)
        for leaf in leaves(node)
    ]
    assert found == [f"item {number}" for number in range(len(levels))]


def test_a_row_that_lacks_a_value_keeps_the_others_in_their_columns() -> None:
    text = "A: 1 | C: 3\nA: 4 | B: 5 | C: 6\n"
    blocks = [
        Block(BlockKind.ROW, 0, 11, table=1, cells=(Cell("A", 3, 4), Cell("C", 10, 11))),
        Block(
            BlockKind.ROW,
            12,
            30,
            table=1,
            cells=(Cell("A", 15, 16), Cell("B", 22, 23), Cell("C", 29, 30)),
        ),
    ]
    (table,) = reading.nodes(text, blocks, (10, 11))
    assert isinstance(table, reading.Table)
    assert table.columns == ("A", "B", "C")
    assert table.looks == ("number", "number", "number")
    assert [["".join(s.text for s in cell) for cell in row.cells] for row in table.rows] == [
        ["1", "", "3"],
        ["4", "5", "6"],
    ]
    assert [row.marked for row in table.rows] == [True, False]


@given(st.integers(1, 1200), st.integers(1, 400))
def test_parts_cover_every_block_once_and_stay_small(count: int, length: int) -> None:
    blocks = [
        Block(BlockKind.PARAGRAPH, n * (length + 1), n * (length + 1) + length)
        for n in range(count)
    ]
    spans = reading.parts(blocks)
    assert [index for a, b in spans for index in range(a, b)] == list(range(count))
    assert all(b - a <= reading.PART_BLOCKS for a, b in spans)
    for block in blocks[:: max(1, count // 7)]:
        first, stop = spans[reading.part_of(blocks, spans, block.start) - 1]
        assert block in blocks[first:stop]


def test_an_outline_never_skips_a_level_and_leaves_out_the_title() -> None:
    text = "Title\nDeep\nTop\nBelow\n"
    blocks = [
        Block(BlockKind.HEADING, 0, 5, level=1),
        Block(BlockKind.HEADING, 6, 10, level=4),
        Block(BlockKind.HEADING, 11, 14, level=2),
        Block(BlockKind.HEADING, 15, 20, level=3),
    ]
    entries = reading.outline(text, blocks, [(0, 4)], "Title")
    assert [(entry.text, entry.depth) for entry in entries] == [
        ("Deep", 0),
        ("Top", 0),
        ("Below", 1),
    ]


spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=5)


@given(st.text(max_size=50), spans, spans)
def test_cutting_keeps_every_character(
    text: str, marks: list[tuple[int, int]], labels: list[tuple[int, int]]
) -> None:
    assert "".join(piece.text for piece in cut(text, 0, len(text), marks, labels)) == text


@given(st.text(alphabet="ab:| \n", max_size=80))
def test_rows_keep_every_character_too(text: str) -> None:
    assert "".join(piece.text for piece in rich(text)) == text


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("City: Paris | Cap: EUR 190", ["City:", " | ", "Cap:"]),
        ("Note: this is prose.", []),
        ("First line\nA: 1 | no name | B: 2", ["A:", " | ", " | ", "B:"]),
    ],
)
def test_column_names_are_found_only_in_rows(text: str, labels: list[str]) -> None:
    assert [text[a:b] for a, b in row_labels(text)] == labels


def test_empty_lines_are_left_out_of_excerpts() -> None:
    assert squash("a\n\n\nb\n  \nc\nd") == "a\nb\nc\nd"


def test_a_snippet_shows_the_part_with_the_words() -> None:
    hit = sample_not_found().closest[0]
    shown = snippet(hit, ["channel"], width=70)
    text = "".join(piece.text for piece in shown.segments)
    assert [piece.text for piece in shown.segments if piece.marked] == ["channel"]
    assert text in hit.passage.text
    assert len(text) <= SNIPPET_CHARS
