"""Reads, recognizes, parses and splits files, one after the other, beside the embedding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.domain import ParsedDocument, Passage
from app.errors import FootnoteError, UnreadableDocument
from app.records.document_writer import KnownFile
from app.records.versions import content_hash, new_document_id
from app.telemetry import Attribute, SpanName, get_tracer, step
from ingest.items import Problem
from ingest.plan import Recipes, Work
from ingest.splitter import passage_version, split

tracer = get_tracer(__name__)


@dataclass(frozen=True, slots=True)
class Same:
    """The bytes are known; only the time stamp is new."""

    work: Work
    known: KnownFile


@dataclass(frozen=True, slots=True)
class Renamed:
    """The bytes are known under a name that is gone."""

    work: Work
    known: KnownFile


@dataclass(frozen=True, slots=True)
class Failed:
    """The file cannot be read. ``digest`` is empty when not even its bytes were had."""

    work: Work
    digest: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Read:
    """A new document or version: only its bytes in a dry run, else parsed and split.

    ``replaces``: under which name it was known, when it was renamed and its title with it.
    """

    work: Work
    change: Literal["added", "changed", "renamed"]
    document_id: str
    digest: str
    data: bytes
    parsed: ParsedDocument | None = None
    passages: tuple[Passage, ...] = ()
    replaces: KnownFile | None = None


Outcome = Same | Renamed | Failed | Read


class Preparer:
    """Turns work into outcomes.

    ``titled_by_name``: whether a document's title was made from its file name, and so changes with
    it; what is embedded begins with the title.
    """

    def __init__(
        self,
        *,
        collection: str,
        known: Mapping[str, KnownFile],
        gone: Iterable[KnownFile],
        recipes: Recipes,
        force: bool,
        tokens: int,
        parse: Callable[[bytes, str], ParsedDocument],
        count_tokens: Callable[[Sequence[str]], list[int]],
        titled_by_name: Callable[[KnownFile], bool],
    ) -> None:
        self._collection = collection
        self._recipes = recipes
        self._force = force
        self._tokens = tokens
        self._parse = parse
        self._count_tokens = count_tokens
        self._titled_by_name = titled_by_name
        self._ids = {file.document_id for file in known.values()}  # never to be given twice
        self._gone: defaultdict[str, list[KnownFile]] = defaultdict(list)
        for file in gone:
            if file.status == "ready" and file.error is None:
                self._gone[file.content_hash].append(file)

    def outcomes(self, work: Iterable[Work], *, only_look: bool = False) -> Iterator[Outcome]:
        """One outcome per file, in order. ``only_look``: for a dry run; nothing is parsed."""
        for one in work:
            yield self._outcome(one, only_look)

    def _outcome(self, work: Work, only_look: bool) -> Outcome:
        item, known = work.item, work.known
        digest = ""
        try:
            if item.refused is not None:
                raise item.refused
            data = item.read()
            digest = content_hash(data)
            if known and not self._force and digest == known.content_hash:
                recipe = self._recipes.failed if known.error else self._recipes.ready
                if known.recipe == recipe:
                    return Same(work, known)
            renamed = None if known else self._renamed(work, digest)
            if renamed and not self._titled_by_name(renamed):
                return Renamed(work, renamed)
            read = Read(
                work,
                "renamed" if renamed else "changed" if _has_content(known) else "added",
                self._document_id(work, digest),
                digest,
                data,
                replaces=renamed,
            )
            return read if only_look else self._parsed(read)
        except FootnoteError as error:
            return Failed(work, digest, Problem.of(item.source, error))

    def _parsed(self, read: Read) -> Read:
        work = read.work
        of: dict[str, str] = {Attribute.DOCUMENT: read.document_id, Attribute.CHANGE: read.change}
        with step(tracer, SpanName.PARSE, attributes=of) as span:
            span.set_attribute(Attribute.BYTES, len(read.data))
            parsed = self._parse(read.data, work.item.name)
            span.set_attribute(Attribute.DOCUMENT_KIND, parsed.kind)
        version = passage_version(read.digest, self._recipes.ready, parsed.title)
        with step(tracer, SpanName.SPLIT, attributes=of) as span:
            passages = split(parsed, read.document_id, version, self._tokens, self._count_tokens)
            span.set_attribute(Attribute.PASSAGE_COUNT, len(passages))
        if not passages:
            raise UnreadableDocument("The file holds no text.", "Check that it is the right file.")
        return Read(
            work,
            read.change,
            read.document_id,
            read.digest,
            read.data,
            parsed,
            tuple(passages),
            read.replaces,
        )

    def _renamed(self, work: Work, digest: str) -> KnownFile | None:
        """The vanished document with these bytes; of several the one with the same file name."""
        candidates = self._gone.get(digest)
        if not candidates or work.item.size == 0:
            return None
        name = work.item.source.rpartition("/")[2]
        best = min(candidates, key=lambda f: (f.source.rpartition("/")[2] != name, f.source))
        if best.recipe != self._recipes.ready:
            return None
        candidates.remove(best)
        return best

    def _document_id(self, work: Work, digest: str) -> str:
        """An id that stays with the document through its versions."""
        if work.known and _has_content(work.known):
            return work.known.document_id
        source = work.item.source
        identity = new_document_id(self._collection, source, digest)
        again = 0
        while identity in self._ids:
            # Taken by a document that began here and was renamed since.
            again += 1
            identity = new_document_id(self._collection, source, f"{digest}+{again}")
        self._ids.add(identity)
        return identity


def _has_content(known: KnownFile | None) -> bool:
    """Whether a version of it is shown; a file that never could be read has none."""
    return known is not None and known.status == "ready"
