"""Ways to damage a file: bytes, words of its format, and the parts inside its container.

Each takes bytes and a `random.Random`, and gives other bytes; the same seed gives the same file.
"""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz import tokens
from tests.fuzz.corpus import seeds
from tests.fuzz.trees import tree

Mutation = Callable[[bytes, random.Random, str], bytes]
"""``(data, dice, format)`` → damaged data."""

CONTAINERS = frozenset({"docx", "pptx", "xlsx", "epub"})
MOST = 1 << 20
"""Bytes of a mutated file at most."""
DEPTHS = (3, 30, 300, 3000, 20_000)

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
TAG = re.compile(rb"<[^<>]{1,300}>")
ATTRIBUTE = re.compile(rb'([\w:.-]+)="([^"]*)"')
WORDED = re.compile(r"document|sheet\d|slide\d+\.xml$|shared|styles|number|\.x?html|opf|ncx")
"""Names of the parts of a container that have words in them."""


def _span(data: bytes, dice: random.Random, longest: int = 4096) -> tuple[int, int]:
    start = dice.randrange(len(data) + 1)
    return start, min(len(data), start + 1 + int(dice.random() ** 3 * longest))


def flip(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Some bits."""
    changed = bytearray(data)
    for _ in range(1 + int(dice.random() ** 3 * 40)):
        if changed:
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def noise(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Random bytes over a stretch."""
    start, end = _span(data, dice, 64)
    return data[:start] + dice.randbytes(end - start) + data[end:]


def truncate(data: bytes, dice: random.Random, kind: str) -> bytes:
    """One end missing."""
    cut = dice.randrange(len(data) + 1)
    return data[:cut] if dice.random() < 0.8 else data[cut:]


def remove(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A stretch missing."""
    start, end = _span(data, dice)
    return data[:start] + data[end:]


def repeat(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A stretch many times."""
    start, end = _span(data, dice, 512)
    times = dice.choice((2, 3, 10, 100, 1000))
    return data[:start] + data[start:end] * times + data[end:]


def move(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A stretch elsewhere."""
    start, end = _span(data, dice)
    rest = data[:start] + data[end:]
    place = dice.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def splice(data: bytes, dice: random.Random, kind: str) -> bytes:
    """The beginning of one file, the end of another."""
    other = dice.choice(seeds(kind if dice.random() < 0.9 else dice.choice(list(tokens.OF_FORMAT))))
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def integer(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A length or an offset that lies."""
    size = dice.choice((1, 2, 4, 8))
    value = dice.choice(tokens.INTEGERS) % (1 << 8 * size)
    start = dice.randrange(len(data) + 1)
    order = "little" if dice.random() < 0.7 else "big"
    return data[:start] + value.to_bytes(size, order) + data[start + size :]  # type: ignore[arg-type]


def number(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A written number that is huge, negative, or none."""
    return _replace_one(data, dice, NUMBER, lambda _old: dice.choice(tokens.NUMBERS).encode())


def word(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Words of the format where they don't belong."""
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        pool = tokens.OF_FORMAT[kind] if dice.random() < 0.8 else tokens.ANYWHERE
        token = dice.choice(pool) * dice.choice((1, 1, 1, 2, 50))
        place = dice.randrange(len(data) + 1)
        if dice.random() < 0.5:  # at the beginning of a line, where it means something
            place = data.rfind(b"\n", 0, place) + 1
        data = data[:place] + token + data[place + dice.choice((0, 0, len(token))) :]
    return data


def nest(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Things within things within things."""
    before, after = dice.choice(tokens.NESTS.get(kind, tokens.NESTS["xml"]))
    depth = dice.choice(DEPTHS)
    start, end = _span(data, dice, 200)
    return data[:start] + before * depth + data[start:end] + after * depth + data[end:]


def lines(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Lines in another order, some twice, some not at all."""
    found = data.split(b"\n")
    dice.shuffle(found) if dice.random() < 0.3 else None
    return b"\n".join(line for line in found for _ in range(dice.choice((0, 1, 1, 1, 1, 2))))


def encode(data: bytes, dice: random.Random, kind: str) -> bytes:
    """The same text in other bytes."""
    into = dice.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "shift-jis", "cp037")
    )
    text = data.decode("utf-8", "replace")
    mark = dice.choice((b"", b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"))
    return mark + text.encode(into, "replace")


def tags(data: bytes, dice: random.Random, kind: str) -> bytes:
    """Elements missing, twice, or wrapped around each other; attributes that lie."""
    roll = dice.random()
    if roll < 0.4:
        return _replace_one(data, dice, ATTRIBUTE, lambda old: _attribute(old, dice))
    if roll < 0.6:
        return _replace_one(data, dice, TAG, lambda _old: b"")
    if roll < 0.75:
        return _replace_one(data, dice, TAG, lambda old: old * dice.choice((2, 3, 200)))
    found = list(TAG.finditer(data))
    if len(found) < 2:
        return data
    first, second = sorted(dice.sample(range(len(found)), 2))
    second = min(second, first + 40)
    start, end = found[first].start(), found[second].end()
    copies = dice.choice((0, 2, 5, 60))
    return data[:start] + data[start:end] * copies + data[end:]


def json_value(data: bytes, dice: random.Random, kind: str) -> bytes:
    """A value of another type, somewhere in a notebook."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return word(data, dice, kind)
    for _ in range(dice.choice((1, 1, 2, 6))):
        _change_value(content, dice)
    return json.dumps(content).encode("utf-8", "surrogatepass")


def member(data: bytes, dice: random.Random, kind: str) -> bytes:
    """The parts inside a container, under right checksums; or the container's list of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # noqa: BLE001  # damaged before: its bytes are all there is
        return flip(data, dice, kind)
    if not parts:
        return data
    roll = dice.random()
    if roll < 0.08:
        parts.pop(dice.randrange(len(parts)))
    elif roll < 0.14:
        one, two = dice.randrange(len(parts)), dice.randrange(len(parts))
        parts[one] = (parts[one][0], parts[two][1])
    elif roll < 0.18:
        place = dice.randrange(len(parts))
        name = dice.choice(("../../x", "/etc/passwd", "x" * 300, "a\\b", "word/\u202e.xml", ""))
        parts[place] = (name, parts[place][1])
    else:
        for _ in range(dice.choice((1, 1, 2))):
            place = dice.choice(_readable(parts))
            name, content = parts[place]
            change = dice.choice(INSIDE)
            parts[place] = (name, change(content, dice, kind)[:MOST])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name or "x"), content)
    return out.getvalue()


def _readable(parts: Sequence[tuple[str, bytes]]) -> list[int]:
    """The parts with words in them, many times; every part once."""
    places = list(range(len(parts)))
    for place, (name, _) in enumerate(parts):
        if WORDED.search(name):
            places += [place] * 12
    return places


def _replace_one(
    data: bytes, dice: random.Random, pattern: re.Pattern[bytes], new: Callable[[bytes], bytes]
) -> bytes:
    found = list(pattern.finditer(data))
    for match in sorted(
        dice.sample(found, min(len(found), dice.choice((1, 1, 2, 5)))),
        key=lambda one: -one.start(),
    ):
        data = data[: match.start()] + new(match[0]) + data[match.end() :]
    return data


def _attribute(old: bytes, dice: random.Random) -> bytes:
    name, _, _ = old.partition(b"=")
    values = (*tokens.NUMBERS, "x" * 5000, "\u202e", "&#55296;", "../../../x", "A1:XFD1048576", "&")
    return name + b'="' + dice.choice(values).encode() + b'"'


def _change_value(content: Any, dice: random.Random) -> None:
    if not isinstance(content, dict | list):
        return  # an earlier change left a number, or a word
    places: list[tuple[Any, Any]] = []
    stack = [content]
    while stack:
        one = stack.pop()
        inside = list(one.items()) if isinstance(one, dict) else list(enumerate(one))
        for key, value in inside:
            places.append((one, key))
            if isinstance(value, dict | list):
                stack.append(value)
    if not places:
        return
    holder, key = dice.choice(places)
    strange: tuple[Any, ...] = (
        *(None, 0, -1, 10**400, 1.5, True, "", "\ud800", "\x00", [], {}, [[]], [None], {"": None}),
        *(["a", 3], "x" * 9000, {"text/html": ["<table><tr><td>", 3]}, {"text/plain": None}),
    )
    if isinstance(holder, dict) and dice.random() < 0.25:
        holder.pop(key)
    elif isinstance(holder, list) and dice.random() < 0.25:
        holder.insert(key, dice.choice(strange))
    else:
        holder[key] = dice.choice(strange)


BYTES: tuple[Mutation, ...] = (
    *(flip, noise, truncate, remove, repeat, move, splice, integer, number, word, nest, lines),
    encode,
)
INSIDE: tuple[Mutation, ...] = (
    *((tree,) * 50),
    *(tags, tags, tags, tags, word, word, word, number, number, nest, flip, truncate, repeat),
    *(remove, noise, encode),
)

OF_FORMAT: dict[str, tuple[Mutation, ...]] = {
    **dict.fromkeys(("md", "txt", "rst", "csv", "eml"), (*BYTES, *(word,) * 5, nest, lines)),
    "html": (*BYTES, *(word,) * 3, *(tags,) * 4),
    "ipynb": (*BYTES, *(json_value,) * 60),
    "pdf": (*BYTES, *(word,) * 8, *(number,) * 6),
    **dict.fromkeys(CONTAINERS, (*BYTES, *(member,) * 150)),
}
"""Format → its mutations; those that reach deeper than the container come more often."""
