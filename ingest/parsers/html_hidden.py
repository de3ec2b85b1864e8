"""What a web page holds and a reader of it never sees.

Hidden text carries instructions past the people who read a page, so it is left out. What a script
may show later (tabs, questions that unfold) counts as seen where only a stylesheet hides it.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

_SMALL = r"(?:0(?![.\d]*[1-9])|[01]?(?:\.\d+)?(?:px|pt)(?![\w])|0?\.0\d*r?em)"
_INVISIBLE = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*{_SMALL}|"
    r"opacity\s*:\s*0(?![.\d]*[1-9])|(?:left|right|top|text-indent)\s*:\s*-\d{3,}|"
    r"(?<![-\w])color\s*:\s*(?:transparent|rgba\([^)]*,\s*0\s*\))|"
    r"clip-path\s*:\s*(?:inset\(\s*(?:100|50)%|circle\(\s*0\b)|"
    r"(?<![-\w])clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?\s*\)|"
    r"transform\s*:[^;]*scale[XY]?\(\s*0\s*[,)]|content-visibility\s*:\s*hidden|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
_NO_ROOM = re.compile(r"(?<![-\w])(?:max-)?(?:height|width)\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE)
_CUT_OFF = re.compile(r"overflow(?:-[xy])?\s*:\s*(?:hidden|clip)", re.IGNORECASE)

_COLOR = re.compile(r"(?<![-\w])color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?<![-\w])background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = re.compile(
    r"white|snow|ivory|(?:floral|ghost)white|whitesmoke|#f[a-f0-9]f[a-f0-9]f[a-f0-9](?:ff)?|#fff"
    r"|rgba?\(\s*2[45]\d[\s,]+2[45]\d[\s,]+2[45]\d\s*(?:[,/]\s*1(?:\.0)?\s*)?\)"
    r"|hsla?\([^)]*?(?:9[7-9]|100)%\s*\)",
    re.IGNORECASE,
)

_AT_RULE = re.compile(r"@[\w-]+[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SHOWS_LATER = re.compile(r":(?:checked|target|hover|focus|active|not\b)|\[open\b", re.IGNORECASE)
_MOST_RULES = 2000
"""Rules of a page's stylesheets that are read; each is a search through the page."""


def is_hidden(node: LexborNode) -> bool:
    """True when the element is marked as not for display."""
    attributes = node.attrs
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    if style and hides(style):
        return True
    color = _color(attributes.get("style"), attributes.get("color"))
    return color is not None and _is_white(color) and _stands_on_white(node)


def hides(style: str) -> bool:
    """Whether these declarations make text invisible, whatever is around it."""
    if _INVISIBLE.search(style):
        return True
    return bool(_NO_ROOM.search(style) and _CUT_OFF.search(style))


def hidden_by_stylesheet(page: LexborHTMLParser) -> frozenset[int]:
    """``mem_id`` of the elements that the page's own stylesheets hide for good.

    Where there is a script, or a rule for what was clicked, they may be shown later: then none.
    """
    sheets = [node.text() for node in page.css("style")]
    text = _COMMENT.sub("", "\n".join(sheets))
    if not hides(text) or page.css_first("script, [onclick]") or _SHOWS_LATER.search(text):
        return frozenset()
    found: set[int] = set()
    for selectors, declarations in _RULE.findall(_AT_RULE.sub("", text))[:_MOST_RULES]:
        if not hides(declarations) or ":" in selectors:
            continue
        try:
            found |= {node.mem_id for node in page.css(selectors.strip())}
        except (SelectolaxError, ValueError):  # a selector that only browsers know
            continue
    return frozenset(found)


def _color(style: str | None, attribute: str | None) -> str | None:
    match = _COLOR.search(style or "")
    return match[1].strip() if match else attribute


def _is_white(color: str) -> bool:
    return _WHITE.fullmatch(color.strip()) is not None


def _stands_on_white(node: LexborNode) -> bool:
    """Whether what is behind the text is certainly white; what a class does is not known."""
    current: LexborNode | None = node
    while current is not None and current.tag and current.tag != "-document":
        attributes = current.attrs
        behind = _BACKGROUND.search(attributes.get("style") or "")
        color = behind[1].strip() if behind else attributes.get("bgcolor")
        if color:
            return _is_white(color)
        if attributes.get("class") or attributes.get("id") or attributes.get("background"):
            return False
        if current.tag == "html":
            sheets = current.css("style, link[rel~=stylesheet]")
            return not any(sheet.tag == "link" or "background" in sheet.text() for sheet in sheets)
        current = current.parent
    return True
