"""What the pictures of a report are drawn with: SVG that stands alone, light and dark.

Own code rather than matplotlib, which is 37 MB for a few pictures. Each picture has a background of
its own, a title and a description, and colors for light and dark. The light ones are attributes, so
that a program which knows no style sheet (or may not use one) shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

ROLES = {
    "bg": ("fill", "#ffffff", "#15181c"),
    "ink": ("fill", "#1f2328", "#e6e9ed"),
    "dim": ("fill", "#59636e", "#9aa4af"),
    "bar": ("fill", "#a9bfd8", "#3f5b78"),
    "rule": ("stroke", "#dfe3e8", "#2f353d"),
    "axis": ("stroke", "#8a939d", "#7b858f"),
    "l0": ("stroke", "#0b62b0", "#6db3f2"),
    "l1": ("stroke", "#b3480c", "#f0955a"),
    "l2": ("stroke", "#1a7f4b", "#5fc98f"),
    "l3": ("stroke", "#8c3a9e", "#d08be0"),
    "l4": ("stroke", "#7a6000", "#d9bd4b"),
    "l5": ("stroke", "#4b5563", "#b8c0ca"),
    "dot": ("fill", "#0b62b0", "#6db3f2"),
    "d1": ("fill", "#b3480c", "#f0955a"),
    "d2": ("fill", "#1a7f4b", "#5fc98f"),
    "d3": ("fill", "#8c3a9e", "#d08be0"),
    "d4": ("fill", "#7a6000", "#d9bd4b"),
    "d5": ("fill", "#4b5563", "#b8c0ca"),
}
"""Class → what it colors, light, dark. Lines and words have at least 4.5 : 1 on the background."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")
"""Lines differ in more than color."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def grid(x: float, y: float, width: float, height: float, most: float) -> Iterator[str]:
    """Rules and numbers: 0–100 % across, 0–``most`` up."""
    for quarter in range(5):
        share = quarter / 4
        across, up = x + width * share, y + height * (1 - share)
        yield f'<path d="M{across} {y}v{height}M{x} {up}h{width}" {color("rule")}/>'
        yield text(across, y + height + 17, f"{100 * share:.0f} %", size=11)
        number = f"{100 * most * share:.3g} %"
        yield text(x - 8, up + 4, number, anchor="end", size=11)


def color(*classes: str) -> str:
    """Classes, and their light colors as attributes."""
    light = " ".join(f'{ROLES[name][0]}="{ROLES[name][1]}"' for name in classes)
    return f'class="{" ".join(classes)}" {light}'


def text(
    x: float, y: float, words: str, role: str = "dim", anchor: str = "middle", size: int = 12
) -> str:
    """Words at a place; ``anchor`` as SVG has it, ``role`` one of `ROLES`."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f"{color(role)}>{escape(words)}</text>"
    )


def document(width: float, height: float, title: str, about: str, parts: Sequence[str]) -> str:
    """The whole picture: ``title`` and ``about`` are for those who do not see it."""
    dark = "".join(f".{name}{{{kind}:{color}}}" for name, (kind, _, color) in ROLES.items())
    body = "\n".join(parts)
    name = title.partition(" ")[0].lower()  # ids of their own where both stand in one page
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="{name}-t {name}-d" font-family="{FONT}">\n'
        f'<title id="{name}-t">{escape(title)}</title>\n'
        f'<desc id="{name}-d">{escape(about)}</desc>\n'
        f"<style>@media (prefers-color-scheme:dark){{{dark}}}</style>\n"
        f'<rect width="{width}" height="{height}" rx="8" {color("bg")}/>\n{body}\n</svg>\n'
    )
