"""Words of a PDF page that nobody sees: drawn invisibly, white on white, tiny, or off the page.

A scan's recognized text is invisible too, and lies over the picture of the same words: where there
is a picture, it counts as seen. So does white text over anything that is drawn.
"""

from __future__ import annotations

import ctypes

from pypdfium2 import PdfPage, raw  # type: ignore[import-untyped]  # ships no types

_UNSEEN_MODES = frozenset([raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP])
_WHITE = 245
"""Red, green and blue from which on a color cannot be told from paper."""
_SMALLEST = 1.0
"""Points; text in smaller print cannot be read at any size of a page."""
_DEPTH = 5
"""Forms within forms that are looked through for pictures and shapes."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""


class HiddenText:
    """Asks pdfium once for each piece of text; what else is drawn only when it matters."""

    def __init__(self, page: PdfPage, text_page: ctypes.c_void_p) -> None:
        self._page = page
        self._text = text_page
        self._bounds: Box = page.get_bbox()
        self._pieces: dict[int, str] = {}
        self._drawn: tuple[list[Box], list[Box]] | None = None
        self._box = [ctypes.c_double() for _ in range(4)]
        self._color = [ctypes.c_uint() for _ in range(4)]

    def hides(self, index: int, size: float) -> bool:
        """Whether the character is not to be seen; ``size``: its font size on the page."""
        left, right, bottom, top = self._box
        if not raw.FPDFText_GetCharBox(self._text, index, left, right, bottom, top):
            return False
        x, y = (left.value + right.value) / 2, (bottom.value + top.value) / 2
        if not _within(self._bounds, x, y):
            return True
        if size < _SMALLEST and top.value - bottom.value < _SMALLEST:
            return True
        kind = self._kind(index)
        if kind == "seen":
            return False
        pictures, shapes = self._what_is_drawn()
        behind = pictures if kind == "invisible" else pictures + shapes
        return not any(_within(box, x, y) for box in behind)

    def _kind(self, index: int) -> str:
        piece = raw.FPDFText_GetTextObject(self._text, index)
        key = ctypes.cast(piece, ctypes.c_void_p).value or 0
        if key not in self._pieces:
            self._pieces[key] = self._kind_of(piece, index) if key else "seen"
        return self._pieces[key]

    def _kind_of(self, piece: object, index: int) -> str:
        if raw.FPDFTextObj_GetTextRenderMode(piece) in _UNSEEN_MODES:
            return "invisible"
        if not raw.FPDFText_GetFillColor(self._text, index, *self._color):
            return "seen"
        red, green, blue, opacity = (one.value for one in self._color)
        if opacity == 0:
            return "invisible"
        return "white" if min(red, green, blue) >= _WHITE else "seen"

    def _what_is_drawn(self) -> tuple[list[Box], list[Box]]:
        """Boxes of the page's pictures, and of its shapes that are not white."""
        if self._drawn is None:
            pictures: list[Box] = []
            shapes: list[Box] = []
            for one in self._page.get_objects(max_depth=_DEPTH):
                # Within a form, places are the form's own: it may be anywhere.
                box = self._bounds if one.level else one.get_bounds()
                if one.type == raw.FPDF_PAGEOBJ_IMAGE:
                    pictures.append(box)
                elif one.type == raw.FPDF_PAGEOBJ_SHADING or (
                    one.type == raw.FPDF_PAGEOBJ_PATH and self._is_colored(one)
                ):
                    shapes.append(box)
            self._drawn = pictures, shapes
        return self._drawn

    def _is_colored(self, shape: object) -> bool:
        if not raw.FPDFPageObj_GetFillColor(shape, *self._color):
            return True  # a pattern, perhaps
        red, green, blue, opacity = (one.value for one in self._color)
        return opacity > 0 and min(red, green, blue) < _WHITE


def _within(box: Box, x: float, y: float) -> bool:
    left, bottom, right, top = box
    return left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1
