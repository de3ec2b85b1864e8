"""Questions grouped by meaning: groups, their names, gaps and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.insights.gaps.clustering import Vectors, group, pack, unpack
from app.insights.gaps.gap import BUCKETS, Gap, find_gaps
from app.insights.gaps.labels import LONGEST, distinguishing, label, middle
from app.insights.gaps.suggestions import suggest
from app.insights.periods import Period
from app.records.product.failure_reads import Evidence, Failure, Near, Reworded
from app.records.product.gap_store import KnownGap
from tests.knowledge.world import WordEmbedder

START = datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = Period(START, START + timedelta(days=24))
EMBEDDER = WordEmbedder()


def around(center: int, count: int, seed: int) -> Vectors:
    """Unit vectors near one direction."""
    rng = np.random.default_rng([center, seed])
    base = np.zeros(64)
    base[center] = 1
    made = base + rng.normal(scale=0.08, size=(count, 64))
    unit: Vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return unit


def failure(
    text: str, day: float = 1.0, number: int = 0, *, vector: bytes | None = None, **fields: object
) -> Failure:
    values = {
        "answer_id": f"ans_{text}_{day}_{number}",
        "text": text,
        "asked_at": START + timedelta(days=day),
        "state": "not_found",
        "level": "low",
        "rejected": False,
        "thread_id": f"thread_{text}_{day}_{number}",
        "vector": pack(EMBEDDER.encode_query(text)) if vector is None else vector,
    }
    return Failure(**(values | fields))  # type: ignore[arg-type]  # named by the tests


# --- groups ---------------------------------------------------------------------------------------


def test_near_questions_are_one_group_and_far_ones_none() -> None:
    vectors = np.vstack([around(0, 5, 1), around(1, 3, 1), around(2, 1, 1), around(3, 1, 1)])
    found = group(vectors)
    assert [sorted(one.members.tolist()) for one in found] == [[0, 1, 2, 3, 4], [5, 6, 7]]
    assert np.allclose(np.linalg.norm(found[0].centroid), 1)


def test_groups_found_in_rounds_are_those_found_at_once() -> None:
    vectors = np.vstack([around(n % 7, 1, n) for n in range(140)])
    whole = {frozenset(one.members.tolist()) for one in group(vectors)}
    rounds = {frozenset(one.members.tolist()) for one in group(vectors, at_once=20)}
    assert len(whole) == 7
    assert rounds == whole


def test_nothing_and_one_alone_make_no_group() -> None:
    assert group(np.empty((0, 64), np.float32)) == []
    assert group(around(0, 1, 1)) == []


def test_a_vector_is_stored_in_half_precision() -> None:
    vector = around(4, 1, 1)[0]
    assert len(pack(vector)) == 128
    assert np.allclose(unpack(pack(vector)), vector, atol=1e-3)


# --- names ----------------------------------------------------------------------------------------


def test_a_group_is_named_by_its_middle_question_and_its_own_words() -> None:
    gym = ["Is there a gym?", "gym membership subsidy", "gym membership price"]
    parking = ["parking space in Porto", "Where is parking?", "parking permit"]
    vectors = np.array([EMBEDDER.encode_query(text) for text in gym], np.float32)
    assert gym[middle(gym, vectors)].startswith("gym membership")
    terms = distinguishing([gym, parking])
    assert terms[0] == ("gym", "membership")  # others stand in one question only
    assert terms[1] == ("parking",)


def test_a_word_that_every_group_has_comes_last() -> None:
    terms = distinguishing(
        [["office gym", "office gym"], ["office dog", "office dog"], ["office car", "office car"]]
    )
    assert terms == [("gym", "office"), ("dog", "office"), ("car", "office")]


def test_a_label_is_one_line_of_bearable_length() -> None:
    assert label("is there\n a  gym?") == "Is there a gym?"
    assert len(label("word " * 60)) <= LONGEST + 2


# --- gaps -----------------------------------------------------------------------------------------


def ids(gaps: Sequence[Gap]) -> list[str]:
    return [gap.id for gap in gaps]


def test_failures_become_gaps_with_size_trend_and_examples() -> None:
    failures = [
        failure("Is there a company gym?", 1),
        failure("company gym membership", 13),
        failure("company gym price", 23.5, rejected=True, state="answered", level="medium"),
        failure("Wifi password of the boat", 2),
    ]
    (gap,) = find_gaps(failures, PERIOD)
    assert (gap.size, gap.threads, gap.not_found, gap.low, gap.rejected) == (3, 3, 2, 0, 1)
    assert gap.series == tuple(int(n in (0, 6, 11)) for n in range(BUCKETS))
    assert sum(gap.series) == gap.size
    assert set(gap.terms) >= {"company", "gym"}
    assert gap.examples[0].text == "company gym price"  # the newest first
    assert gap.first_at < gap.last_at
    assert gap.status == "new"


def test_the_same_words_are_one_wording_however_often_asked() -> None:
    failures = [failure("Pets?", day, day) for day in range(1, 6)] + [failure("pets", 7)]
    (gap,) = find_gaps(failures, PERIOD)
    assert gap.size == 6
    assert len(gap.examples) == 2


def test_recent_gaps_come_before_larger_old_ones() -> None:
    old = [failure(f"parking permit {word}", 0.1) for word in ("cost", "zone", "form")]
    new = [failure(f"gym membership {word}", 23.9) for word in ("price", "card")]
    gaps = find_gaps([*old, *new], PERIOD)
    assert [gap.size for gap in gaps] == [2, 3]
    same_day = find_gaps([*(replace(one, asked_at=new[0].asked_at) for one in old), *new], PERIOD)
    assert [gap.size for gap in same_day] == [3, 2]


def test_a_decision_stays_with_its_gap_when_questions_arrive() -> None:
    failures = [failure("company gym membership", 1), failure("company gym price", 2)]
    (first,) = find_gaps(failures, PERIOD)
    known = KnownGap(
        first.id,
        first.label,
        first.centroid,
        status="fixed",
        note="Page written.",
        failure_mode="missing_document",
        updated_at=START + timedelta(days=3),
    )
    more = [*failures, failure("gym membership for company people", 5), failure("parking", 5)]
    (again,) = find_gaps(more, PERIOD, known=[known])
    assert (again.id, again.label, again.status) == (first.id, first.label, "fixed")
    assert (again.note, again.failure_mode) == ("Page written.", "missing_document")
    assert (again.size, again.since_fixed) == (3, 1)


def test_two_gaps_never_share_one_decision() -> None:
    failures = [
        failure("company gym membership", 1),
        failure("company gym price", 2),
        failure("parking permit zone", 3),
        failure("parking permit cost", 3),
    ]
    gaps = find_gaps(failures, PERIOD)
    known = [KnownGap(gap.id, gap.label, gap.centroid, status="planned") for gap in gaps]
    known.append(KnownGap("gap_other", "Other", gaps[0].centroid))
    again = find_gaps(failures, PERIOD, known=known)
    assert sorted(ids(again)) == sorted(ids(gaps))
    assert [gap.status for gap in again] == ["planned", "planned"]


def test_a_gap_of_another_embedding_model_is_not_compared() -> None:
    known = KnownGap("gap_old", "Old", pack(np.ones(8, np.float32)), status="planned")
    failures = [failure("gym price", 1), failure("gym card", 2)]
    mixed = [*failures, failure("gym price", 0.5, vector=pack(np.ones(8, np.float32)))]
    (gap,) = find_gaps(mixed, PERIOD, known=[known])
    assert gap.id != "gap_old"
    assert gap.size == 3  # the same words


def test_the_period_before_is_counted_by_meaning() -> None:
    failures = [failure("gym price", 1), failure("gym card", 2)]
    before = [failure("gym discount", -3), failure("boat race", -2), failure("gym", -1, vector=b"")]
    (gap,) = find_gaps(failures, PERIOD, previous=before)
    assert gap.previous == 1


def test_without_vectors_there_is_nothing_to_group() -> None:
    assert find_gaps([failure("a", vector=b""), failure("b", vector=b"")], PERIOD) == ()
    assert find_gaps([], PERIOD) == ()


# --- what to do -----------------------------------------------------------------------------------

HANDBOOK = Near("doc_1", "Handbook", "Ana", "people")


def test_words_that_helped_come_first_then_missing_words_then_the_document() -> None:
    evidence = [Evidence("a", ("Gym",), (HANDBOOK,)), Evidence("b", ("gym",), (HANDBOOK,))]
    found = suggest(
        ("gym",),
        evidence,
        [
            Reworded("b", "Gym?", "ans_8", "gym?"),
            Reworded("a", "Gym?", "ans_9", "Is sport subsidized?"),
        ],
    )
    assert [one.kind for one in found] == ["other_words", "missing_terms", "document"]
    assert "Is sport subsidized?" in found[0].words
    assert found[0].count == 1  # the same words in another moment are no advice
    assert found[1].terms == ("gym",)
    assert found[2].words.endswith("Its owner is Ana.")


@pytest.mark.parametrize("near", [(), (HANDBOOK,)])
def test_what_stands_behind_few_answers_is_not_suggested(near: tuple[Near, ...]) -> None:
    evidence = [Evidence("a", ("gym",), near), *(Evidence(key, (), ()) for key in "bcd")]
    (only,) = suggest(("gym", "price"), evidence)
    assert only.kind == "write_page"
    assert only.words == "Write a page about gym, price: no document comes close."


def test_an_answer_that_readers_refused_questions_the_document() -> None:
    (only,) = suggest(("gym",), [Evidence("a", (), (HANDBOOK,))], rejected=True)
    assert only.kind == "disputed"
    assert "“Handbook”" in only.words
