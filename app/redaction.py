"""What tells of a person, or opens a door, is taken out of a text before it is kept.

E-mail addresses, phone and payment card numbers, IBANs, keys, tokens and passwords become
``[e-mail]``, ``[phone]``… The answer under way still uses what was typed: only records change.

Rules over a model: a rule costs microseconds, can be read, and never takes a part number for a
person because it stood beside a name. Figures only count with what proves them: a check digit, a
country code, the grouping of a phone number, or a word in front that says what they are.
Precision and recall on a labeled list: ``tests/security/test_redaction.py``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from copy import copy
from functools import cache

from app.errors import FootnoteError

Redact = Callable[[str], str]
"""A text → the text as it may be kept."""

_SECRET = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----[A-Za-z0-9+/=\s\\]*
      (?:-----END[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----)?
    | \b(?:sk|pk|rk)[-_](?:ant-|proj-|live_|test_|or-v1-)?[A-Za-z0-9_-]{16,}
    | \b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,} | \bxox[abeoprs]-[A-Za-z0-9-]{10,} | \bnpm_[A-Za-z0-9]{30,}
    | \bhf_[A-Za-z0-9]{30,} | \bpypi-[A-Za-z0-9_-]{40,} | \bSG\.[\w-]{16,}\.[\w-]{16,}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b | \bAIza[0-9A-Za-z_-]{35} | \bya29\.[\w-]{20,}
    | \bfn_[A-Za-z0-9_-]{20,}
    | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}
    """,
    re.VERBOSE,
)
"""Keys that say themselves whose they are, private keys, and signed tokens (JWT)."""
_BEARER = re.compile(r"\b(bearer|basic)\s+(?=[^\s,;]*\d)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE)
_URL_PASSWORD = re.compile(
    r"""(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@"\\]{0,100}:)[^\s/@"\\]{1,200}(?=@)"""
)
_NAMED = re.compile(
    r"\b((?:pass(?:word|phrase|code|wd)|pwd|secret|token|api[ _-]?key|access[ _-]?key|pin)"
    r"(?:\s+is)?\s*(?:[:=]\s*|\s(?<=is\s)))([\"'“‘]?)(?=[^\s\"'”’,;\\]*[\d!#$%^&*+_])"
    r"([^\s\"'“”‘’,;\\]{4,200})",
    re.IGNORECASE,
)
"""``password: hunter2``, ``the api key is …``: with a figure or a symbol in it, so that "password
is required" stays."""
_EMAIL = re.compile(
    r"(?<![\w.+-])(?!git@)[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?![\w-])"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
_FIGURES = re.compile(r"(?<![\w.,:/#-])\d(?:[ -]?\d){12,18}(?![\w-])(?![.,]\d)")
_PHONE = re.compile(
    r"(?<![\w.,:/#=@$€£-])(?:\+|00(?=[1-9])|\(\s?\+?)?\d(?:[ \u00a0().\-/–]{0,2}\d){6,15}(?![\w])"
    r"(?![.,:]\d)(?![-/]\w)"
)
_CALLED = re.compile(
    r"(?:\b(?:phones?|tel(?:ephone)?|mobile|cell(?:phone)?|call(?:ed|ing)?|fax|whatsapp|sms|"
    r"ring(?= (?:me|us|him|her|up))|text(?:ed)?|dial(?:ed)?|hotline|landline|handy|telefon|"
    r"reach(?:ed)?)\b|☎|📞)[^\d+(]{0,24}$",
    re.IGNORECASE,
)
"""A word for phones shortly before the figures."""
_NUMBERED = re.compile(
    r"\b(?:account|order|invoice|ticket|case|part|serial|item|material|article|asset|customer|"
    r"cost cent(?:er|re)|contract|policy|reference|ref|no|number|nr|id)\b\W{0,3}$",
    re.IGNORECASE,
)
"""A word that says that the figures number something else."""
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d\d\2\d\d")
_AMERICAN = re.compile(r"(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}([ .-]))\d{3}(?(1)\1|[ .-])\d{4}")
_REGIONS = ("US", "GB", "DE", "FR", "NL", "ES", "IT", "PT", "CH", "AT", "BE", "IN", "AU")
"""Where a number without a country code may be from: with this many, any of Europe's usual forms
is somebody's; more of them would find phone numbers everywhere."""
_CARDS = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:6011|65\d\d|64[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}"
)
"""Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, by first figures and
length."""
_CARD_GROUPS = re.compile(
    r"\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}"
)


def unchanged(text: str) -> str:
    """For FOOTNOTE_REDACT=off: the text as it is."""
    return text


def redacted(text: str) -> str:
    """The text without what `FOOTNOTE_REDACT` promises to leave out; every rule is linear."""
    if not text:
        return text
    text = without_secrets(text)
    text = _NAMED.sub(r"\1\2[password]", text)
    if "@" in text:
        text = _EMAIL.sub("[e-mail]", text)
    if sum(map(str.isdecimal, text)) < 7:
        return text
    text = _IBAN.sub(lambda found: "[IBAN]" if _is_iban(found[0]) else found[0], text)
    text = _FIGURES.sub(lambda found: "[card]" if _is_card(found[0]) else found[0], text)
    return _PHONE.sub(_phone, text)


def without_secrets(text: str, *own: str) -> str:
    """The text without keys, tokens and passwords in addresses, and without ``own`` ones: for logs.

    What others raise may repeat what they were sent.
    """
    for secret in own:
        if secret:
            text = text.replace(secret, "[key]")
    text = _SECRET.sub("[key]", text)
    text = _BEARER.sub(r"\1 [key]", text)
    return _URL_PASSWORD.sub(r"\1[password]", text) if "://" in text else text


class SecretlessFormatter(logging.Formatter):
    """Formats records, tracebacks included, through `without_secrets`.

    An error that has words for people is told in them, on the same line: a traceback is for what
    nobody foresaw.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line, or several."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FootnoteError):
            record = copy(record)  # other handlers get it whole
            record.msg, record.args = f"{record.getMessage()}: {error.message}", None
            record.exc_info = record.exc_text = None
        return without_secrets(super().format(record))


def redactor(on: bool) -> Redact:
    """What the records use."""
    return redacted if on else unchanged


def left_out(text: str, kept: str) -> frozenset[str]:
    """The words of ``text`` that ``kept``, what redaction left of it, no longer has."""
    return frozenset(_words(text)) - frozenset(_words(kept))


def tells(text: str, words: frozenset[str]) -> bool:
    """Whether a sentence that was made from a question repeats one of ``words``."""
    return not words.isdisjoint(_words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _is_iban(text: str) -> bool:
    """ISO 13616: the figures, letters counted from 10, leave 1 when divided by 97."""
    plain = re.sub(r"[ -]", "", text)
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _is_card(text: str) -> bool:
    """An issuer's first figures, cards' grouping, and the check digit (Luhn, ISO/IEC 7812-1)."""
    plain = re.sub(r"[ -]", "", text)
    if not (_CARD_GROUPS.fullmatch(text) and _CARDS.fullmatch(plain)):
        return False
    total = 0
    for place, figure in enumerate(reversed(plain)):
        value = int(figure) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _phone(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith(("+", "(+", "( +")):
        return "[phone]" if _valid(text, ("ZZ",)) else text
    if text.startswith("00"):
        return "[phone]" if _valid(f"+{text[2:]}", ("ZZ",)) else text
    before = found.string[max(0, found.start() - 40) : found.start()]
    if _DATE.fullmatch(text):
        return text
    if _CALLED.search(before):
        return "[phone]" if _valid(text, _REGIONS) else text
    if _NUMBERED.search(before):
        return text
    if _AMERICAN.fullmatch(text) or _grouped_from_zero(text):
        return "[phone]" if _valid(text, _REGIONS) else text
    return text


def _grouped_from_zero(text: str) -> bool:
    """``030 901820``, ``(020) 7946 0018``: a trunk zero and its area, then the number."""
    groups = re.findall(r"\d+", text)
    return groups[0].startswith("0") and 2 <= len(groups) <= 5 and 2 <= len(groups[0]) <= 6


@cache
def _library() -> tuple[Callable[..., object], Callable[..., bool], type[Exception]]:
    """Loaded with the first number: its tables take a moment."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.parse, phonenumbers.is_valid_number, phonenumbers.NumberParseException


def _valid(text: str, regions: tuple[str, ...]) -> bool:
    """Whether somebody in one of these regions may have this number."""
    parse, is_valid, failed = _library()
    for region in regions:
        try:
            if is_valid(parse(text, None if region == "ZZ" else region)):
                return True
        except failed:
            continue
    return False
