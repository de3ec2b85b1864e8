"""Numbers as people write them, in digits or in words, and the units they count."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SMALL_TEXT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_SMALL = {word: value for value, word in enumerate(_SMALL_TEXT.split())}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
_IRREGULAR_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
}
ORDINALS: Mapping[str, int] = {
    **{f"{word}th": value for word, value in _SMALL.items() if value > 3},
    **{f"{word[:-1]}ieth": value for word, value in _TENS.items()},
    **_IRREGULAR_ORDINALS,
}
"""Ordinal words → their number."""

MAGNITUDES: Mapping[str, float] = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "million": 1e6, "millions": 1e6,
    "b": 1e9, "bn": 1e9, "billion": 1e9, "billions": 1e9, "tn": 1e12, "trillion": 1e12,
    "hundred": 100, "dozen": 12,
}  # fmt: skip
"""What a word or letter after a number multiplies it by."""

_WORD = "|".join(sorted((*_SMALL, *_TENS, "dozen"), key=len, reverse=True))
_SCALE = "|".join(_SCALES)
_STEP = rf"(?:{_WORD}|{_SCALE})"
IN_WORDS = (
    rf"(?:(?:half\s+an?|an?)\s+(?={_SCALE}|dozen))?"
    rf"(?<![\w-]){_STEP}(?:(?:\s+|-)(?:(?<=hundred\s)and\s+|(?<=thousand\s)and\s+)?{_STEP})*"
)
"""A number in words: "fourteen", "twenty-five", "two hundred and six", "half a million"."""
IN_DIGITS = r"(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?[½¼¾⅓⅔]?|[½¼¾⅓⅔]"
"""A number in digits, with thousands separated or not."""


def parse(text: str) -> float | None:
    """The value of a number matched by `IN_DIGITS` or `IN_WORDS`; None when it is not one."""
    if any(character.isdigit() or character in _FRACTIONS for character in text):
        return _digits(text)
    return _words(text)


def _digits(text: str) -> float | None:
    extra = 0.0
    while text and text[-1] in _FRACTIONS:
        extra += _FRACTIONS[text[-1]]
        text = text[:-1]
    plain = re.sub(r"[,\u00a0\u202f](?=\d{3}(?:\D|$))", "", text).replace(",", ".")
    try:
        return (float(plain) if plain else 0.0) + extra
    except ValueError:
        return None


def _words(text: str) -> float | None:
    total = current = 0.0
    below = 100.0  # what may still be added to `current`: after "twenty" only what is below ten
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ("a", "an", "and"):
            continue
        if word == "half":
            current = 0.5
        elif word == "dozen":
            current = (current or 1.0) * 12
        elif word == "hundred":
            current, below = (current or 1.0) * 100, 100.0
        elif word in _SCALES:
            total, current, below = total + (current or 1.0) * _SCALES[word], 0.0, 100.0
        else:
            value = _SMALL.get(word, _TENS.get(word))
            if value is None or value >= below:
                return None  # "two three" is two numbers
            current += value
            below = 10.0 if word in _TENS else 0.0
    return total + current


def _units() -> dict[str, tuple[str, float]]:
    table: dict[str, tuple[str, float]] = {}

    def add(dimension: str, factor: float, words: str) -> None:
        for word in words.split():
            table[word] = (dimension, factor)

    add("time", 0.001, "ms millisecond milliseconds")
    add("time", 1, "s sec secs second seconds")
    add("time", 60, "min mins minute minutes")
    add("time", 3600, "h hr hrs hour hours")
    add("time", 86_400, "day days night nights")
    add("time", 604_800, "week weeks")
    add("time", 1_209_600, "fortnight fortnights")
    add("months", 1, "month months")
    add("months", 3, "quarter quarters")
    add("months", 12, "year years yr yrs")
    add("months", 120, "decade decades")
    add("months", 1200, "century centuries")
    add("length", 0.001, "mm millimeter millimeters millimetre millimetres")
    add("length", 0.01, "cm centimeter centimeters centimetre centimetres")
    add("length", 1, "m meter meters metre metres")
    add("length", 1000, "km kilometer kilometers kilometre kilometres")
    add("feet", 1 / 12, "inch inches")
    add("feet", 1, "ft foot feet")
    add("feet", 3, "yd yard yards")
    add("feet", 5280, "mi mile miles")
    add("mass", 0.001, "mg milligram milligrams")
    add("mass", 1, "g gram grams")
    add("mass", 1000, "kg kilogram kilograms kilo kilos")
    add("mass", 1e6, "t tonne tonnes ton tons")
    add("pounds", 1, "lb lbs")
    add("volume", 0.001, "ml milliliter milliliters millilitre millilitres")
    add("volume", 1, "l liter liters litre litres")
    add("bytes", 1, "byte bytes")
    add("bytes", 1e3, "kb kilobyte kilobytes")
    add("bytes", 1e6, "mb megabyte megabytes")
    add("bytes", 1e9, "gb gigabyte gigabytes")
    add("bytes", 1e12, "tb terabyte terabytes")
    add("area", 1, "acre acres")
    add("hectares", 1, "ha hectare hectares")
    add("%", 1, "% percent pct")
    add("watts", 1, "w watt watts")
    add("watts", 1e3, "kw kilowatt kilowatts")
    add("watts", 1e6, "mw megawatt megawatts")
    add("hertz", 1, "hz hertz")
    add("hertz", 1e6, "mhz megahertz")
    add("hertz", 1e9, "ghz gigahertz")
    add("celsius", 1, "°c celsius")
    add("fahrenheit", 1, "°f fahrenheit")
    add("volts", 1, "v volt volts")
    return table


UNITS: Mapping[str, tuple[str, float]] = _units()
"""Unit as written, lower case → (dimension, factor to its base). 14 days and two weeks are equal;
months and days are not, since no month has a fixed number of days."""

CURRENCIES: Mapping[str, str] = {
    "$": "dollars", "us$": "dollars", "usd": "dollars", "dollar": "dollars", "dollars": "dollars",
    "€": "euros", "eur": "euros", "euro": "euros", "euros": "euros",
    "£": "pounds", "gbp": "pounds", "pound": "pounds", "pounds": "pounds",
    "¥": "yen", "jpy": "yen", "yen": "yen", "chf": "francs", "sek": "kronor", "cad": "dollars-ca",
    "c$": "dollars-ca", "a$": "dollars-au", "aud": "dollars-au", "₹": "rupees", "inr": "rupees",
    "rupees": "rupees", "cent": "cents", "cents": "cents",
}  # fmt: skip
"""Currency as written, lower case → one name for it."""
