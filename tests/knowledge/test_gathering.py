"""Texts of several threads in one forward pass, and a question's vectors."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from app.domain import Span
from app.knowledge.gathering import Gathered, Wanted
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder, Encoded, Vector
from app.knowledge.question_vectors import QuestionVectors
from app.knowledge.terms import word_spans
from tests.knowledge.world import WordEmbedder


class Slow:
    """Embeds a text as its length; the first call waits until it may go on."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.begun = threading.Event()
        self.may_go = threading.Event()

    def __call__(self, wanted: Sequence[Wanted]) -> list[Encoded]:
        self.calls.append([text for text, _ in wanted])
        self.begun.set()
        assert self.may_go.wait(10)
        if any(text == "broken" for text, _ in wanted):
            raise ValueError("broken")
        return [
            Encoded(np.full(1, len(text), np.float32), np.zeros((0, 1), np.float32))
            for text, _ in wanted
        ]


def in_threads(gathered: Gathered, texts: Sequence[Sequence[str]], slow: Slow) -> list[object]:
    """What each thread got for its texts; all but the first begin while the first one embeds."""
    found: list[object] = [None] * len(texts)

    def ask(place: int) -> None:
        try:
            vectors = gathered([(text, []) for text in texts[place]])
            found[place] = [float(one.vector[0]) for one in vectors]
        except ValueError as error:
            found[place] = str(error)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(texts))]
    threads[0].start()
    assert slow.begun.wait(10)
    for number, thread in enumerate(threads[1:], 1):
        thread.start()
        while len(gathered._waiting) < number:
            thread.join(0.001)
    slow.may_go.set()
    for thread in threads:
        thread.join(10)
    return found


def test_who_comes_while_the_model_is_busy_goes_together_when_it_is_free() -> None:
    slow = Slow()
    found = in_threads(Gathered(slow, at_once=16), [["a"], ["bb"], ["ccc", "dddd"]], slow)
    assert found == [[1.0], [2.0], [3.0, 4.0]]
    assert slow.calls == [["a"], ["bb", "ccc", "dddd"]]


def test_no_more_texts_go_together_than_may_at_once() -> None:
    slow = Slow()
    found = in_threads(Gathered(slow, at_once=2), [["a"], ["b", "b"], ["c"], ["d"]], slow)
    assert found == [[1.0], [1.0, 1.0], [1.0], [1.0]]
    assert slow.calls == [["a"], ["b", "b"], ["c", "d"]]


def test_an_error_reaches_everybody_whose_texts_were_in_it_and_nobody_else() -> None:
    slow = Slow()
    found = in_threads(Gathered(slow, at_once=2), [["a"], ["broken"], ["b"], ["c"]], slow)
    assert found == [[1.0], "broken", "broken", [1.0]]


class Counting(WordEmbedder):
    """Counts forward passes; ``prompts``: a question is embedded in another way than a passage."""

    def __init__(self, *, prompts: bool = False) -> None:
        super().__init__()
        self.prompts = prompts
        self.passes: list[str] = []

    def encode_query(self, text: str) -> Vector:
        self.passes.append(f"query: {text}")
        return super().encode_query(f"query {text}" if self.prompts else text)

    def encode_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> list[Encoded]:
        self.passes.append(f"passages: {' / '.join(texts)}")
        return WordEmbedder().encode_passages(texts, spans)


def question_vectors(model: Counting) -> QuestionVectors:
    holder: ModelHolder[Embedder] = ModelHolder(lambda: model, "model")
    found = QuestionVectors(holder)
    found.of("the first question finds out what the model is like")
    model.passes.clear()
    return found


def test_a_question_and_its_words_are_embedded_in_one_pass_and_kept() -> None:
    model = Counting()
    questions = question_vectors(model)
    vector = questions.of("hotel cap in Porto")
    words = questions.words("hotel cap in Porto")
    assert words is not None
    assert words.shape == (len(word_spans("hotel cap in Porto")), model.dimension)
    assert vector == pytest.approx(WordEmbedder().encode_query("hotel cap in Porto"))
    assert questions.of("hotel cap in Porto") is vector
    assert model.passes == ["passages: hotel cap in Porto"]


def test_a_model_with_a_prompt_for_questions_embeds_them_with_it() -> None:
    model = Counting(prompts=True)
    questions = question_vectors(model)
    vector = questions.of("hotel cap")
    assert vector == pytest.approx(WordEmbedder().encode_query("query hotel cap"))
    assert questions.words("hotel cap") is None
    assert model.passes == ["query: hotel cap"]


def test_words_of_a_question_that_was_not_searched_for_are_not_known() -> None:
    assert question_vectors(Counting()).words("never asked") is None
