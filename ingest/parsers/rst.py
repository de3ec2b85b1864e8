"""reStructuredText by docutils, with file insertion and raw output switched off."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles

from app.domain import ParsedDocument
from ingest.parsers import tables
from ingest.parsers.build import TextBuilder, parse_date
from ingest.parsers.clean import squeeze
from ingest.parsers.decode import decode
from ingest.parsers.limits import Limits
from ingest.parsers.md import CHANGED_KEYS, OWNER_KEYS, REVIEW_KEYS, front_matter_facts
from ingest.parsers.txt import add_text

SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,  # messages are not for readers
    "halt_level": 5,
    "warning_stream": False,
    "_disable_config": True,
    "input_encoding": "unicode",
    "doctitle_xform": True,
    "syntax_highlight": "none",
    "line_length_limit": 10_000_000,
}
SPHINX_ROLES = [
    "ref",
    "doc",
    "term",
    "func",
    "class",
    "mod",
    "meth",
    "attr",
    "data",
    "exc",
    "obj",
    "file",
    "code",
    "guilabel",
    "menuselection",
    "kbd",
    "command",
    "option",
    "envvar",
    "program",
    "dfn",
    "abbr",
    "download",
    "numref",
    "keyword",
    "token",
    "any",
    "manpage",
    "samp",
]
SPHINX_DIRECTIVE = re.compile(
    r"^([ \t]*)\.\. (toctree|index|currentmodule|module|highlight|only|tabs?|include|raw|"
    r"literalinclude|seealso|versionadded|versionchanged|deprecated|code-block)::",
    re.MULTILINE,
)
UNSEEN = frozenset(
    ("docinfo", "comment", "system_message", "substitution_definition", "target", "raw", "pending")
)
CODE = frozenset(("literal_block", "doctest_block", "math_block"))
NOTICES = frozenset(
    ("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning")
)
AS_ADMONITION = {
    "seealso": "See also",
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
}
ROLE_TARGET = re.compile(r"(.*?)\s*<[^<>]+>$", re.DOTALL)


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A reStructuredText file; its field list gives owner and dates."""
    builder = TextBuilder(limits)
    text = decode(data, builder.warn).removeprefix("\ufeff")
    for role in SPHINX_ROLES:
        roles.register_local_role(role, _plain_role)  # type: ignore[arg-type]  # stubs want references
    try:
        tree = publish_doctree(_without_sphinx(text), settings_overrides=SETTINGS)
    except Exception:  # noqa: BLE001  # docutils trips over deep nesting; the words are there
        builder.warn("The file's markup could not be understood; it was read as plain text.")
        add_text(builder, text)
        return builder.document(name=name, kind="rst")
    _Walk(builder).children(tree, 1)
    return builder.document(
        name=name,
        kind="rst",
        title=str(tree.get("title") or ""),
        facts=front_matter_facts(_fields(tree)),
    )


def _plain_role(
    _name: str, rawtext: str, text: str, *_args: object, **_kwargs: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """A Sphinx role reads as its text: ``:ref:`the guide <guide>``` as "the guide"."""
    match = ROLE_TARGET.match(text)
    shown = match[1] if match and match[1] else text.lstrip("~!")
    return [nodes.inline(rawtext, shown)], []


def _without_sphinx(text: str) -> str:
    """Sphinx's own directives as ones docutils knows, so that their content is not lost."""

    def known(match: re.Match[str]) -> str:
        indent, word = match[1], match[2]
        if word == "code-block":
            return f"{indent}.. code::"
        if word in AS_ADMONITION:
            return f"{indent}.. admonition:: {AS_ADMONITION[word]}"
        return f"{indent}.. {word} (left out)"  # becomes a comment

    return SPHINX_DIRECTIVE.sub(known, text)


def _fields(tree: nodes.document) -> dict[str, object]:
    """Bibliographic fields and field lists at the top, as front matter."""
    found: dict[str, object] = {}
    for node in tree.findall(nodes.docinfo):
        for child in node.children:
            if isinstance(child, nodes.field):
                found[child[0].astext().lower().replace(" ", "_")] = child[1].astext()
            elif isinstance(child, nodes.Element):
                found[child.tagname] = child.astext()
    wanted = {*CHANGED_KEYS, *OWNER_KEYS, *REVIEW_KEYS, "superseded_by", "superseded-by"}
    return {key: (parse_date(value) or value) for key, value in found.items() if key in wanted}


class _Walk:
    """One pass over the document tree."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.depth = 0

    def children(self, node: nodes.Element, level: int) -> None:
        """Adds everything in ``node``; ``level`` is that of its title."""
        for child in _elements(node):
            self.visit(child, level)

    def visit(self, node: nodes.Element, level: int) -> None:
        """Adds one element."""
        tag = node.tagname
        if tag in UNSEEN or (tag == "topic" and "contents" in node.get("classes", [])):
            return
        if tag in CODE:
            self.builder.code(node.astext())
        elif tag in NOTICES:
            self.builder.paragraph(tag.capitalize())
            self.children(node, level)
        elif (visit := getattr(self, f"_{tag}", None)) is not None:
            visit(node, level)
        else:
            self.children(node, level)

    def _title(self, node: nodes.Element, level: int) -> None:
        if isinstance(node.parent, nodes.document | nodes.section):
            self.builder.heading(_shown(node), level)
        else:  # of a table, an admonition, a sidebar
            self.builder.paragraph(_shown(node))

    def _subtitle(self, node: nodes.Element, level: int) -> None:
        self.builder.heading(_shown(node), level + 1)

    def _section(self, node: nodes.Element, level: int) -> None:
        parent = node.parent
        untitled = isinstance(parent, nodes.document) and not any(
            isinstance(child, nodes.title) for child in parent.children
        )
        self.children(node, level if untitled else level + 1)

    def _paragraph(self, node: nodes.Element, _level: int) -> None:
        self.builder.paragraph(_shown(node))

    def _image(self, node: nodes.Element, _level: int) -> None:
        self.builder.paragraph(node.get("alt", ""))

    def _line_block(self, node: nodes.Element, _level: int) -> None:
        lines = "\n".join(_shown(line) for line in node.findall(nodes.line))
        self.builder.paragraph(lines, keep_lines=True)

    def _block_quote(self, node: nodes.Element, level: int) -> None:
        for child in _elements(node):
            if isinstance(child, nodes.paragraph | nodes.attribution):
                self.builder.quote(_shown(child))
            else:
                self.visit(child, level)

    def _bullet_list(self, node: nodes.Element, level: int) -> None:
        number = node.get("start", 1) if isinstance(node, nodes.enumerated_list) else None
        self.depth += 1
        for entry in _elements(node):
            marker = "" if number is None else f"{number}."
            for position, child in enumerate(_elements(entry)):
                if position == 0 and isinstance(child, nodes.paragraph):
                    self.builder.item(_shown(child), self.depth, marker)
                else:
                    self.visit(child, level)
            number = None if number is None else number + 1
        self.depth -= 1

    _enumerated_list = _bullet_list

    def _definition_list_item(self, node: nodes.Element, level: int) -> None:
        term = ", ".join(_shown(child) for child in node.findall(nodes.term))
        self._entry(term, next(node.findall(nodes.definition), None), level)

    def _field(self, node: nodes.Element, level: int) -> None:
        name, body = _elements(node)[:2]
        self._entry(_shown(name), body, level)

    _option_list_item = _field

    def _entry(self, term: str, body: nodes.Element | None, level: int) -> None:
        """A term with what is said of it: "term: definition" and the paragraphs after."""
        parts = _elements(body) if body is not None else []
        first = parts.pop(0) if parts and isinstance(parts[0], nodes.paragraph) else None
        self.builder.item(f"{term}: {_shown(first)}" if first else term, self.depth + 1)
        for child in parts:
            self.visit(child, level)

    def _table(self, node: nodes.Element, level: int) -> None:
        for title in node.findall(nodes.title):
            self._title(title, level)
        header = [_cells(row) for part in node.findall(nodes.thead) for row in _elements(part)]
        body = [_cells(row) for part in node.findall(nodes.tbody) for row in _elements(part)]
        tables.emit(self.builder, header + body, len(header) if header else None)


def _cells(row: nodes.Element) -> list[str]:
    cells: list[str] = []
    for entry in _elements(row):
        cells += [_shown(entry)] + [""] * int(entry.get("morecols", 0))
    return cells


def _elements(node: nodes.Element) -> list[nodes.Element]:
    return [child for child in node.children if isinstance(child, nodes.Element)]


def _shown(node: nodes.Node) -> str:
    """The node's text on one line, images as their description."""
    return squeeze(node.astext())
