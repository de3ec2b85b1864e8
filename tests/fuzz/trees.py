"""Damage to XML that stays well-formed, so that it is the reader of the meaning who meets it."""

from __future__ import annotations

import copy
import random
from functools import cache

from lxml import etree  # type: ignore[import-untyped]  # ships no types

from tests.fuzz import tokens

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
)
SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
TEXTS = (
    *("", " ", "\u202e\u2066", "=1+1", "#REF!", "\ufffd", "2026-02-30", "\n\n", "1e999", "😀" * 9),
    *("x" * 40_000, "́" * 50, "99999", "-1", "true", "|", "| a | b |", "Superseded by \u200b"),
)
VALUES = (*tokens.NUMBERS, *TEXTS, "A1:XFD1048576", "rId99", "../x")
DEPTHS = (2, 10, 150, 2000)
MOST_COPIES = 300


def tree(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A few elements gone, doubled, moved, nested, renamed, or with other words in them."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return data
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        _change(root, dice)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _change(root: etree._Element, dice: random.Random) -> None:  # noqa: PLR0912  # one for each
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node = dice.choice(nodes)
    parent = node.getparent()
    roll = dice.random()
    if roll < 0.3 and (named := [one for one in nodes if one.attrib]):
        one = dice.choice(named)
        key = dice.choice(list(one.attrib))
        if dice.random() < 0.2:
            del one.attrib[key]
        else:
            one.attrib[key] = dice.choice(
                (*tokens.NUMBERS, *TEXTS, "A1:XFD1048576", "rId99", "../x")
            )
    elif roll < 0.4:
        worded = [one for one in nodes if one.text and one.text.strip()]
        dice.choice(worded or nodes).text = dice.choice((*TEXTS, *tokens.NUMBERS))
    elif roll < 0.5:
        node.append(copy.deepcopy(dice.choice(_pieces())))
    elif parent is None:
        return
    elif roll < 0.65:
        parent.remove(node)
    elif roll < 0.8 and len(node) < 200:
        for _ in range(dice.choice((1, 1, 3, MOST_COPIES))):
            node.addnext(copy.deepcopy(node))
    elif roll < 0.87:
        _nest(node, dice.choice(DEPTHS))
    elif roll < 0.94:
        other = dice.choice(nodes)
        if other is not node and node not in other.iterancestors():
            other.append(node)
    else:
        node.tag = dice.choice(nodes).tag


def _nest(node: etree._Element, depth: int) -> None:
    """The element around itself: as its children's only way in."""
    inside = list(node)
    place = node
    for _ in range(depth):
        deeper = etree.SubElement(place, node.tag, dict(node.attrib))
        place = deeper
    for child in inside:
        place.append(child)


@cache
def _pieces() -> tuple[etree._Element, ...]:
    """The tokens that are whole elements."""
    found: list[etree._Element] = []
    for token in tokens.XML:
        for spaces in (NAMESPACES, NAMESPACES + SHEET):
            try:
                found += list(etree.fromstring(b"<x " + spaces.encode() + b">" + token + b"</x>"))
            except etree.XMLSyntaxError:
                continue
    return tuple(found)
