"""Jupyter notebooks by nbformat: words through the Markdown parser, code and its output as code."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat

from app.domain import ParsedDocument
from app.errors import UnreadableDocument
from ingest.parsers.build import TextBuilder
from ingest.parsers.decode import decode
from ingest.parsers.html import add_html
from ingest.parsers.limits import Limits
from ingest.parsers.md import add_markdown

MAX_OUTPUT = 20_000
"""Characters of one output; longer ones are logs and dumps."""

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def parse(data: bytes, name: str, limits: Limits) -> ParsedDocument:
    """A notebook."""
    builder = TextBuilder(limits)
    text = decode(data, builder.warn)
    notebook = nbformat.reads(json.dumps(_complete(json.loads(text))), as_version=4)  # type: ignore[no-untyped-call]  # no types
    cut = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            add_markdown(builder, cell.source)
        elif cell.cell_type == "code":
            builder.code(cell.source)
            for output in cell.get("outputs", []):
                cut += _add_output(builder, output)
        else:
            builder.paragraph(cell.source, keep_lines=True)
    if cut:
        builder.warn(f"{cut} long {'output was' if cut == 1 else 'outputs were'} cut short.")
    title = notebook.metadata.get("title", "")
    return builder.document(name=name, kind="ipynb", title=title if isinstance(title, str) else "")


def _complete(notebook: Any) -> dict[str, Any]:
    """Fills in what hand-made notebooks leave out, and leaves out what no notebook holds.

    Raises:
        UnreadableDocument: it is JSON of another kind.
    """
    if not isinstance(notebook, dict):
        raise UnreadableDocument(
            "The file is not a notebook: its JSON holds no cells.", "Get the notebook again."
        )
    version = tuple(
        one if isinstance(one := notebook.get(part), int) else default
        for part, default in (("nbformat", 4), ("nbformat_minor", 0))
    )
    if not isinstance(notebook.get("metadata"), dict):
        notebook["metadata"] = {}
    if "cells" in notebook or version >= (4, 0):
        notebook["cells"] = _objects(notebook.get("cells"))
        notebook["nbformat"], notebook["nbformat_minor"] = max(version, (4, 0))
    for number, cell in enumerate(notebook.get("cells", [])):
        cell.setdefault("metadata", {})
        cell["source"] = _joined(cell.get("source"))
        if version >= (4, 5):
            cell.setdefault("id", f"cell-{number}")
        if cell.setdefault("cell_type", "raw") == "code":
            cell["outputs"] = [_sound(output) for output in _objects(cell.get("outputs"))]
            cell.setdefault("execution_count", None)
    return notebook


def _sound(output: dict[str, Any]) -> dict[str, Any]:
    """An output whose texts are texts."""
    sound = {**output, "output_type": str(output.get("output_type"))}
    if "text" in output:
        sound["text"] = _joined(output["text"])
    if "data" in output:
        data = output["data"] if isinstance(output["data"], dict) else {}
        sound["data"] = {kind: _joined(value) for kind, value in data.items()}
    return sound


def _objects(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _add_output(builder: TextBuilder, output: Any) -> int:
    """Adds one output; 1 when it was cut short."""
    if output.output_type == "stream":
        text = _joined(output.get("text", ""))
    elif output.output_type == "error":
        text = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    else:
        content = output.get("data", {})
        page = _joined(content.get("text/html", ""))
        if "<table" in page and len(page) <= MAX_OUTPUT * 10:
            add_html(builder, page)
            return 0
        if markdown := _joined(content.get("text/markdown", "")):
            add_markdown(builder, markdown[:MAX_OUTPUT])
            return int(len(markdown) > MAX_OUTPUT)
        text = _joined(content.get("text/plain", ""))
        if re.fullmatch(r"<[\w.]+[^\n]*>", text.strip()):
            return 0  # "<Figure size 640x480 with 1 Axes>"
    builder.code(ANSI.sub("", text[:MAX_OUTPUT]))
    return int(len(text) > MAX_OUTPUT)


def _joined(text: Any) -> str:
    """A text, or the lines of one; "" for anything else."""
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""
