"""Documents that a public set keeps inside JSON, written out as files that an ingest can read.

Each is one Markdown file in which every ASCII punctuation mark has a backslash, which CommonMark
(0.31, section 2.4) reads as the mark itself: whatever the text holds, it is text. Names are made
from the set's ids and are the same each time; `names.tsv` beside the folder says which is whose.

Written as they come, one at a time, so that a corpus larger than the memory is no trouble; a
million files lie in 256 folders. A set whose files are unchanged is not written again, and one is
never left half written.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.errors import BadRequest
from evals.folders import private_folder

_VERSION = 1
"""Of what is written: another one is written anew."""
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BLANK_LINE = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")
_TITLE = 60
"""Characters of its own text that stand for a title where a document has none."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document to write. ``text``: paragraphs, with blank lines between."""

    id: str
    title: str
    text: str


def file_name(document_id: str) -> str:
    """A name that every file system keeps apart from all others, made from an id."""
    if _PLAIN.fullmatch(document_id):
        return f"{document_id}.md"
    plain = re.sub(r"[^a-z0-9]+", "-", document_id.lower()).strip("-")[:48] or "document"
    digest = hashlib.blake2b(document_id.encode("utf-8", "replace"), digest_size=5).hexdigest()
    return f"{plain}-{digest}.md"


def markdown(document: Written) -> str:
    """The file's content; empty when the document has neither title nor text."""
    title = _line(document.title)
    paragraphs = [line for part in paragraphs_of(document.text) if (line := _line(part))]
    if title:
        head = f"# {_escaped(title)}\n"
    elif paragraphs:
        # Without one, the file's name would be its title, and be embedded with every passage.
        head = f"---\ntitle: {json.dumps(paragraphs[0][:_TITLE], ensure_ascii=False)}\n---\n"
    else:
        return ""
    return "\n".join([head, *(f"{_escaped(line)}\n" for line in paragraphs)])


def paragraphs_of(text: str) -> list[str]:
    """What blank lines part."""
    return [part for part in _BLANK_LINE.split(text) if part.strip()]


def write_out(
    layout: str, sources: Iterable[Path], documents: Iterable[Written], *, sharded: bool = False
) -> Path:
    """The folder with a file for each of ``documents``, which are read only when it is not there.

    ``sources``: the files that they come from; a change in one of them has all written anew.

    Raises:
        BadRequest: the files cannot be written.
    """
    made_from = _made_from(layout, sources)
    try:
        return _kept_or_written(private_folder(), layout, made_from, documents, sharded=sharded)
    except OSError as error:
        raise BadRequest(
            f"The documents can't be written out: {error}.",
            "Make room there, or set TMPDIR to another folder.",
        ) from error


def _kept_or_written(
    parent: Path,
    layout: str,
    made_from: dict[str, list[str]],
    documents: Iterable[Written],
    *,
    sharded: bool,
) -> Path:
    digest = hashlib.blake2b("\n".join(made_from["files"]).encode(), digest_size=6).hexdigest()
    folder = parent / f"{layout}-{digest}"
    record = folder / "made.json"
    if record.is_file() and json.loads(record.read_text(encoding="utf-8")) == made_from:
        return folder / "corpus"
    fresh = Path(tempfile.mkdtemp(prefix=f"{layout}-", dir=parent))
    try:
        _write_all(fresh, documents, sharded=sharded)
        (fresh / "made.json").write_text(json.dumps(made_from), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder / "corpus"


def _write_all(folder: Path, documents: Iterable[Written], *, sharded: bool) -> None:
    corpus = folder / "corpus"
    corpus.mkdir()
    made: set[Path] = set()
    with (folder / "names.tsv").open("w", encoding="utf-8", errors="replace") as names:
        for document in documents:
            content = markdown(document)
            if not content:
                continue
            name = file_name(document.id)
            shard = corpus
            if sharded:
                shard = corpus / hashlib.blake2b(name.encode(), digest_size=1).hexdigest()
                if shard not in made:
                    shard.mkdir()
                    made.add(shard)
            (shard / name).write_text(content, encoding="utf-8", errors="replace")
            names.write(f"{document.id}\t{name}\n")


def _made_from(layout: str, sources: Iterable[Path]) -> dict[str, list[str]]:
    files, stamps = [], []
    for source in sources:
        stat = source.stat()
        files.append(str(source.resolve()))
        stamps.append(f"{stat.st_size} {stat.st_mtime_ns}")
    return {"of": [layout, str(_VERSION)], "files": files, "stamps": stamps}


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _escaped(line: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", line)
