"""Markdown of the PRD folder as HTML: with anchors and contents, and without trusting any of it.

HTML in the text stays text, images become their words, and a link leads to a page of the product,
to the web, or nowhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

_FIGURE = re.compile(r"<!-- figure: (\S+) .+? -->(.*?)<!-- /figure -->", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CRITERION = re.compile(r"[A-Z]\d{1,2}")
_DOCUMENT = re.compile(r"(decisions|experiments)/([\w-]+)\.(?:md|yaml)")
_REPORT = re.compile(r"\.\./evals/reports/([\w-]+)/[\w.-]+")
_PAGES = {
    "PRD.md": "/prd",
    "metrics.yaml": "/prd#metrics",
    "acceptance.yaml": "/launch",
    "intended-uses.yaml": "/insights/gaps",
}
_TOC_LEVELS = ("h2", "h3")


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading in the contents; ``depth`` 0 or 1."""

    anchor: str
    words: str
    depth: int


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered document: its title, its body, and its contents."""

    title: str
    html: Markup
    contents: tuple[Entry, ...]


def rendered(text: str, place: str, runs: Sequence[str] = ()) -> Text:
    """``text`` as HTML. ``place``: its path within the PRD folder, for links to its neighbors.

    ``runs``: eval reports that have a page; figures and links lead to those alone.
    """
    marked = _FIGURE.sub(lambda found: _figure(found[1], found[2], runs), text)
    tokens = _parser().parse(_COMMENT.sub("", marked))
    contents = list(_anchored(tokens))
    _criteria(tokens)
    for token in tokens:
        _links(token.children or [], lambda href: _address(href, place, runs))
    title = next((entry.words for entry in contents if entry.depth < 0), Path(place).stem)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return Text(title, _safe(html), tuple(one for one in contents if one.depth >= 0))


def inline(text: str) -> Markup:
    """One line of Markdown, links left out."""
    tokens = _parser().parseInline(text)
    for token in tokens:
        _links(token.children or [], lambda _href: "")
    return _safe(_parser().renderer.render(tokens, _parser().options, {}))


def _safe(html: str) -> Markup:
    """What the renderer escaped: `html` is off, and links were chosen here."""
    return Markup(html)  # noqa: S704  # nothing of the text is in it that is not escaped


# --- steps ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _table_open(
    _self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: object
) -> str:
    return '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>\n'


def _table_close(
    _self: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: object
) -> str:
    return "</table></div>\n"


def _figure(report: str, words: str, runs: Sequence[str]) -> str:
    return f"[{words}](/evals/{report})" if report in runs else words


def _anchored(tokens: Sequence[Token]) -> Iterator[Entry]:
    """Give headings their anchors; the title has depth −1."""
    taken: set[str] = set()
    for token, following in pairwise(tokens):
        if token.type != "heading_open":
            continue
        words = _words(following)
        anchor = plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "part"
        number = 2
        while anchor in taken:
            anchor, number = f"{plain}-{number}", number + 1
        taken.add(anchor)
        token.attrSet("id", anchor)
        if token.tag == "h1":
            yield Entry(anchor, words, -1)
        elif token.tag in _TOC_LEVELS:
            yield Entry(anchor, words, _TOC_LEVELS.index(token.tag))


def _words(token: Token) -> str:
    """What a reader sees of an inline token."""
    kinds = ("text", "code_inline")
    return "".join(one.content for one in token.children or [] if one.type in kinds)


def _criteria(tokens: Sequence[Token]) -> None:
    """A row whose first cell is a criterion's id can be linked to by that id."""
    for row, cell, words in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if row.type == "tr_open" and cell.type == "td_open" and _CRITERION.fullmatch(words.content):
            row.attrSet("id", words.content)


def _links(children: list[Token], address: Callable[[str], str]) -> None:
    """Every link leads where ``address`` says, or is none; every image becomes its words."""
    opened: list[bool] = []
    for token in children:
        if token.type == "image":
            token.type, token.tag, token.children = "text", "", None
        elif token.type == "link_open":
            href = address(str(token.attrs.get("href", "")))
            opened.append(bool(href))
            token.attrs = {"href": href} if href else {}
            token.tag = "a" if href else "span"
            if "://" in href:
                token.attrSet("rel", "noreferrer")
        elif token.type == "link_close":
            token.tag = "a" if opened.pop() else "span"


def _address(href: str, place: str, runs: Sequence[str]) -> str:
    """Where a link leads within the product; empty for nowhere."""
    parts = urlsplit(href)
    if parts.scheme in ("http", "https") or href.startswith("#"):
        return href
    if parts.scheme or parts.netloc:
        return ""
    if parts.path.startswith("/evals/"):  # a figure's own
        return parts.path
    path = posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(parts.path)))
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    if found := _DOCUMENT.fullmatch(path):
        return f"/prd/{found[1]}/{found[2]}{anchor}"
    if found := _REPORT.fullmatch(path):
        return f"/evals/{found[1]}" if found[1] in runs else ""
    return _PAGES.get(path, "")
