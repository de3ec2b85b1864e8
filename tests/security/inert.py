"""What on a page is alive that no template of ours put there: elements, attributes, addresses."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

MARK = "xssmark"
_ACTIVE = {
    *("iframe", "object", "embed", "base", "applet", "frame", "frameset", "portal", "style"),
    *("math", "marquee", "plaintext", "xmp", "listing", "audio", "video", "foreignobject", "set"),
    *("animate", "animatetransform"),
}
_ADDRESSES = {
    *("href", "src", "action", "formaction", "data", "poster", "background", "cite", "xlink:href"),
    *("srcset", "ping", "manifest", "hx-get", "hx-post", "hx-put", "hx-delete", "hx-patch"),
}


def complaints(html: str, here: str = "") -> list[str]:
    """What a payload has brought to life; ``here``: the server's own origin.

    Two parsers look: a browser's algorithm, and one that sees tags where the other sees text.
    """
    found: list[str] = []
    for node in LexborHTMLParser(html).css("*"):
        attributes = {name: value or "" for name, value in node.attributes.items()}
        found += _element(str(node.tag), attributes, here)
        if node.tag == "script" and (node.text() or "").strip():
            found.append("a script with code in the page")
    _Tags(found, here).feed(html)
    return list(dict.fromkeys(found))


class _Tags(HTMLParser):
    def __init__(self, found: list[str], here: str) -> None:
        super().__init__(convert_charrefs=True)
        self._found = found
        self._here = here

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._found += _element(tag, given, self._here)


def _element(tag: str, attributes: dict[str, str], here: str) -> list[str]:
    found = []
    if MARK in tag or tag in _ACTIVE:
        found.append(f"<{tag}>")
    if tag == "script" and not attributes.get("src", "").startswith("/static/"):
        found.append(f"<script {attributes}>")
    refreshes = tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh"
    # Our own pages load themselves again; none goes elsewhere.
    if refreshes and not attributes.get("content", "").strip().isdecimal():
        found.append("a refresh")
    for name, value in attributes.items():
        if MARK in name or name.startswith(("on", "hx-on", "data-hx-")):
            found.append(f"<{tag} {name}={value!r}>")
        if name in ("style", "srcdoc", "autofocus") and not (name == "autofocus" and not value):
            found.append(f"<{tag} {name}={value!r}>")
        if name in _ADDRESSES and not _ours(value, here):
            found.append(f"<{tag} {name}={value!r}>")
    return found


def _ours(address: str, here: str) -> bool:
    """A place on this server, or within this page."""
    # Browsers leave control characters and white space out before they look for the scheme.
    squeezed = "".join(c for c in address if c > " ")
    if squeezed.startswith("data:image/"):
        return True
    try:
        parts = urlsplit(squeezed)
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    return bool(here) and f"{parts.scheme}://{parts.netloc}" == here
