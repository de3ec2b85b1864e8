"""Best passages by BM25 in tantivy. Derived from SQL; rebuilt by `reindex`.

Where the reader's reach is limited, passages out of it are neither found nor counted: a word that
stands only there is a word that stands nowhere. Without a limit nothing is filtered, and nothing is
paid for it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy
from filelock import FileLock

from app.access import reach
from app.domain import Filters
from app.errors import IndexUnavailable
from app.knowledge.lexical_queries import (
    AS_IT_IS,
    FIELDS,
    all_of,
    anywhere,
    make_schema,
    rarity,
    restrictions,
)
from app.knowledge.ports import IndexEntry, Scored
from app.knowledge.terms import content_words, stems

_WRITER_BYTES = 64_000_000
_REPAIR = "`footnote doctor --repair` or `footnote reindex` builds it again from the database."
_MARKER = "footnote-format"
_LOCK = "footnote-format.lock"
_FORMAT = "1"
"""Grows with the schema; an index of another format is built again."""


class TantivyIndex:
    """BM25 over text, heading and title, with English stemming.

    Safe to use from several threads; one process writes at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.RLock()
        self._index: tantivy.Index | None = None
        self._writer: Any = None

    def add(self, entries: Sequence[IndexEntry]) -> None:
        """Add or replace by passage id. Visible and durable after `commit`."""
        with self._guard:
            writer = self._writing()
            for entry in entries:
                writer.delete_documents_by_term("passage_id", entry.passage_id)
                document = tantivy.Document()
                document.add_text("passage_id", entry.passage_id)
                document.add_text("document_id", entry.document_id)
                document.add_text("collection", entry.collection)
                document.add_text("kind", entry.kind)
                if entry.modified_at:
                    document.add_integer("modified", int(entry.modified_at.timestamp()))
                document.add_text("title", entry.title)
                document.add_text("heading", entry.heading)
                document.add_text("body", entry.text)
                writer.add_document(document)

    def delete(self, passage_ids: Iterable[str]) -> None:
        """Forget these after the next `commit`."""
        with self._guard:
            writer = self._writing()
            for passage_id in passage_ids:
                writer.delete_documents_by_term("passage_id", passage_id)

    def commit(self) -> None:
        """Make additions and deletions durable and visible; lets the files' lock go."""
        with self._guard:
            if self._writer is None:
                return
            writer, self._writer = self._writer, None
            with self._explained():
                writer.commit()
                writer.wait_merging_threads()
                self._opened().reload()

    def search(
        self, question: str, k: int, filters: Filters, collections: Sequence[str]
    ) -> list[Scored]:
        """The ``k`` best within ``collections`` that pass ``filters``, best first, by BM25.

        Rarity is counted over what the reader may see; the average length of a text over all.
        """
        wanted = dict.fromkeys(stem for word in content_words(question) for stem in stems(word))
        collections = reach().within(collections)
        if not wanted or not collections:
            return []
        index = self._opened()
        rarer = self._rarer(index, list(wanted))
        text = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Should, anywhere(index.schema, stem, by))
                for stem, by in zip(wanted, rarer, strict=True)
            ]
        )
        clauses = [(tantivy.Occur.Must, text)]
        clauses += [
            (tantivy.Occur.Must, tantivy.Query.const_score_query(query, 0.0))
            for query in restrictions(index.schema, filters, collections)
        ]
        with self._explained():
            searcher = index.searcher()
            hits = searcher.search(tantivy.Query.boolean_query(clauses), k, count=False).hits
            return [
                (str(searcher.doc(address)["passage_id"][0]), float(score))
                for score, address in hits
            ]

    def document_frequency(self, stems: Sequence[str]) -> int:
        """How many passages hold all of ``stems``, in text, heading or title."""
        if not stems:
            return 0
        index = self._opened()
        return self._number([anywhere(index.schema, stem) for stem in stems])

    def terms(self, prefix: str, wanted: Callable[[str], bool] | None = None) -> Mapping[str, int]:
        """Stems in the texts that begin with ``prefix`` and are ``wanted`` → passages with them.

        Each stem that is left costs a look-up where the reach is limited.
        """
        index = self._opened()
        with self._explained():
            known = index.searcher().terms_with_prefix("body", prefix)
        found = {stem: int(count) for stem, count in known if not wanted or wanted(stem)}
        if not reach().limited:
            return found
        seen = {
            stem: self._number([tantivy.Query.term_query(index.schema, "body", stem)])
            for stem in found
        }
        return {stem: count for stem, count in seen.items() if count}

    def holding(self, stems: Sequence[str], k: int) -> list[str]:
        """Ids of at most ``k`` passages that hold all of ``stems`` in their text."""
        if not stems:
            return []
        index = self._opened()
        query = all_of(
            index.schema, [tantivy.Query.term_query(index.schema, "body", stem) for stem in stems]
        )
        with self._explained():
            searcher = index.searcher()
            hits = searcher.search(query, k, count=False).hits
            return [str(searcher.doc(address)["passage_id"][0]) for _, address in hits]

    def passages_with(self, stems: Sequence[str], document_id: str) -> int:
        """How many passages of one document hold all of ``stems``."""
        index = self._opened()
        mine = tantivy.Query.term_query(index.schema, "document_id", document_id)
        return self._number([mine, *(anywhere(index.schema, stem) for stem in stems)])

    def visible(self) -> int:
        """How many passages the reader may see."""
        return self._number([]) if reach().limited else self.count()

    def ids(self) -> set[str]:
        """Every passage id held, in reach or not: for upkeep."""
        with self._explained():
            searcher = self._opened().searcher()
            total = searcher.num_docs
            if not total:
                return set()
            hits = searcher.search(tantivy.Query.all_query(), total, count=False).hits
            return {str(searcher.doc(address)["passage_id"][0]) for _, address in hits}

    def count(self) -> int:
        """How many passages are held, in reach or not: for upkeep."""
        with self._explained():
            return int(self._opened().searcher().num_docs)

    def clear(self) -> None:
        """Forget everything, files included: this is also the cure for a damaged index."""
        with self._guard:
            self._writer = None
            self._index = None
            (self._path / _MARKER).unlink(missing_ok=True)
            self._opened()

    def refresh(self) -> None:
        """See what other processes wrote."""
        with self._guard:
            if self._stale_format():
                self._index = None
            with self._explained():
                self._opened().reload()

    def close(self) -> None:
        """Let go of files."""
        with self._guard:
            self._writer = None
            self._index = None

    def _number(self, parts: Sequence[tantivy.Query]) -> int:
        """How many passages match all of ``parts`` and may be seen."""
        index = self._opened()
        with self._explained():
            found: Any = index.searcher().search(all_of(index.schema, parts), 1, count=True)
        return int(found.count or 0)

    def _rarer(self, index: tantivy.Index, stems: Sequence[str]) -> Sequence[Sequence[float]]:
        """For each stem, by field: how many times as rare it is among what may be seen as in all.

        Tantivy weighs terms by all that it holds; this makes up for it, so that scores do not tell
        how often a word stands out of reach.
        """
        if not reach().limited:
            return [AS_IT_IS] * len(stems)
        with self._explained():
            searcher = index.searcher()
            held, seen = searcher.num_docs, self.visible()

            def times(field: str, stem: str) -> float:
                everywhere = searcher.doc_freq(field, stem)
                if not everywhere:  # also of most stems in titles and headings
                    return 1.0
                here = self._number([tantivy.Query.term_query(index.schema, field, stem)])
                return rarity(here, seen) / rarity(everywhere, held)

            return [[times(field, stem) for field, _ in FIELDS] for stem in stems]

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A missing or damaged file may show only when it is read."""
        try:
            yield
        except BaseException as error:
            # tantivy's panics, on bytes that it did not expect, are no ordinary exceptions.
            panic = type(error).__name__ == "PanicException"
            if not panic and not isinstance(error, (OSError, ValueError)):
                raise
            raise IndexUnavailable(
                f"The lexical index in {self._path} can't be used: {error}.", _REPAIR
            ) from error

    def _stale_format(self) -> bool:
        try:
            return (self._path / _MARKER).read_text() != _FORMAT
        except FileNotFoundError:
            return True

    def _begin_anew(self) -> None:
        """Empty the folder, then mark it as of today's format; what another just began stays.

        The marker comes last, in one step: without one there is nothing in the folder that counts,
        whenever somebody is killed. The lock is for those who found an old format together.
        """
        self._path.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path / _LOCK):
            if not self._stale_format():
                return
            for one in self._path.iterdir():
                if one.name != _LOCK:
                    shutil.rmtree(one) if one.is_dir() else one.unlink(missing_ok=True)
            written = self._path / f"{_MARKER}.new"
            written.write_text(_FORMAT)
            written.replace(self._path / _MARKER)

    def _opened(self) -> tantivy.Index:
        with self._guard:
            if self._index is None:
                try:
                    if self._stale_format():
                        self._begin_anew()
                    self._index = tantivy.Index(make_schema(), path=str(self._path))
                except (OSError, ValueError) as error:
                    raise IndexUnavailable(
                        f"The lexical index in {self._path} can't be opened: {error}.", _REPAIR
                    ) from error
            return self._index

    def _writing(self) -> Any:
        if self._writer is None:
            try:
                writer = self._opened().writer(heap_size=_WRITER_BYTES, num_threads=1)
                # A commit that a kill cut short leaves files whose names the next one would use.
                writer.garbage_collect_files()
                self._writer = writer
            except (OSError, ValueError) as error:
                raise IndexUnavailable(
                    f"The lexical index in {self._path} can't be written: {error}.",
                    "Check that the disk is writable and has room.",
                ) from error
        return self._writer
