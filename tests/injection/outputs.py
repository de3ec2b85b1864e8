"""What a reader, a chat program or a terminal would do with what it is given."""

from __future__ import annotations

import re
import unicodedata

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

_LOADS = frozenset(
    [
        "src",
        "href",
        "action",
        "formaction",
        "srcset",
        "data",
        "poster",
        "background",
        "cite",
        "ping",
        "manifest",
        "xlink:href",
        "hx-get",
        "hx-post",
        "hx-put",
        "hx-delete",
        "hx-patch",
        "sse-connect",
        "content",
    ]
)
_OURS = re.compile(r"/(?![/\\])|[#?]|\Z")
"""An address of our own: a path, a fragment, a query."""
_ACTIVE = frozenset(
    [
        "iframe",
        "object",
        "embed",
        "base",
        "applet",
        "frame",
        "frameset",
        "audio",
        "video",
        "source",
        "track",
        "portal",
        "fencedframe",
        "math",
        "foreignobject",
    ]
)
_AUTOLINKED = re.compile(r"(?:https?|ftp)://\S|www\.\S|(?<!\w)//[\w-]+\.|mailto:\S", re.IGNORECASE)
"""GitHub's and linkify's autolinks: https://github.github.com/gfm/#autolinks-extension-"""
_FORMATS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def active_parts(html: str, own: str) -> list[str]:
    """Elements and attributes of a page that load, run or lead elsewhere; ``own``: our address."""
    found = []
    for node in LexborHTMLParser(html).css("*"):
        tag = node.tag or ""
        if tag in _ACTIVE or (tag == "meta" and "http-equiv" in node.attrs):
            found.append(node.html or tag)
        if tag in ("script", "style") and (node.text(strip=True) or tag == "style"):
            found.append(node.html or tag)
        for name, value in node.attrs.items():
            address = (value or "").strip()
            if name.startswith("on") or name == "style":
                found.append(f"{tag} {name}={value}")
            if name in _LOADS and tag != "meta" and not _OURS.match(address.removeprefix(own)):
                found.append(f"{tag} {name}={value}")
    return found


def links_in_markdown(text: str, own: str) -> list[str]:
    """What Markdown would link, load or run; ``own``: an address of ours, which may be linked."""
    found = []
    for block in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        if block.type == "html_block":
            found.append(block.content)
        for token in block.children or []:
            if token.type in ("image", "link_open", "html_inline"):
                found.append(f"{token.type} {token.attrs} {token.content}")
            elif token.type == "text" and _AUTOLINKED.search(token.content.replace(own, "")):
                found.append(token.content)
    return found


def controls(text: str) -> list[str]:
    """Characters that a terminal would obey."""
    return [
        f"U+{ord(char):04X}"
        for char in text
        if (unicodedata.category(char) in ("Cc", "Cs") and char != "\n") or char in _FORMATS
    ]
