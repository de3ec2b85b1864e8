"""HTML pages by selectolax: the content without the page around it."""

from __future__ import annotations

import re
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.domain import ParsedDocument
from ingest.parsers.build import Facts, TextBuilder, as_utc, parse_date
from ingest.parsers.clean import squeeze
from ingest.parsers.decode import decode
from ingest.parsers.html_hidden import hidden_by_stylesheet
from ingest.parsers.html_walk import Walker
from ingest.parsers.limits import Limits

CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w-]+)""", re.I)
XHTML = re.compile(r"<\?xml|xmlns\s*=\s*[\"']http://www.w3.org/1999/xhtml")
EMPTY_TAG = re.compile(
    r"<(?!(?:br|hr|img|meta|link|input|col|area|base|wbr|source|track|embed|param)\b)"
    r"([A-Za-z][\w:-]*)((?:\s[^<>]*?)?)\s*/>"
)
"""``<title/>`` in XHTML: in HTML the slash means nothing, and all that follows would be title."""

CONTENT = (
    "main, [role=main]",
    "div.body[role=main], #main-content, #mw-content-text, #content, .markdown-body",
    "article",
)
"""Where pages mark their content, surest first."""

MIN_SHARE = 0.3
"""Share of the page's text below which a marked part is not taken for the content."""

CHANGED = (
    'meta[property="article:modified_time"], meta[property="og:updated_time"], '
    'meta[name="last-modified"], meta[name="dcterms.modified"], meta[name="DC.date.modified"], '
    'meta[itemprop="dateModified"], meta[name="updated"], meta[name="revised"], '
    'meta[http-equiv="last-modified" i]',
    'time[itemprop="dateModified"], time.updated',
    'meta[property="article:published_time"], meta[name="date"], meta[name="DC.date"]',
)
MIN_HIDDEN = 40
"""Hidden characters from which on a person is told; less is a label for screen readers."""


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A web page."""
    builder = TextBuilder(limits)
    match = CHARSET.search(data[:4096])
    text = decode(data, builder.warn, match[1].decode("ascii") if match else "")
    page = _tree(text)
    add_page(builder, page)
    author = page.css_first('meta[name="author"]')
    return builder.document(
        name=name,
        kind="html",
        title=page_title(page, builder),
        facts=Facts(
            modified_at=_changed(page),
            owner=author.attrs.get("content") if author is not None else None,
        ),
    )


def add_html(builder: TextBuilder, text: str) -> None:
    """Adds the content of HTML text, a page or a fragment, to ``builder``."""
    add_page(builder, _tree(text))


def _tree(text: str) -> LexborHTMLParser:
    """The page's tree; elements that XHTML closes in their opening tag are closed."""
    if XHTML.search(text[:2000]):
        text = EMPTY_TAG.sub(r"<\1\2></\1>", text)
    return LexborHTMLParser(text)


def add_page(builder: TextBuilder, page: LexborHTMLParser) -> None:
    """Adds a page's content; when its chrome is all it has, that too."""
    body = page.body
    if body is None:
        return
    before = len(builder.blocks)
    root = _content(body)
    unseen = hidden_by_stylesheet(page)
    walker = Walker(builder, in_content=root is not body, keep_chrome=False, unseen=unseen)
    walker.run(root)
    if len(builder.blocks) == before:
        walker = Walker(builder, in_content=False, keep_chrome=True, unseen=unseen)
        walker.run(body)
    if walker.hidden >= MIN_HIDDEN:
        builder.warn(f"{walker.hidden:,} characters that the page hides were left out.")


def page_title(page: LexborHTMLParser, builder: TextBuilder) -> str:
    """The first h1, else <title> without the site's name."""
    unseen = hidden_by_stylesheet(page)
    shown = Walker(builder, in_content=True, keep_chrome=False, unseen=unseen)
    top = page.css_first("main h1, [role=main] h1, article h1") or page.css_first("h1")
    if top is not None and (text := shown.line(top)):
        return text
    element = page.css_first("head > title")
    title = squeeze(element.text()) if element is not None else ""
    first = builder.first_heading()
    return first if first and first in title else title


def _content(body: LexborNode) -> LexborNode:
    """The element that holds the content."""
    total = len(body.text())
    for selector in CONTENT:
        found = body.css(selector)
        # Several articles are a list of teasers, or posts of equal rank: then the whole body.
        outer = [node for node in found if not _inside(node, found)]
        if len(outer) == 1 and len(outer[0].text()) >= MIN_SHARE * total:
            return outer[0]
    return body


def _inside(node: LexborNode, others: list[LexborNode]) -> bool:
    known = {other.mem_id for other in others}
    parent = node.parent
    while parent is not None:
        if parent.mem_id in known:
            return True
        parent = parent.parent
    return False


def _changed(page: LexborHTMLParser) -> datetime | None:
    for selector in CHANGED:
        for node in page.css(selector):
            value = node.attrs.get("content") or node.attrs.get("datetime")
            if moment := as_utc(parse_date(value)):
                return moment
    return None
