"""Candidate sentences and what speaks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from app.ask.question_type import Wanted
from app.ask.sentences import REREAD, best_documents, rank_sentences, reread
from app.ask.word_match import WordMatch, WordMatcher
from tests.knowledge.hits import make_document, make_hit, make_retrieval

QUESTION = "How much is a hotel?"


def test_every_sentence_of_the_passages_read_is_a_candidate_with_its_place() -> None:
    first = make_hit("One.\nHotels cost EUR 165.", start=50, sentence_scores=(0.1, 0.8))
    second = make_hit("Three.", "other", sentence_scores=(0.2,))
    unread = make_hit("Four.", "third", sentence_scores=(0.99,))
    candidates = rank_sentences(QUESTION, make_retrieval(QUESTION, first, second, unread), read=2)
    assert {c.text for c in candidates} == {"One.", "Hotels cost EUR 165.", "Three."}
    best = candidates[0]
    assert (best.text, best.span, best.index, best.rank) == ("Hotels cost EUR 165.", (55, 75), 1, 0)
    assert best.kind is Wanted.MONEY
    assert [best.text[a:b] for a, b in best.spans] == ["EUR 165"]
    assert best.meaning == 0.8
    assert best.coverage == pytest.approx(1)
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"sentence_scores": (0.8,)}, {"sentence_scores": (0.4,)}),
        ({"score": 0.8}, {"score": 0.4}),
        ({"text": "A hotel is nice."}, {"text": "A cabin is nice."}),
        ({"text": "It is EUR 165."}, {"text": "It is nothing."}),
    ],
    ids=["nearer in meaning", "better passage", "more of the words", "the wanted kind"],
)
def test_each_signal_counts(better: dict[str, object], worse: dict[str, object]) -> None:
    plain: dict[str, object] = {"text": "Some text.", "sentence_scores": (0.5,), "score": 0.5}
    hits = [
        make_hit(**(plain | worse), document="worse"),  # type: ignore[arg-type]
        make_hit(**(plain | better), document="better"),  # type: ignore[arg-type]
    ]
    candidates = rank_sentences(QUESTION, make_retrieval(QUESTION, *hits), read=8)
    assert candidates[0].hit.document.id == "better"


def test_the_same_text_in_another_place_has_that_place() -> None:
    hits = [make_hit("One.\nTwo.", "a", start=start) for start in (0, 70)]
    candidates = rank_sentences("two", make_retrieval("two", *hits), 8)
    places = {(c.hit.passage.start, c.text): c.span for c in candidates}
    assert places == {
        (0, "One."): (0, 4), (0, "Two."): (5, 9), (70, "One."): (70, 74), (70, "Two."): (75, 79)
    }  # fmt: skip


def test_words_in_title_and_headings_count_half() -> None:
    question = "hotel harbor"
    hits = {
        "sentence": make_hit("A hotel in a harbor."),
        "heading": make_hit("A hotel.", heading=("Harbor",)),
        "title": make_hit("A hotel.", make_document("x", title="Harbor")),
        "nowhere": make_hit("A hotel."),
    }
    covered = {
        name: rank_sentences(question, make_retrieval(question, hit), 8)[0].coverage
        for name, hit in hits.items()
    }
    expected = {"sentence": 1, "heading": 0.75, "title": 0.75, "nowhere": 0.5}
    assert covered == pytest.approx(expected)


def test_without_sentence_scores_the_passage_s_cosine_stands_in() -> None:
    hit = make_hit("One.\nTwo.", dense=0.33)
    assert {c.meaning for c in rank_sentences("x", make_retrieval("x", hit), 8)} == {0.33}


def test_a_question_of_no_words_covers_nothing() -> None:
    retrieval = make_retrieval("?", make_hit("One."))
    assert [c.coverage for c in rank_sentences("?", retrieval, 8)] == [0]
    assert rank_sentences("?", make_retrieval("?"), 8) == []


def test_documents_that_say_something_close_are_counted_once() -> None:
    hits = [
        make_hit("Boats.\nMore boats.", "a", sentence_scores=(0.9, 0.9)),
        make_hit("Boats here.", "b", sentence_scores=(0.88,)),
        make_hit("Cats.", "c", sentence_scores=(0.1,)),
    ]
    candidates = rank_sentences("boats", make_retrieval("boats", *hits), 8)
    assert set(best_documents(candidates, within=0.5)) == {"a", "b"}
    assert best_documents(candidates, within=0)[0] in {"a", "b"}
    assert best_documents([], within=1) == []


# --- the second reading ---------------------------------------------------------------------------


@dataclass
class Told(WordMatcher):
    """Gives the matches that a test wants, and remembers what it was asked."""

    by_text: dict[str, WordMatch]
    asked: list[str] = field(default_factory=list)

    def match(
        self, question: str, rarity: Mapping[str, float], texts: Sequence[str]
    ) -> list[WordMatch]:
        self.asked += texts
        return [
            next((m for part, m in self.by_text.items() if part in text), WordMatch(0, 0))
            for text in texts
        ]


def test_a_sentence_that_meets_every_word_moves_up() -> None:
    hits = [
        make_hit("Boats are nice.", "a", heading=("Fleet",), sentence_scores=(0.5,)),
        make_hit("Ferries depart early.", "b", sentence_scores=(0.45,)),
    ]
    retrieval = make_retrieval("boats", *hits)
    first = rank_sentences("boats", retrieval, 8)
    assert first[0].text == "Boats are nice."
    matcher = Told({"Ferries": WordMatch(0.9, 0.9)})
    again = reread(first, retrieval, matcher)
    assert [one.text for one in again] == ["Ferries depart early.", "Boats are nice."]
    assert again[0].words == WordMatch(0.9, 0.9)
    assert matcher.asked == ["Fleet: Boats are nice.", "B: Ferries depart early."]


def test_only_the_best_are_read_twice_and_the_others_stay_behind_them() -> None:
    lines = [f"Boats number {i}." for i in range(REREAD + 3)]
    hit = make_hit("\n".join(lines), sentence_scores=tuple(0.9 - i / 20 for i in range(len(lines))))
    retrieval = make_retrieval("boats", hit)
    first = rank_sentences("boats", retrieval, 8)
    again = reread(first, retrieval, Told({}))
    assert [one.words is not None for one in again] == [True] * REREAD + [False] * 3
    assert [one.score for one in again] == sorted((one.score for one in again), reverse=True)
    behind = zip(again[REREAD:], first[REREAD:], strict=True)
    assert all(replace(one, score=before.score) == before for one, before in behind)
    gaps = [a.score - b.score for a, b in pairwise(again[REREAD:])]
    assert gaps == pytest.approx([a.score - b.score for a, b in pairwise(first[REREAD:])])


def test_nothing_to_read_is_read() -> None:
    assert reread([], make_retrieval("boats"), Told({})) == []
