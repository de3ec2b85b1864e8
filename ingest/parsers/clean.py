"""Characters that a reader never sees: found, counted, taken out.

Zero-width and bidirectional-override characters can hide instructions inside an ordinary-looking
text, so they never reach the extracted text, and a person is told when there were many.
"""

from __future__ import annotations

import re
import unicodedata

LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

HIDDEN = re.compile(
    "["
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, overrides, isolates
    "\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff"  # zero width
    "\ufff9-\ufffb"  # interlinear annotation
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"  # tags, supplementary variation selectors
    "]"
    # Joiners are spelling in Arabic and Indic scripts and glue in emoji, but invisible in Latin.
    "|(?<![\u0590-\u1cff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)

LAYOUT_ONLY = frozenset("\u00ad\u200b\u200e\u200f\ufeff")
"""Hidden characters that ordinary software leaves behind: removed, but no sign of hiding."""


def clean(text: str) -> tuple[str, int]:
    """``text`` without hidden characters, with line feeds as line breaks, composed (NFC).

    Returns:
        The clean text, and how many suspicious hidden characters were taken out.
    """
    if text.isascii() and text.isprintable():
        return text, 0
    text = LINE_BREAKS.sub("\n", text)
    text = CONTROL.sub("", text)
    if text.isascii():
        return text, 0
    suspicious = 0
    if HIDDEN.search(text):
        suspicious = sum(1 for mark in HIDDEN.findall(text) if mark not in LAYOUT_ONLY)
        text = HIDDEN.sub("", text)
    return unicodedata.normalize("NFC", text), suspicious


def squeeze(text: str) -> str:
    """``text`` on one line, each run of white space one space."""
    return " ".join(text.split())
