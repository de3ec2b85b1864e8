"""Do both indexes hold exactly what SQL holds, and can it be found there? And built again beside.

A damaged index is never emptied in place: the new one is built in a folder of its own, and only
then takes the old one's name, which is kept aside.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app import moment
from app.domain import Filters
from app.errors import FootnoteError
from app.knowledge import probing
from app.knowledge.chroma import embedded_chroma
from app.knowledge.lexical_index import TantivyIndex
from app.knowledge.library import Library
from app.knowledge.ports import LexicalIndex, VectorIndex

REBUILDING = "rebuilding"
ASIDE = "damaged"
_TANTIVY_MAGIC = 1337
_TRIED = 200
"""Passages that are looked for with their own vectors: nearly each has to find itself."""
_OVERLOOKED = 0.02
"""Share of them that a sound graph may overlook: HNSW's search is approximate, and among passages
that are nearly the same one of 200 was overlooked after 4 of 60 rebuilds."""

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """``problem``: why it can't be used, in a few words; empty where it can.

    ``missing``: passages of SQL that it lacks; ``surplus``: what it holds and SQL does not;
    ``unfound``: of a sample, passages that do not find themselves; 0 where they are as few as in
    a sound graph.
    """

    held: int = 0
    problem: str = ""
    missing: int = 0
    surplus: int = 0
    unfound: int = 0

    @property
    def whole(self) -> bool:
        """Whether it holds exactly what it should."""
        return not (self.problem or self.missing or self.surplus or self.unfound)


def vectors_health(library: Library, folder: Path | None) -> IndexHealth:
    """``folder``: of the embedded index; None: a server's."""
    if folder is not None and folder.exists():
        problem = probing.probe(folder)
        if problem:
            return IndexHealth(problem=problem)
    expected = library.documents.passage_ids()
    try:
        held = library.vectors.ids()
        missing = sum(len(set(ids) - held.get(name, set())) for name, ids in expected.items())
        surplus = sum(len(ids - set(expected.get(name, ()))) for name, ids in held.items())
        unfound = 0 if missing else _unfound(library)
    except FootnoteError as error:
        return IndexHealth(problem=error.detail.rstrip("."))
    return IndexHealth(sum(map(len, held.values())), "", missing, surplus, unfound)


def lexical_health(library: Library, folder: Path) -> IndexHealth:
    """Checks every file's checksum too, which tantivy itself never looks at."""
    damaged = damaged_segments(folder)
    if damaged:
        return IndexHealth(problem=f"{damaged[0]} is not what was written ({len(damaged)} damaged)")
    expected = {key for ids in library.documents.passage_ids().values() for key in ids}
    try:
        held = library.lexical.ids()
    except FootnoteError as error:
        return IndexHealth(problem=error.detail.rstrip("."))
    return IndexHealth(len(held), "", len(expected - held), len(held - expected))


def damaged_segments(folder: Path) -> list[str]:
    """Names of tantivy's files whose content does not fit the checksum in their footer."""
    try:
        listed = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["segments"]
        names = {one["segment_id"].replace("-", "") for one in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return []  # opening it says what is wrong
    return [
        file.name
        for file in sorted(folder.iterdir())
        if file.stem.split(".")[0] in names and not _fits(file)
    ]


def rebuild_vectors(
    library: Library, folder: Path, told: Told = lambda _a, _b: None
) -> Path | None:
    """Build embedded Chroma again from SQL; gives where the old one lies, None where none was."""
    build_vectors(library, folder, told)
    library.vectors.close()
    return swap(folder)


def build_vectors(library: Library, folder: Path, told: Told = lambda _a, _b: None) -> None:
    """Build embedded Chroma again from SQL beside ``folder``, for `swap`."""
    new = embedded_chroma(_fresh(folder))
    try:
        new.count()  # also an empty index has its files
        _fill(library, new, None, told)
    finally:
        new.close()


def rebuild_lexical(
    library: Library, folder: Path, told: Told = lambda _a, _b: None
) -> Path | None:
    """Build the lexical index again from SQL; gives where the old one lies, None where none was."""
    new = TantivyIndex(_fresh(folder))
    new.count()  # also an empty index has its files
    _fill(library, None, new, told)
    new.close()
    library.lexical.close()
    return swap(folder)


def swap(folder: Path) -> Path | None:
    """Put what was built beside in place of ``folder``; gives where the old one lies now."""
    new = folder.with_name(f"{folder.name}.{REBUILDING}")
    aside = None
    if folder.exists():
        stamp = moment.now().strftime("%Y%m%d-%H%M%S")
        aside = folder.with_name(f"{folder.name}.{ASIDE}-{stamp}")
        os.rename(folder, aside)  # noqa: PTH104  # both names are in one folder: it is one step
    try:
        os.rename(new, folder)  # noqa: PTH104
    except OSError:
        if aside is not None:
            os.rename(aside, folder)  # noqa: PTH104
        raise
    return aside


def drop_unfinished(folder: Path) -> None:
    """Remove what was built beside and is not wanted."""
    shutil.rmtree(folder.with_name(f"{folder.name}.{REBUILDING}"), ignore_errors=True)


def in_step(library: Library) -> bool:
    """Whether both indexes hold as many passages as SQL; milliseconds.

    Raises:
        IndexUnavailable: one of them can't be opened.
    """
    state = library.documents.state
    if state("dirty") == "1" or state("orphans") == "1":
        return False
    total = library.documents.counts(Filters())[1]
    return library.vectors.count() == library.lexical.count() == total


def left_overs(data_dir: Path) -> tuple[list[Path], list[Path]]:
    """What an interrupted repair left behind, and damaged indexes that were kept aside."""
    if not data_dir.is_dir():
        return [], []
    begun = [one for one in data_dir.iterdir() if one.name.endswith(f".{REBUILDING}")]
    kept = [one for one in data_dir.iterdir() if f".{ASIDE}-" in one.name]
    return sorted(begun), sorted(kept)


def _fill(
    library: Library, vectors: VectorIndex | None, lexical: LexicalIndex | None, told: Told
) -> None:
    stored = [key for ids in library.documents.passage_ids().values() for key in ids]
    done = 0
    for entries in library.entries(stored):
        if vectors is not None:
            vectors.add(entries)
        if lexical is not None:
            lexical.add(entries)
        done += len(entries)
        told(done, len(stored))
    if lexical is not None:
        lexical.commit()


def _unfound(library: Library) -> int:
    lost = tried = 0
    for name, ids in library.documents.passage_ids().items():
        some = sorted(ids)[:: max(1, len(ids) // _TRIED)][:_TRIED]
        for key, stored in library.documents.vectors(some).items():
            # Passages with the same words have the same vector: the best score counts, not the id.
            best = library.vectors.search(stored.passage, 1, Filters(), (name,))
            lost += not best or (best[0][0] != key and best[0][1] < 0.99)
            tried += 1
    return lost if lost > _OVERLOOKED * tried else 0


def _fits(file: Path) -> bool:
    """Tantivy's footer: JSON with the CRC-32 of all before it, its length, a magic number."""
    data = file.read_bytes()
    if len(data) < 8 or int.from_bytes(data[-4:], "little") != _TANTIVY_MAGIC:
        return file.suffix == ".del"
    size = int.from_bytes(data[-8:-4], "little")
    try:
        footer = json.loads(data[-8 - size : -8])
        return bool(footer["crc"] == zlib.crc32(data[: -8 - size]))
    except (ValueError, KeyError, TypeError):
        return False


def _fresh(folder: Path) -> Path:
    drop_unfinished(folder)
    return folder.with_name(f"{folder.name}.{REBUILDING}")
