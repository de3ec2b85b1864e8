"""Runs of a Word file that nobody sees: hidden, of no size, or white on white."""

from __future__ import annotations

import re
from typing import Any

from docx.oxml.ns import qn
from docx.parts.document import DocumentPart

_SMALLEST = 4
"""Half points: text of 2 points and less is not meant to be read."""
_WHITE = re.compile(r"f[a-f0-9]f[a-f0-9]f[a-f0-9]", re.IGNORECASE)
_MOST_STYLES = 20
"""Styles that a style is based on; more is a circle."""


class HiddenRuns:
    """Knows a document's styles, and so which runs it hides."""

    def __init__(self, part: DocumentPart) -> None:
        self._styles = {
            style.get(qn("w:styleId")): style for style in part.styles.element.iter(qn("w:style"))
        }
        self._dark = part.element.find(qn("w:background")) is not None

    def hides(self, run: Any) -> bool:
        """True when the run is not shown.

        White text counts as unseen only outside tables and shapes, without shading around it: there
        a table's style, or a shape, may well be dark.
        """
        own = self._properties(run)
        if _is_on(_first(own, "w:vanish")) or _is_on(_first(own, "w:webHidden")):
            return True
        size = _value(_first(own, "w:sz"))
        if size.isdigit() and int(size) <= _SMALLEST:
            return True
        return _WHITE.fullmatch(_value(_first(own, "w:color"))) is not None and not (
            self._dark or self._shaded(run, own)
        )

    def _properties(self, run: Any) -> list[Any]:
        """Run properties that hold for it, nearest first."""
        direct = run.find(qn("w:rPr"))
        found = [] if direct is None else [direct]
        if direct is not None:
            found += self._of_style(_value(direct.find(qn("w:rStyle"))))
        paragraph = next(run.iterancestors(qn("w:p")), None)
        if paragraph is not None:
            style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
            found += self._of_style(_value(style))
        return found

    def _of_style(self, name: str) -> list[Any]:
        found: list[Any] = []
        for _ in range(_MOST_STYLES):
            style = self._styles.get(name)
            if style is None:
                break
            properties = style.find(qn("w:rPr"))
            if properties is not None:
                found.append(properties)
            name = _value(style.find(qn("w:basedOn")))
        return found

    def _shaded(self, run: Any, own: list[Any]) -> bool:
        if _first(own, "w:shd") is not None or _first(own, "w:highlight") is not None:
            return True
        for parent in run.iterancestors():
            if parent.tag in (qn("w:tbl"), qn("w:txbxContent")):
                return True
            if parent.tag == qn("w:p"):
                properties = parent.find(qn("w:pPr"))
                style = None if properties is None else properties.find(qn("w:pStyle"))
                styles = (self._styles.get(_value(style)),)
                for one in (properties, *styles):
                    if one is not None and next(one.iter(qn("w:shd")), None) is not None:
                        return True
        return False


def _first(properties: list[Any], name: str) -> Any:
    found = (one.find(qn(name)) for one in properties)
    return next((one for one in found if one is not None), None)


def _value(element: Any) -> str:
    return "" if element is None else element.get(qn("w:val")) or ""


def _is_on(element: Any) -> bool:
    return element is not None and element.get(qn("w:val")) not in ("0", "false", "off", "none")
