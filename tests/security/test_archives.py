"""Containers made to harm: bombs of every shape, members that climb out, entities, macros."""

from __future__ import annotations

import io
import resource
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from app.errors import UnreadableDocument
from ingest.parsers import Limits, parse
from ingest.parsers.archive import open_zip
from ingest.parsers.isolated import ParserPool
from tests.ingest.parsers import files

MIB = 1024 * 1024
NAMES = ("a.docx", "a.xlsx", "a.pptx", "a.epub")
FIRST = {
    "a.docx": "word/document.xml",
    "a.xlsx": "xl/workbook.xml",
    "a.pptx": "ppt/presentation.xml",
    "a.epub": "META-INF/container.xml",
}


def container(name: str, **members: bytes) -> bytes:
    """A container that is taken for the format of ``name``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr(FIRST[name], b"<x/>")
        for path, data in members.items():
            archive.writestr(path, data)
    return out.getvalue()


def refused_cheaply(data: bytes, name: str) -> str:
    """The reason; little time and memory may go into finding it."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()
    with pytest.raises(UnreadableDocument) as refusal:
        parse(data, name, Limits())
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert time.thread_time() - started < 5
    assert grown < 150, f"{grown:.0f} MiB"
    return refusal.value.message


@pytest.mark.parametrize("name", NAMES)
def test_a_bomb_within_a_bomb_is_never_opened(name: str) -> None:
    """Members that are archives themselves are nobody's text, and stay packed."""
    inner = container("a.docx", **{"word/media/a.bin": bytes(20 * MIB)})
    for _ in range(3):
        inner = container("a.docx", **{f"word/embeddings/{n}.docx": inner for n in range(8)})
    assert refused_cheaply(container(name, **{"media/inner.zip": inner}), name)


def overlapping(count: int, size: int) -> bytes:
    """Many members of the directory that all point to one packed part (Fifield's construction)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = bytes(size)
    packed = packer.compress(kernel) + packer.flush()
    checksum = zlib.crc32(kernel)

    def fields(name: bytes) -> bytes:
        return struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, checksum, len(packed), size, len(name), 0)

    out = bytearray()
    places = []
    for name in (b"[Content_Types].xml", b"word/document.xml"):
        places.append((name, len(out)))
        out += b"PK\3\4" + fields(name) + name + packed
    start = len(out)
    entries = places + [(b"word/%06d.xml" % n, places[1][1]) for n in range(count)]
    for name, offset in entries:
        out += b"PK\1\2" + struct.pack("<H", 20) + fields(name)
        out += struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
    size_of_directory = len(out) - start
    total = len(entries)
    out += b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, total, total, size_of_directory, start, 0)
    return bytes(out)


def test_parts_that_overlap_are_counted_as_often_as_they_are_named() -> None:
    assert "zip bomb" in refused_cheaply(overlapping(5_000, 5 * MIB), "a.docx")


def test_too_many_members_are_refused() -> None:
    many = container("a.xlsx", **{f"xl/{number}.xml": b"" for number in range(20_001)})
    assert "files" in refused_cheaply(many, "a.xlsx")


def test_a_size_that_is_told_too_small_gives_no_more_than_was_told() -> None:
    honest = container("a.docx", **{"word/big.xml": bytes(30 * MIB)})
    lying = honest.replace(struct.pack("<I", 30 * MIB), struct.pack("<I", 1000))
    assert lying != honest
    with open_zip(lying, Limits()) as archive, pytest.raises(zipfile.BadZipFile):
        archive.read("word/big.xml")


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(99 + n)} "{f"&{chr(98 + n)};" * 9}">' for n in range(9))
    + "]><x>&k;</x>"
)
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"A" * 50_000}">]><x>{"&a;" * 20_000}</x>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
REMOTE = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'
PARAMETER = '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><x/>'


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "xml",
    [ENTITIES, QUADRATIC, EXTERNAL, REMOTE, PARAMETER],
    ids=["laughs", "quadratic", "external", "remote", "parameter"],
)
def test_entities_are_neither_unfolded_nor_fetched(name: str, xml: str) -> None:
    said = refused_cheaply(_only(name, xml), name)
    assert "root:" not in said


def _only(name: str, xml: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", xml)
        archive.writestr("_rels/.rels", xml)
        archive.writestr(FIRST[name], xml)
    return out.getvalue()


def added(data: bytes, **members: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.epub"])
def test_a_member_that_climbs_out_writes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No parser unpacks to disk, so no member's name is ever a path."""
    climbing = {
        "../../../../climbed.txt": b"out",
        "/climbed.txt": b"out",
        "..\\climbed.txt": b"out",
        "C:\\climbed.txt": b"out",
        "x/../../climbed.xml": b"<x/>",
    }
    inside = tmp_path / "a" / "b" / "c"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    sample = next(
        file
        for file in sorted((Path(__file__).parents[2] / "ingest/sample/documents").rglob("*"))
        if file.suffix == Path(name).suffix
    )
    document = parse(added(sample.read_bytes(), **climbing), name, Limits())
    assert document.text
    assert list(tmp_path.rglob("climbed*")) == []
    assert not Path("/climbed.txt").exists()


MACRO = b'Attribute VB_Name = "AutoOpen"\nSub AutoOpen(): Shell "touch macro-ran": End Sub'


@pytest.mark.parametrize(
    ("suffix", "part"),
    [
        (".docx", "word/vbaProject.bin"),
        (".xlsx", "xl/vbaProject.bin"),
        (".pptx", "ppt/vbaProject.bin"),
    ],
)
def test_a_macro_is_never_run_and_is_no_text(
    suffix: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with macros gives its text; the program in it is no part of that."""
    sample = next(
        file
        for file in sorted((Path(__file__).parents[2] / "ingest/sample/documents").rglob("*"))
        if file.suffix == suffix
    )
    plain = parse(sample.read_bytes(), f"a{suffix}", Limits())
    with_macro = added(sample.read_bytes(), **{part: MACRO, "customUI/customUI.xml": MACRO})
    monkeypatch.chdir(tmp_path)
    document = parse(with_macro, f"a{suffix[:-1]}m", Limits())
    assert document.text == plain.text
    assert "AutoOpen" not in document.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_hostile_file_costs_one_child_at_most(tmp_path: Path) -> None:
    with ParserPool(1, timeout_s=20) as pool:
        with pytest.raises(UnreadableDocument):
            pool.parse_in_child(overlapping(5_000, 5 * MIB), "a.docx", Limits())
        assert pool.parse_in_child(files.docx(), "a.docx", Limits()).text


def test_a_name_is_never_a_path() -> None:
    from app.uploads import base_name

    for name in (
        *("../../etc/passwd", "..\\..\\etc\\passwd", "/etc/passwd", "C:\\x\\passwd"),
        *("a/../../passwd", "....//passwd", "a\0/passwd", "./passwd", "~/passwd"),
    ):
        assert base_name(name) == "passwd"
    for name in ("", ".", "..", "/", "\\", "../", "..\\..", "\0"):
        assert base_name(name) == "unnamed"
