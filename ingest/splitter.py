"""Documents → passages: about 200 tokens each, whole sentences, one place in the outline.

Units (sentences, rows, code lines) are grouped in three steps:

1. A page, slide or sheet never shares a passage with the next, so that a citation's page is exact;
   nor does a section under a level-1 or level-2 heading.
2. Sections too small to stand alone are joined with a neighbor under the same parent.
3. Within what is left, the cheapest way to cut is found by dynamic programming: passages near the
   size aimed at, cut at a heading rather than between paragraphs, there rather than within one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from app.domain import Block, BlockKind, ParsedDocument, Passage, Span
from ingest.sentences import language_of, sentences_of

SPLITTER_VERSION = 1
"""Raised whenever the same document would be split differently: it is then ingested again."""

SECTION_LEVEL = 2
"""Headings up to this level part passages; deeper ones are only good places to cut."""

TINY_SHARE = 0.2
"""A section below this share of the size aimed at is joined with a neighbor."""

OVERFULL = 1.1
"""Passages may exceed the size aimed at by this much rather than leave a scrap behind."""

# Costs of step 3, on the scale where a passage of no size at all costs 1. A heading inside a
# passage costs so much that sections of 40 % of the size or more stand alone, which keeps the
# heading of a citation exact.
_CROSS_HEADING = 0.7
_CUT_LIST_FROM_LEAD = 0.4
_CUT_IN_BLOCK = 0.12
_CUT_IN_LIST = 0.08
_CUT_BETWEEN_BLOCKS = 0.03
_OVERFULL_WEIGHT = 9.0

Path = tuple[str, ...]


@dataclass(slots=True)
class _Unit:
    """A sentence, a row, a line of code, or a heading that has nothing under it."""

    start: int
    """Where a passage that begins here begins: before an item's number."""
    span: Span
    block: int
    kind: BlockKind
    page: int | None
    path: Path
    section: int
    heads: list[tuple[int, int]] = field(default_factory=list)
    """Headings just before: where each stands, and how deep in the path it is (from 1)."""
    tokens: int = 1
    cut: float = 0.0
    """What it costs to begin a passage here."""


def passage_version(content_hash: str, recipe: str, title: str) -> str:
    """Eight hex digits that change when passages or their embedded text would."""
    data = f"{content_hash}\0{recipe}\0{title}".encode("utf-8", "replace")
    return hashlib.blake2b(data, digest_size=4).hexdigest()


def split(
    parsed: ParsedDocument,
    document_id: str,
    version: str,
    tokens: int,
    count_tokens: Callable[[Sequence[str]], list[int]],
) -> list[Passage]:
    """Passages of about ``tokens`` tokens, in reading order, not overlapping.

    ``version`` goes into the passages' ids. A single sentence longer than ``tokens`` is a passage
    of its own. Headings are not among a passage's sentences: they stand in its path.
    """
    units = _units(parsed)
    if not units:
        return []
    counts = count_tokens([parsed.text[a:b] for a, b in (unit.span for unit in units)])
    for unit, count in zip(units, counts, strict=True):
        unit.tokens = max(count, 1)
    _price_cuts(units, parsed.text)
    passages: list[Passage] = []
    for region in _regions(units, tokens):
        for group in _cut(region, tokens):
            start, heading = _place(group)
            end = group[-1].span[1]
            passages.append(
                Passage(
                    id=f"{document_id}-{version}-{len(passages):04d}",
                    document_id=document_id,
                    ordinal=len(passages),
                    start=start,
                    end=end,
                    text=parsed.text[start:end],
                    heading=heading,
                    page=group[0].page,
                    sentences=tuple(unit.span for unit in group),
                )
            )
    return passages


def _units(parsed: ParsedDocument) -> list[_Unit]:
    """Everything quotable, with its place in the outline."""
    text = parsed.text
    prose = (b for b in parsed.blocks if b.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM))
    language = language_of(" ".join(text[b.start : b.end] for b in islice(prose, 60)))
    title = _key(parsed.title)
    units: list[_Unit] = []
    outline: list[tuple[int, str]] = []
    heads: list[tuple[int, int]] = []
    section = 0
    for number, block in enumerate(parsed.blocks):
        if block.kind is BlockKind.HEADING:
            while outline and outline[-1][0] >= block.level:
                outline.pop()
            name = " ".join(text[block.start : block.end].split())
            is_title = not outline and _key(name) == title
            # The title is already part of what is embedded and cited; "" keeps its level open.
            outline.append((block.level, "" if is_title else name))
            if block.level <= SECTION_LEVEL and not is_title:
                section += 1
            depth = sum(1 for _, part in outline if part)
            if _has_content(parsed.blocks, number):
                heads.append((block.start, depth))
                continue
        path = tuple(part for _, part in outline if part)
        if block.kind is BlockKind.HEADING and path:
            path = path[:-1]
        for span in sentences_of(block, text, language):
            first = span[0] == block.start
            start = _with_marker(text, block) if first else span[0]
            units.append(_Unit(start, span, number, block.kind, block.page, path, section, heads))
            heads = []
    return units


def _has_content(blocks: Sequence[Block], number: int) -> bool:
    """Whether anything stands under this heading; else the heading is itself content."""
    level = blocks[number].level
    following = blocks[number + 1] if number + 1 < len(blocks) else None
    return following is not None and (
        following.kind is not BlockKind.HEADING or following.level > level
    )


def _with_marker(text: str, block: Block) -> int:
    """Where the block begins, with an ordered item's number before it."""
    if block.kind is not BlockKind.ITEM:
        return block.start
    line = text.rfind("\n", 0, block.start) + 1
    lead = text[line : block.start]
    return line + len(lead) - len(lead.lstrip()) if lead.strip() else block.start


def _price_cuts(units: Sequence[_Unit], text: str) -> None:
    for before, unit in pairwise(units):
        if unit.heads:
            unit.cut = 0.0
        elif unit.block == before.block:
            unit.cut = _CUT_IN_BLOCK
        elif unit.kind in (BlockKind.ITEM, BlockKind.ROW, BlockKind.CODE):
            led = before.kind is BlockKind.PARAGRAPH and text[before.span[1] - 1] == ":"
            same = unit.kind is before.kind
            unit.cut = _CUT_LIST_FROM_LEAD if led else _CUT_IN_LIST if same else _CUT_BETWEEN_BLOCKS
        else:
            unit.cut = _CUT_BETWEEN_BLOCKS


def _regions(units: Sequence[_Unit], tokens: int) -> list[list[_Unit]]:
    """Runs within which passages may be cut anywhere: steps 1 and 2."""
    regions: list[list[_Unit]] = []
    for unit in units:
        last = regions[-1][-1] if regions else None
        if last is not None and last.section == unit.section and last.page == unit.page:
            regions[-1].append(unit)
        else:
            regions.append([unit])
    joined: list[list[_Unit]] = []
    sizes: list[int] = []
    tiny = TINY_SHARE * tokens
    for region in regions:
        size = sum(unit.tokens for unit in region)
        if (
            joined
            and (size < tiny or sizes[-1] < tiny)
            and sizes[-1] + size <= tokens
            and joined[-1][-1].page == region[0].page
            and _siblings(joined[-1][-1].path, region[0].path)
        ):
            joined[-1] += region
            sizes[-1] += size
        else:
            joined.append(list(region))
            sizes.append(size)
    return joined


def _siblings(left: Path, right: Path) -> bool:
    """Under the same parent, or one directly under the other."""
    left, right = left[:SECTION_LEVEL], right[:SECTION_LEVEL]
    return len(_common(left, right)) >= max(len(left), len(right)) - 1


def _cut(units: Sequence[_Unit], tokens: int) -> list[Sequence[_Unit]]:
    """The cheapest groups (step 3), by dynamic programming over where the last group begins."""
    limit = OVERFULL * tokens
    total = sum(unit.tokens for unit in units)
    if total <= limit and not any(unit.heads for unit in units[1:]):
        return [units]
    best = [0.0] * (len(units) + 1)
    begin = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        cheapest = float("inf")
        size = 0
        crossed = 0.0
        for first in range(end - 1, -1, -1):
            unit = units[first]
            size += unit.tokens
            if size > limit and first < end - 1:
                break
            share = (size - tokens) / tokens
            fit = share * share if share <= 0 else min(_OVERFULL_WEIGHT * share * share, 1.0)
            cost = best[first] + fit + crossed + (unit.cut if first else 0.0)
            if cost < cheapest:
                cheapest = cost
                begin[end] = first
            if unit.heads:
                crossed += _CROSS_HEADING
        best[end] = cheapest
    groups: list[Sequence[_Unit]] = []
    end = len(units)
    while end > 0:
        groups.append(units[begin[end] : end])
        end = begin[end]
    return groups[::-1]


def _place(group: Sequence[_Unit]) -> tuple[int, Path]:
    """Where the passage begins, and the heading path that holds for all of it.

    A passage over several small sections carries their parent's path, and begins with the heading
    of the first of them, as the other headings stand in its text too.
    """
    heading = group[0].path
    for unit in group:
        heading = _common(heading, unit.path)
    deeper = [start for start, depth in group[0].heads if depth > len(heading)]
    return (min(deeper) if deeper else group[0].start), heading


def _common(left: Path, right: Path) -> Path:
    if left == right:
        return left
    shared = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        shared += 1
    return left[:shared]


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
