"""Sample e-books: EPUB 3 with one page per chapter."""

from __future__ import annotations

import html
import uuid
from pathlib import Path

from ingest.sample.markup import COMPANY, MARKDOWN, author, moment, read_markdown
from ingest.sample.office import packed

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en-US">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>en-US</dc:language>
<dc:creator>{author}</dc:creator>
<dc:publisher>{publisher}</dc:publisher>
<dc:date>{date:%Y-%m-%d}</dc:date>
<meta property="dcterms:modified">{date:%Y-%m-%dT%H:%M:%SZ}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"\
 lang="en-US" xml:lang="en-US">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def chapters_of(text: str) -> list[tuple[str, str]]:
    """Split a text at its highest headings into titles and XHTML; a foreword comes first."""
    tokens = MARKDOWN.parse(text)
    tops = min((token.tag for token in tokens if token.type == "heading_open"), default="h1")
    starts = [
        n for n, token in enumerate(tokens) if token.type == "heading_open" and token.tag == tops
    ]
    chapters = [(tokens[n + 1].content, n) for n in starts]
    if not starts or starts[0]:
        chapters.insert(0, ("About this guide", 0))
    ends = [start for _, start in chapters[1:]] + [len(tokens)]
    return [
        (title, MARKDOWN.renderer.render(tokens[start:end], MARKDOWN.options, {}))
        for (title, start), end in zip(chapters, ends, strict=True)
    ]


def epub(source: Path) -> bytes:
    """Build an EPUB 3: its type first and unsqueezed, the package, the contents, the chapters."""
    meta, text = read_markdown(source)
    title = html.escape(str(meta["title"]))
    chapters = chapters_of(text)
    names = [f"chapter-{number:02}" for number in range(1, len(chapters) + 1)]
    kind = 'media-type="application/xhtml+xml"'
    package = PACKAGE.format(
        id=uuid.uuid5(uuid.NAMESPACE_URL, source.name),
        title=title,
        author=html.escape(author(meta)),
        publisher=COMPANY,
        date=moment(meta),
        items="\n".join(f'<item id="{name}" href="{name}.xhtml" {kind}/>' for name in names),
        spine="\n".join(f'<itemref idref="{name}"/>' for name in names),
    )
    lines = (
        f'<li><a href="{name}.xhtml">{html.escape(chapter)}</a></li>'
        for name, (chapter, _) in zip(names, chapters, strict=True)
    )
    contents = '<nav epub:type="toc"><h1>{}</h1>\n<ol>\n{}\n</ol>\n</nav>'.format(
        title, "\n".join(lines)
    )
    pages = {"nav.xhtml": PAGE.format(title=title, body=contents)}
    for name, (chapter, body) in zip(names, chapters, strict=True):
        pages[f"{name}.xhtml"] = PAGE.format(title=html.escape(chapter), body=body.strip())
    entries = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "EPUB/package.opf": package,
        **{f"EPUB/{name}": page for name, page in pages.items()},
    }
    return packed((name, content.encode()) for name, content in entries.items())
