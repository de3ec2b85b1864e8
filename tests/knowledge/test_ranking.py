"""Fusing, folding and spreading: from two lists of scores to the order that people see."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.domain import Hit
from app.knowledge.diversity import diversify, fold_near_duplicates
from app.knowledge.document_fit import document_wish, prefer_fitting
from app.knowledge.fusion import fuse
from app.knowledge.ports import Vector
from app.records.documents import StoredVectors
from tests.knowledge.hits import make_document, make_hit


def vector(*values: float) -> Vector:
    made = np.array(values, dtype=np.float32)
    return made / np.float32(np.linalg.norm(made))


EAST, NORTH, BETWEEN = vector(1, 0), vector(0, 1), vector(1, 1)
NO_SENTENCES = np.zeros((0, 2), dtype=np.float32)


def stored(passage: Vector, *sentences: Vector) -> StoredVectors:
    return StoredVectors(passage, np.stack(sentences) if sentences else NO_SENTENCES)


# --- fusion ---------------------------------------------------------------------------------------


def test_the_fused_score_weighs_cosine_and_the_earned_share_of_bm25() -> None:
    vectors = {"both": stored(EAST), "dense": stored(EAST), "lexical": stored(NORTH)}
    lexical = {"both": 6.0, "lexical": 3.0}
    ranked = fuse(EAST, vectors, lexical, {"harbor": 4.0, "boat": 2.0}, dense_weight=0.6)
    scores = {one.passage_id: one.score for one in ranked}
    assert [one.passage_id for one in ranked] == ["both", "dense", "lexical"]
    assert scores == pytest.approx({"both": 0.6 + 0.4, "dense": 0.6, "lexical": 0.4 * 0.5})
    assert {one.passage_id: one.lexical for one in ranked} == {
        "both": 6.0,
        "dense": 0.0,
        "lexical": 3.0,
    }


def test_a_passage_s_best_sentence_counts_half_of_its_cosine() -> None:
    vectors = {"plain": stored(BETWEEN), "pointed": stored(BETWEEN, NORTH, EAST)}
    best, plain = fuse(EAST, vectors, {}, {}, dense_weight=1)
    assert best.passage_id == "pointed"
    assert plain.dense == pytest.approx(0.5**0.5)
    assert best.dense == pytest.approx((0.5**0.5 + 1) / 2)
    assert best.sentences == pytest.approx((0, 1), abs=1e-6)
    assert plain.sentences == ()


@pytest.mark.parametrize(("weight", "first"), [(1.0, "near"), (0.0, "wordy")])
def test_the_weight_decides_between_meaning_and_words(weight: float, first: str) -> None:
    vectors = {"near": stored(EAST), "wordy": stored(NORTH)}
    assert fuse(EAST, vectors, {"wordy": 5.0}, {"x": 5.0}, weight)[0].passage_id == first


def test_equal_scores_are_ordered_by_id_and_nothing_gives_nothing() -> None:
    vectors = {key: stored(EAST) for key in "cab"}
    assert [one.passage_id for one in fuse(EAST, vectors, {}, {}, 0.6)] == ["a", "b", "c"]
    assert fuse(EAST, {}, {"gone": 3.0}, {"x": 1.0}, 0.6) == []


# --- near-duplicates ------------------------------------------------------------------------------

POLICY = "Hotels are reimbursed up to EUR 165 a night when booked through the travel desk early."


def fold(*texts: str, vectors: dict[str, Vector] | None = None) -> list[tuple[str, ...]]:
    """For each that is kept: its id and those folded into it."""
    hits = [make_hit(text, key=f"p{i}") for i, text in enumerate(texts)]
    known = vectors if vectors is not None else {hit.passage.id: EAST for hit in hits}
    kept = fold_near_duplicates(hits, {key: stored(one) for key, one in known.items()})
    return [(hit.passage.id, *hit.duplicates) for hit in kept]


def test_the_same_text_is_shown_once_and_names_the_others() -> None:
    assert fold(POLICY, POLICY, "Boats are green.", POLICY) == [("p0", "p1", "p3"), ("p2",)]


def test_nearly_the_same_wording_is_folded() -> None:
    assert fold(POLICY, POLICY.replace("early", "soon")) == [("p0", "p1")]


@pytest.mark.parametrize(
    "other",
    [
        POLICY.replace("165", "140"),
        POLICY.replace("EUR 165", "EUR 165.50"),
        POLICY + " Since 2026.",
        POLICY.replace("165 ", ""),
    ],
)
def test_passages_that_differ_in_a_number_are_never_folded(other: str) -> None:
    assert fold(POLICY, other) == [("p0",), ("p1",)]
    assert fold(other, POLICY) == [("p0",), ("p1",)]


def test_other_words_are_not_folded_however_near_their_vectors() -> None:
    assert fold(POLICY, "Trains above EUR 165 need the manager's consent.") == [("p0",), ("p1",)]


def test_like_wording_with_another_meaning_is_not_folded() -> None:
    texts = POLICY, POLICY.replace("are", "aren't")
    assert fold(*texts, vectors={"p0": EAST, "p1": BETWEEN}) == [("p0",), ("p1",)]
    assert fold(*texts, vectors={}) == [("p0",), ("p1",)]


# --- diversity ------------------------------------------------------------------------------------


def test_a_fourth_passage_of_a_document_stands_behind_other_documents() -> None:
    hits = [make_hit("x", "long", key=f"long{i}") for i in range(5)]
    hits += [make_hit("x", "other", key="other0"), make_hit("x", "third", key="third0")]
    assert [hit.passage.id for hit in diversify(hits)] == [
        "long0",
        "long1",
        "long2",
        "other0",
        "third0",
        "long3",
        "long4",
    ]
    assert diversify([]) == []


# --- documents that fit the question --------------------------------------------------------------


def test_what_a_question_wants_of_a_document_is_read_from_its_words() -> None:
    wish = document_wish("What does the latest Tidewell report for Q3 say?")
    assert wish.names == (("tidewel",), ("q3",))
    assert (wish.latest, wish.former) == (True, False)
    assert document_wish("what did the old policy say").former
    assert document_wish("hotels per night").names == ()


def ordered(
    question: str, *hits: Hit, counts: dict[tuple[str, str], int] | None = None
) -> list[str]:
    """Document ids in the order preferred for ``question``; ``counts``: passages by name and id."""
    known = counts or {}
    fitting = prefer_fitting(
        hits, document_wish(question), lambda stems, key: known.get((stems[0], key), 0)
    )
    assert [hit.score for hit in fitting] == sorted((h.score for h in fitting), reverse=True)
    return [hit.document.id for hit in fitting]


def test_a_document_whose_title_has_the_name_comes_first() -> None:
    porto = make_hit("x", make_document("b", title="Wi-Fi in Porto"), score=0.50)
    other = make_hit("x", make_document("a", title="Wi-Fi in Rotterdam"), score=0.55)
    assert ordered("How do I join the Wi-Fi in Porto?", other, porto) == ["b", "a"]
    assert ordered("how do i join it?", other, porto) == ["a", "b"]


def test_a_document_that_often_speaks_of_the_name_comes_first() -> None:
    often = make_hit("x", make_document("b", passages=8), score=0.50)
    seldom = make_hit("x", make_document("a", passages=80), score=0.52)
    counts = {("hadal", "b"): 4, ("hadal", "a"): 1}
    assert ordered("What did Hadal earn?", seldom, often, counts=counts) == ["b", "a"]


def test_the_newest_comes_first_when_the_question_asks_for_it() -> None:
    old = make_hit(
        "x", make_document("a", modified_at=datetime(2020, 1, 1, tzinfo=UTC)), score=0.53
    )
    new = make_hit("x", make_document("b", modified_at=datetime(2026, 1, 1, tzinfo=UTC)), score=0.5)
    undated = make_hit("x", make_document("c", modified_at=None), score=0.49)
    assert ordered("what is the current rate?", undated, old, new) == ["b", "a", "c"]
    assert ordered("what is the rate?", undated, old, new) == ["a", "b", "c"]


def test_the_latest_is_the_newest_of_those_that_have_the_name() -> None:
    def report(key: str, company: str, year: int, score: float) -> Hit:
        when = datetime(year, 1, 1, tzinfo=UTC)
        return make_hit("x", make_document(key, title=company, modified_at=when), score=score)

    hits = [
        report("a", "Apple report", 2020, 0.55),
        report("b", "Apple report", 2021, 0.50),
        *(report(f"other{year}", "Amazon report", year, 0.50) for year in range(2022, 2030)),
    ]
    assert ordered("What did Apple earn in its latest report?", *hits)[:2] == ["b", "a"]


def test_a_superseded_document_stands_back_unless_the_past_is_asked_for() -> None:
    old = make_document("a", title="Policy 2024", superseded_by="b", review_by=date(2025, 1, 1))
    hits = make_hit("x", old, score=0.54), make_hit("x", "b", score=0.5)
    assert ordered("what is the limit?", *hits) == ["b", "a"]
    assert ordered("what was the limit before?", *hits) == ["a", "b"]
    assert ordered("what is the limit in 2024?", *hits) == ["a", "b"]
