"""Imported texts → vectors, sentiments, themes and their links, step by step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from app import moment
from app.access import EVERYTHING, principal, working_for
from app.ask.ports import Searches
from app.errors import FootnoteError
from app.insights.feedback.sentiment import SentimentModel, of_rating
from app.insights.feedback.theme_labels import theme_labels
from app.insights.feedback.theme_links import as_vector, document_about, gap_of
from app.insights.feedback.themes import Found, Vectors, find_themes, theme_ids
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from app.records.product.feedback_items import FeedbackItemStore, Theme
from app.records.product.feedback_reads import FeedbackReads
from app.records.product.gap_store import GapStore

EMBEDDED_CHARS = 800
"""Of a text, so much is embedded: about 200 tokens. What people mean stands at the beginning."""
_BATCH = 512
_REMEMBERED = 20_000
"""Distinct texts whose vectors are remembered, 16 MB: macros and one-word reviews come often."""
_READ = 300
"""Texts of a theme that are read for its label."""
_TYPICAL = 3
"""Texts that stand for a theme where documents are searched."""

Tell = Callable[[str, int, int], None]
"""Told (step, done, total); may raise to stop the work."""


class FeedbackAnalysis:
    """Finds out what the imported texts say. Each step can be left and begun again."""

    def __init__(
        self,
        store: FeedbackItemStore,
        reads: FeedbackReads,
        embedder: ModelHolder[Embedder],
        search: Searches,
        gaps: GapStore,
    ) -> None:
        self._store = store
        self._reads = reads
        self._embedder = embedder
        self._search = search
        self._gaps = gaps
        self._sentiment: SentimentModel | None = None

    def embed(self, tell: Tell) -> int:
        """Embed and judge every item that waits for it; how many distinct texts there were."""
        embedder = self._embedder.get(wait=True)
        self._store.forget_vectors(2 * embedder.dimension)
        total, done, distinct = self._reads.waiting(), 0, 0
        remembered: OrderedDict[bytes, NDArray[np.float16]] = OrderedDict()
        while True:
            tell("embedding", done, max(total, done))
            waiting = self._store.without_vector(_BATCH)
            if not waiting:
                return distinct
            keys = [_key(text) for _, text, _ in waiting]
            new = {
                key: " ".join(text.split())[:EMBEDDED_CHARS]
                for key, (_, text, _) in zip(keys, waiting, strict=True)
                if key not in remembered
            }
            distinct += len(new)
            for key, vector in zip(new, self._vectors(list(new.values())), strict=True):
                remembered[key] = vector.astype(np.float16)
            vectors = np.stack([remembered[key] for key in keys])
            judged = self._judge(vectors.astype(np.float32))
            self._store.keep_vectors(
                [
                    (one, vector.tobytes(), float(felt) if rating is None else of_rating(rating))
                    for (one, _, rating), vector, felt in zip(waiting, vectors, judged, strict=True)
                ]
            )
            while len(remembered) > _REMEMBERED:
                remembered.popitem(last=False)
            done += len(waiting)

    def find_themes(self, tell: Tell) -> int:
        """Cluster all items anew, name the themes, link them; how many there are."""
        tell("themes", 0, 1)
        ids, vectors = self._all_vectors()
        found = find_themes(vectors)
        before = {theme.id: theme for theme in self._reads.themes()}
        dimension = vectors.shape[1]
        known = [(one.id, as_vector(one.centroid, dimension)) for one in before.values()]
        names = theme_ids(found.centroids, [(a, b) for a, b in known if b is not None])
        texts = self._typical_texts(ids, found, names)
        labels = theme_labels(texts)
        links = {}
        for number, name in enumerate(names):
            tell("links", number, len(names))
            links[name] = self._links(texts[name][:_TYPICAL], found.centroids[number])
        themes = []
        for number, name in enumerate(names):
            old = before.get(name)
            themes.append(
                Theme(
                    id=name,
                    label=labels[name] or " ".join(texts[name][0].split())[:60],
                    centroid=found.centroids[number].astype(np.float16).tobytes(),
                    summary=old.summary if old else "",
                    model=old.model if old else "",
                    updated_at=moment.now(),
                )
            )
        theme_of = [
            (one, names[label] if label >= 0 else "")
            for one, label in zip(ids, found.labels, strict=True)
        ]
        self._store.replace_themes(themes, theme_of, links)
        return len(themes)

    def link(self) -> None:
        """Look again which document and which gap belong to each theme."""
        dimension = self._embedder.get(wait=True).dimension
        links = {}
        for theme in self._reads.themes():
            centroid = as_vector(theme.centroid, dimension)
            if centroid is not None:
                typical = [text for _, text in self.typical(theme, _TYPICAL)]
                links[theme.id] = self._links(typical, centroid)
        self._store.keep_links(links)

    def typical(self, theme: Theme, count: int) -> list[tuple[str, str]]:
        """``(id, text)`` of the items nearest to the middle of a theme, no text twice."""
        best: list[tuple[float, str]] = []
        for ids, held in self._reads.vectors(theme.id):
            vectors = np.frombuffer(held, dtype=np.float16).reshape(len(ids), -1)
            centroid = as_vector(theme.centroid, vectors.shape[1])
            if centroid is not None:
                cosines = vectors.astype(np.float32) @ centroid
                best += zip(cosines.tolist(), ids, strict=True)
                best = sorted(best, key=lambda one: (-one[0], one[1]))[: 20 * count]
        items = self._reads.items([one for _, one in best])
        chosen: dict[str, tuple[str, str]] = {}
        for _, one in best:
            if one in items:
                chosen.setdefault(_folded(items[one].text), (one, items[one].text))
        return list(chosen.values())[:count]

    def _links(self, texts: Sequence[str], centroid: Vectors) -> tuple[str, str]:
        try:
            # Kept for all readers, whoever asked for it; pages name what each of them may see.
            with working_for(principal(), EVERYTHING):
                document = document_about(texts, self._search)
        except FootnoteError:  # no index, or it is another model's: nothing can be said
            document = ""
        return document, gap_of(centroid, self._gaps.known())

    def _all_vectors(self) -> tuple[list[str], NDArray[np.float16]]:
        ids: list[str] = []
        parts: list[NDArray[np.float16]] = []
        for own, held in self._reads.vectors():
            ids += own
            parts.append(np.frombuffer(held, dtype=np.float16).reshape(len(own), -1))
        if not parts:
            dimension = self._embedder.get(wait=True).dimension
            return [], np.zeros((0, dimension), dtype=np.float16)
        return ids, np.concatenate(parts)

    def _typical_texts(
        self, ids: Sequence[str], found: Found, names: Sequence[str]
    ) -> dict[str, list[str]]:
        """Theme → its texts, the nearest to its middle first, no text twice."""
        texts: dict[str, list[str]] = {}
        for number, name in enumerate(names):
            own = np.flatnonzero(found.labels == number)
            own = own[np.argsort(-found.near[own], kind="stable")][:_READ]
            chosen = [ids[int(n)] for n in own]
            items = self._reads.items(chosen)
            distinct = {_folded(items[one].text): items[one].text for one in chosen if one in items}
            texts[name] = list(distinct.values()) or [""]
        return texts

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        embedder = self._embedder.get(wait=True)
        encoded = embedder.encode_passages(texts, [[] for _ in texts])
        return np.array([one.vector for one in encoded], dtype=np.float32).reshape(
            len(texts), embedder.dimension
        )

    def _judge(self, vectors: Vectors) -> NDArray[np.float32]:
        if self._sentiment is None:
            self._sentiment = SentimentModel(self._vectors)
        return self._sentiment.judge(vectors)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _key(text: str) -> bytes:
    return blake2b(text[:EMBEDDED_CHARS].encode("utf-8", "replace"), digest_size=16).digest()
