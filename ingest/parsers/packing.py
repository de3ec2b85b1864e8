"""A `ParsedDocument` as flat arrays, for the way from the parsing process to its parent.

Pickling a table of 50,000 rows as half a million small objects takes seconds; as arrays it takes
a few milliseconds on the sending side, and as long as making the objects on the other.
"""

from __future__ import annotations

import pickle
from array import array
from dataclasses import fields

from app.domain import Block, BlockKind, Cell, ParsedDocument

KINDS = tuple(BlockKind)
NONE = -1
SIMPLE = tuple(field.name for field in fields(ParsedDocument) if field.name != "blocks")


def pack(document: ParsedDocument) -> bytes:
    """The document as bytes for `unpack`; only ever read from our own child process."""
    numbers = array("q")
    cells = array("q")
    columns: dict[str, int] = {}
    number_of = {kind: index for index, kind in enumerate(KINDS)}
    for block in document.blocks:
        numbers.extend(
            (
                number_of[block.kind],
                block.start,
                block.end,
                block.level,
                NONE if block.page is None else block.page,
                NONE if block.table is None else block.table,
                len(block.cells),
            )
        )
        for cell in block.cells:
            cells.extend((columns.setdefault(cell.column, len(columns)), cell.start, cell.end))
    simple = tuple(getattr(document, name) for name in SIMPLE)
    return pickle.dumps((simple, numbers, cells, tuple(columns)), protocol=5)


def unpack(data: bytes) -> ParsedDocument:
    """The document that `pack` was given."""
    simple, numbers, cell_numbers, columns = pickle.loads(data)  # noqa: S301  # from our child
    values = iter(cell_numbers)
    cells = (Cell(columns[c], start, end) for c, start, end in zip(values, values, values))  # noqa: B905  # one iterator, thrice
    each = iter(numbers)
    blocks = tuple(
        Block(
            KINDS[kind],
            start,
            end,
            level,
            None if page == NONE else page,
            None if table == NONE else table,
            tuple(next(cells) for _ in range(count)),
        )
        for kind, start, end, level, page, table, count in zip(*[each] * 7)  # noqa: B905  # ditto
    )
    return ParsedDocument(blocks=blocks, **dict(zip(SIMPLE, simple, strict=True)))
