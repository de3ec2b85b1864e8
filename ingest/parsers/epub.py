"""EPUB books: the spine's chapters in reading order, through the HTML parser."""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from defusedxml import ElementTree  # type: ignore[import-untyped]  # ships no types

from app.domain import BlockKind, ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers.archive import open_zip, read_member
from ingest.parsers.build import Facts, TextBuilder, as_utc, parse_date
from ingest.parsers.decode import decode
from ingest.parsers.html import add_html
from ingest.parsers.limits import Limits

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
XHTML = "{http://www.w3.org/1999/xhtml}"
EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """An EPUB book without copy protection."""
    builder = TextBuilder(limits)
    with open_zip(data, limits) as archive:
        path = _package_path(archive)
        package = _xml(archive, path)
        manifest = {
            item.get("id", ""): item for item in package.iter(f"{OPF}item") if item.get("href")
        }
        chapters = _chapters(package, manifest)
        _refuse_protected(archive, chapters, path)
        labels = _labels(archive, path, manifest)
        missing = 0
        for href in chapters:
            member = _resolve(path, href)
            try:
                content = read_member(archive, member)
            except KeyError:
                missing += 1
                continue
            _add_chapter(builder, content, labels.get(member, ""))
        if missing:
            builder.warn(f"{missing} of {len(chapters)} chapters are missing from the file.")
    return builder.document(
        name=name,
        kind="epub",
        title=_metadata(package, "title"),
        facts=Facts(
            modified_at=as_utc(parse_date(_modified(package))),
            owner=_metadata(package, "creator") or None,
        ),
    )


def _package_path(archive: zipfile.ZipFile) -> str:
    root = _xml(archive, "META-INF/container.xml").find(f".//{CONTAINER}rootfile")
    if root is None or not root.get("full-path"):
        raise UnreadableDocument(
            "The file is damaged: it does not say where the book's contents are.",
            "Get the book again, or convert it to HTML.",
        )
    return str(root.get("full-path"))


def _xml(archive: zipfile.ZipFile, member: str) -> Element:
    root: Element = ElementTree.fromstring(read_member(archive, member))
    return root


def _chapters(package: Element, manifest: dict[str, Element]) -> list[str]:
    """Paths of the spine's documents, without the book's own table of contents."""
    found = []
    for reference in package.iter(f"{OPF}itemref"):
        item = manifest.get(reference.get("idref", ""))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if "html" in (item.get("media-type") or "html"):
            found.append(str(item.get("href")))
    return found


def _refuse_protected(archive: zipfile.ZipFile, chapters: list[str], path: str) -> None:
    """Fonts may be obfuscated; encrypted chapters cannot be read."""
    try:
        rules = read_member(archive, "META-INF/encryption.xml").decode("utf-8", "replace")
    except KeyError:
        return
    hidden = {unquote(uri) for uri in re.findall(r'URI="([^"]+)"', rules)}
    if hidden & {_resolve(path, href) for href in chapters}:
        raise UnreadableDocument(
            "The file is encrypted: the book is copy-protected.",
            "Ingest a copy without copy protection.",
        )


def _labels(archive: zipfile.ZipFile, path: str, manifest: dict[str, Element]) -> dict[str, str]:
    """Member → the chapter's name in the book's table of contents."""
    labels: dict[str, str] = {}
    for item in manifest.values():
        is_nav = "nav" in (item.get("properties") or "").split()
        if not is_nav and item.get("media-type") != "application/x-dtbncx+xml":
            continue
        member = _resolve(path, str(item.get("href")))
        try:
            root = _xml(archive, member)
        except (KeyError, ElementTree.ParseError):
            continue
        if is_nav:
            entries = [
                (link.get("href", ""), "".join(link.itertext()))
                for nav in root.iter(f"{XHTML}nav")
                if nav.get(EPUB_TYPE, "toc") == "toc"
                for link in nav.iter(f"{XHTML}a")
            ]
        else:
            entries = [
                (content.get("src", ""), "".join(label.itertext()))
                for point in root.iter(f"{NCX}navPoint")
                if (content := point.find(f"{NCX}content")) is not None
                and (label := point.find(f"{NCX}navLabel")) is not None
            ]
        for href, label_text in entries:
            target = _resolve(member, href.partition("#")[0])
            labels.setdefault(target, " ".join(label_text.split()))
    return labels


def _add_chapter(builder: TextBuilder, content: bytes, label: str) -> None:
    """A chapter; when it opens without a heading, its name in the contents is one."""
    chapter = TextBuilder(builder.limits)
    add_html(chapter, decode(content, builder.warn))
    for warning in chapter.warnings:
        builder.warn(warning)
    if chapter.empty:
        return
    if label and chapter.blocks[0].kind is not BlockKind.HEADING:
        builder.heading(label, 1)
    builder.append(chapter.document(name="", kind="epub"))


def _resolve(base: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(href)))


def _metadata(package: Element, field: str) -> str:
    element = package.find(f".//{DC}{field}")
    return " ".join((element.text or "").split()) if element is not None else ""


def _modified(package: Element) -> str:
    for meta in package.iter(f"{OPF}meta"):
        if meta.get("property") == "dcterms:modified":
            return (meta.text or "").strip()
    return _metadata(package, "date")
