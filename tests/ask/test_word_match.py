"""How much of a question a sentence takes up, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from app.ask.word_match import WordMatch, WordMatcher
from app.domain import Span
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Encoded
from tests.knowledge.world import WordEmbedder

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder


class Counting(WordEmbedder):
    """Remembers how many texts it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded: list[str] = []

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        self.encoded += texts
        return super().encode_passages(texts, spans)


def matcher(embedder: Embedder) -> WordMatcher:
    holder: ModelHolder[Embedder] = ModelHolder(lambda: embedder, "search model")
    holder.get(wait=True)
    return WordMatcher(holder)


def test_a_sentence_with_every_word_meets_the_question_fully() -> None:
    [same, other] = matcher(WordEmbedder()).match(
        "boats leave early", {}, ["Early leave the boats.", "Cats sleep."]
    )
    assert same.every == pytest.approx(1, abs=1e-3)
    assert same.key == pytest.approx(1, abs=1e-3)
    assert other.every < 0.7


def test_a_rare_word_counts_for_more() -> None:
    met, missed = matcher(WordEmbedder()).match(
        "boats zebra", {"boat": 1.0, "zebra": 9.0}, ["A zebra.", "A boat."]
    )
    assert met.every == pytest.approx(missed.every, abs=0.2)
    assert met.key > missed.key + 0.3


def test_common_words_count_only_where_there_is_nothing_else() -> None:
    found = matcher(WordEmbedder())
    assert found.match("the boats", {}, ["boats"])[0].key == pytest.approx(1, abs=1e-3)
    assert found.match("what is the", {}, ["what is the"])[0].key == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("question", "text"), [("", "Boats."), ("?!", "Boats."), ("boats", "…")])
def test_where_there_is_no_word_nothing_matches(question: str, text: str) -> None:
    assert matcher(WordEmbedder()).match(question, {}, [text]) == [WordMatch(0.0, 0.0)]
    assert matcher(WordEmbedder()).match(question, {}, []) == []


def test_a_sentence_is_encoded_once_for_many_questions() -> None:
    embedder = Counting()
    found = matcher(embedder)
    first = found.match("boats", {}, ["Boats leave.", "Cats sleep."])
    assert found.match("boats", {}, ["Boats leave.", "Cats sleep."]) == first
    found.match("cats", {}, ["Cats sleep."])
    assert sorted(embedder.encoded) == ["Boats leave.", "Cats sleep.", "boats", "cats"]


def test_of_a_long_row_the_beginning_is_read() -> None:
    embedder = Counting()
    matcher(embedder).match("boats", {}, ["boats " * 500])
    assert max(len(text) for text in embedder.encoded) < 500


def test_several_threads_may_ask_at_once() -> None:
    found = matcher(WordEmbedder())
    texts = [f"Boats leave pier {i}." for i in range(20)]
    expected = found.match("boats leave", {}, texts)
    with ThreadPoolExecutor(4) as pool:
        every = list(pool.map(lambda _: found.match("boats leave", {}, texts), range(8)))
    assert all(one == expected for one in every)


def test_the_bundled_model_meets_a_word_with_another_of_its_meaning(embedder: Embedder) -> None:
    meant, other = matcher(embedder).match(
        "How long does the battery last?",
        {},
        ["The power pack runs for 18 months.", "The board meets for two days in March."],
    )
    assert meant.key > other.key
    assert 0 < other.every < meant.every <= 1
