"""Every public method of the stores, found by looking at them: none gives what is out of reach.

A method that is new is called by these tests without being named here. Where it takes a parameter
that nobody thought of, or shows nothing even to those who may see everything, the test fails until
somebody says what to call it with, or why it is exempt.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from app.access import ANYBODY, Reach, working_for
from app.domain import (
    Answer,
    Block,
    BlockKind,
    Citation,
    Conflict,
    Document,
    Filters,
    Hit,
    ParsedDocument,
    Passage,
    Rephrasing,
    Sentence,
    Side,
    Stale,
    Verdict,
)
from app.errors import NotFound
from app.records.answers import AnswerStore, Feedback
from app.records.document_writer import DocumentWriter
from app.records.documents import DocumentStore
from app.records.jobs import JobQueue
from app.records.product.failure_reads import FailureReads
from app.records.requests import RequestStore
from app.records.versions import NewVersion
from tests.contracts.conftest import engine, url
from tests.contracts.test_answers import plain_answer

__all__ = ["engine", "url"]
OPEN, SEALED = "open", "sealedvault"
MARKS = ("quorvex", "sealedvault", "doc_sealed")
"""In what belongs to the sealed collection: titles and texts, its name, its document's id."""
AT = datetime(2026, 5, 1, tzinfo=UTC)
EXEMPT = {
    "DocumentStore.passage_ids": "upkeep: what the indexes must hold",
    "DocumentStore.state": "upkeep: says which model built the index; names no document",
    "DocumentStore.states": "upkeep: the same, all at once",
    "DocumentStore.generation": "upkeep: a number that grows with every change",
    "DocumentStore.counts": "numbers, compared below",
    "DocumentStore.out_of_reach": "which of the given ids must be withheld; adds nothing to them",
    "AnswerStore.add": "writes",
    "AnswerStore.add_in": "writes",
    "AnswerStore.as_kept": "changes what it is given; reads nothing",
    "AnswerStore.add_feedback": "writes; that it refuses is tested below",
    "AnswerStore.keep_suggestions": "writes",
    "AnswerStore.delete": "forgets what is one's own, seen or not; gives nothing back",
    "AnswerStore.delete_conversation": "the same",
    "AnswerStore.delete_session": "the same",
    "AnswerStore.is_one_of_many": "whether an answer is one's own; says nothing of it",
    "AnswerStore.withheld": "whether something must be withheld",
    "RequestStore.add_report": "writes; that it refuses is tested below",
    "RequestStore.set_status": "writes",
    "JobQueue.add_files": "writes",
    "JobQueue.add_root": "writes",
    "JobQueue.take": "the worker's, which works for everybody",
    "JobQueue.data": "the same",
    "JobQueue.finish": "the same",
    "JobQueue.requeue_running": "the same",
}


@dataclass(frozen=True)
class Records:
    """Stores with one open and one sealed document, and answers from each."""

    engine: Engine
    stores: tuple[object, ...]
    batch: str


@contextmanager
def limited(*collections: str) -> Iterator[None]:
    """As somebody who sees only these."""
    with working_for(ANYBODY, Reach(frozenset(collections))):
        yield


@pytest.fixture
def records(engine: Engine) -> Records:
    writer, answers, requests = DocumentWriter(engine), AnswerStore(engine), RequestStore(engine)
    jobs = JobQueue(engine)
    for collection in (OPEN, SEALED):
        writer.put([_version(collection)])
        writer.record_root(
            collection, f"/files/{collection}", include=(), exclude=(), hidden=False, report={}
        )
        answer = _from(collection)
        answers.add(answer, "session")
        answers.add_feedback(Feedback(answer.answer_id, helpful=False, correction="quorvex!"))
        requests.add_request(answer)
        requests.add_report(answer.answer_id, "other", "quorvex is wrong")
    batch = jobs.add_files(SEALED, [("quorvex.md", b"quorvex")])
    stores = (DocumentStore(engine), answers, requests, jobs)
    return Records(engine, stores, batch)


def _given(records: Records) -> Mapping[str, Any]:
    """What each parameter is called with: with what is sealed."""
    sealed = _from(SEALED)
    return {
        "document_id": "doc_sealedvault",
        "document_ids": ["doc_sealedvault"],
        "ids": ["doc_sealedvault:0", "doc_open:0"],
        "filters": Filters(),
        "key": "model",
        "collection": SEALED,
        "kind": "md",
        "failed": False,
        "text": "",
        "sort": "title",
        "descending": False,
        "limit": 10,
        "offset": 0,
        "answer_id": sealed.answer_id,
        "answer": sealed,
        "conversation_id": "con_1",
        "session_id": "session",
        "before": None,
        "status": None,
        "comment": "",
        "batch_id": records.batch,
    }


def _methods(store: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, method in inspect.getmembers(store, inspect.ismethod):
        called = f"{type(store).__name__}.{name}"
        if not name.startswith("_") and called not in EXEMPT:
            yield called, method


def _said(method: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """What a call gives, as text; empty where there is nothing."""
    wanted = inspect.signature(method).parameters
    unknown = set(wanted) - set(given)
    assert not unknown, f"{method.__qualname__} takes {unknown}: say what to call it with"
    try:
        found = method(**{name: given[name] for name in wanted})
        return repr(list(found) if isinstance(found, Iterator) else found).lower()
    except NotFound as error:
        return error.message.lower()


def test_no_method_of_a_store_gives_what_is_out_of_reach(records: Records) -> None:
    given, tried = _given(records), 0
    for store in records.stores:
        for name, method in _methods(store):
            everything = _said(method, given)
            shown = any(mark in everything for mark in MARKS)
            assert shown or name == "DocumentStore.kinds", f"{name} shows nothing to anybody"
            with limited(OPEN):
                seen = _said(method, given)
            # What was given by hand comes back from nowhere but the test.
            assert not any(mark in seen for mark in MARKS), (name, seen)
            with limited(OPEN, SEALED):
                assert _said(method, given) == everything, name
            tried += 1
    assert tried >= 15


def test_exempt_methods_still_exist(records: Records) -> None:
    there = {
        f"{type(store).__name__}.{name}"
        for store in records.stores
        for name, _ in inspect.getmembers(store, inspect.ismethod)
    }
    assert set(EXEMPT) <= there


def test_formats_and_numbers_count_only_what_is_in_reach(records: Records) -> None:
    store = DocumentStore(records.engine)
    DocumentWriter(records.engine).put([_version(SEALED, name="second", kind="pdf")])
    assert (store.kinds(), store.counts(Filters())) == (["md", "pdf"], (3, 3))
    with limited(OPEN):
        assert (store.kinds(), store.counts(Filters())) == (["md"], (1, 1))
        assert store.counts(Filters(collections=(SEALED,))) == (0, 0)
        assert store.find()[1] == 1
        assert [one.name for one in store.collections()] == [OPEN]
    with limited():
        assert (store.kinds(), store.counts(Filters()), store.roots()) == ([], (0, 0), [])


def test_feedback_requests_and_reports_are_refused_out_of_reach(records: Records) -> None:
    answers, requests = AnswerStore(records.engine), RequestStore(records.engine)
    sealed = _from(SEALED)
    with limited(OPEN):
        for refused in (
            lambda: answers.add_feedback(Feedback(sealed.answer_id, helpful=True)),
            lambda: requests.add_report(sealed.answer_id, "other"),
            lambda: requests.add_request(sealed),
        ):
            with pytest.raises(NotFound) as hidden:
                refused()
            assert "no answer at this address" in hidden.value.message
    assert len(answers.feedback(sealed.answer_id)) == 1
    assert len(requests.reports(sealed.answer_id)) == 1


@pytest.mark.parametrize("name", ["citations", "closest", "stale", "newer", "written", "conflict"])
def test_an_answer_is_hidden_by_anything_it_shows(engine: Engine, name: str) -> None:
    DocumentWriter(engine).put([_version(OPEN), _version(SEALED)])
    cited, sealed = _cited(OPEN), _cited(SEALED)
    stale = Stale("doc_open", "Open", "superseded", newer_title="Quorvex 2026")
    shows: dict[str, dict[str, Any]] = {
        "citations": {"citations": (cited, replace(sealed, number=2))},
        "closest": {"closest": (_hit(OPEN), _hit(SEALED))},
        "stale": {"stale": (Stale("doc_sealedvault", "Quorvex", "review_passed"),)},
        "newer": {"citations": (cited,), "stale": (replace(stale, newer_document_id="gone"),)},
        "written": {
            "mode": "written",
            "citations": (cited,),
            "sentences": (Sentence("It is so.", (1,), Verdict.PARTLY),),
            "searched": (OPEN, SEALED),
        },
        "conflict": {
            "citations": (cited, replace(sealed, number=2)),
            "conflicts": (Conflict("amount", (Side(1, "1"), Side(2, "2"))),),
        },
    }
    store = AnswerStore(engine)
    store.add(_with(shows[name]))
    assert store.get("ans_1")
    with limited(OPEN):
        with pytest.raises(NotFound):
            store.get("ans_1")
        assert store.withheld("ans_1")
        assert not store.withheld("ans_2")
    if name != "newer":  # of what is gone nobody knows where it was
        with limited(OPEN, SEALED):
            assert store.get("ans_1")


def test_an_answer_stays_hidden_when_its_document_is_removed(engine: Engine) -> None:
    writer, store = DocumentWriter(engine), AnswerStore(engine)
    writer.put([_version(SEALED)])
    store.add(_with({"citations": (_cited(SEALED),)}))
    writer.remove(["doc_sealedvault"])
    with limited(OPEN), pytest.raises(NotFound):
        store.get("ans_1")
    with limited(SEALED):
        assert store.get("ans_1")


def test_what_was_suggested_is_for_those_who_may_see_all_that_was_searched(engine: Engine) -> None:
    DocumentWriter(engine).put([_version(OPEN), _version(SEALED)])
    fields: dict[str, Any] = {
        "citations": (_cited(OPEN),),
        "followups": ("Who is Quorvex?",),
        "rephrasings": (Rephrasing("Quorvex?", "It stands there."),),
        "missing_terms": ("walnut",),
        "filters": Filters(collections=(OPEN, SEALED)),
        "documents_searched": 2,
        "passages_searched": 2,
    }
    store = AnswerStore(engine)
    store.add(_with(fields | {"searched": (OPEN, SEALED)}))
    store.add(_with(fields | {"answer_id": "ans_old"}))  # before it was kept what was searched
    whole = store.get("ans_1")
    assert whole.followups
    for answer_id in ("ans_1", "ans_old"):
        with limited(OPEN):
            part = store.get(answer_id)
        assert part == replace(
            whole,
            answer_id=answer_id,
            followups=(),
            rephrasings=(),
            missing_terms=(),
            filters=Filters(collections=(OPEN,)),
            documents_searched=1,
            passages_searched=1,
            searched=part.searched,
        )
    with limited(OPEN, SEALED):
        assert store.get("ans_1") == whole


def test_pages_of_a_history_are_full_where_some_answers_are_hidden(engine: Engine) -> None:
    store = AnswerStore(engine)
    for number in range(130):
        collection = SEALED if number % 2 else OPEN
        store.add(
            _with(
                {
                    "answer_id": f"ans_{number:03}",
                    "citations": (_cited(collection),),
                    "created_at": datetime(2026, 1, 1, 0, number // 60, number % 60, tzinfo=UTC),
                }
            ),
            "session",
        )
    with limited(OPEN):
        first = store.recent("session", 40)
        rest = store.recent("session", 40, first[-1].created_at)
        assert (len(first), len(rest)) == (40, 25)
        assert {one.citations[0].collection for one in first + rest} == {OPEN}
        assert len(store.conversation("con_1", "session")) == 50
        latest = store.latest("con_1", "session")
        assert latest is not None
        assert latest.answer_id == "ans_128"


def test_evidence_of_failures_names_only_documents_in_reach(engine: Engine) -> None:
    store = AnswerStore(engine)
    store.add(_with({"closest": (_hit(SEALED), _hit(OPEN))}))
    reads = FailureReads(engine)
    assert [one.title for one in reads.evidence(["ans_1"])["ans_1"].near] == ["Quorvex", "Open"]
    with limited(OPEN):
        near = reads.evidence(["ans_1"])["ans_1"].near
    assert [(one.title, one.owner, one.collection) for one in near if one.hidden] == [
        ("Not shown: this comes from a collection that you may not see.", "", "")
    ]
    assert [one.title for one in near if not one.hidden] == ["Open"]


def _title(collection: str) -> str:
    return "Quorvex" if collection == SEALED else "Open"


def _document(collection: str, name: str = "", kind: str = "md") -> Document:
    return Document(
        id=f"doc_{collection}{name}",
        collection=collection,
        source=f"/files/{collection}/{name or 'first'}.md",
        title=_title(collection),
        kind=kind,
        size=9,
        content_hash=f"{collection}{name}",
        passages=1,
        characters=9,
        pages=None,
        page_kind="",
        modified_at=AT,
        ingested_at=AT,
        status="ready",
        error=None,
        owner=f"{_title(collection)} keeper",
        review_by=date(2027, 1, 1),
    )


def _passage(collection: str, name: str = "") -> Passage:
    text = _title(collection)
    document = f"doc_{collection}{name}"
    return Passage(f"{document}:0", document, 0, 0, len(text), text, (), None, ((0, len(text)),))


def _version(collection: str, name: str = "", kind: str = "md") -> NewVersion:
    text = _title(collection)
    return NewVersion(
        document=_document(collection, name, kind),
        root=f"/files/{collection}",
        mtime_ns="1",
        recipe="test",
        original=text.encode(),
        parsed=ParsedDocument(text, text, (Block(BlockKind.PARAGRAPH, 0, len(text)),), kind),
        passages=(_passage(collection, name),),
        vectors=np.ones((1, 4), np.float32),
        sentence_vectors=(np.ones((1, 4), np.float32),),
    )


def _cited(collection: str) -> Citation:
    return Citation(
        number=1,
        document_id=f"doc_{collection}",
        passage_id=f"doc_{collection}:0",
        title=_title(collection),
        source=f"/files/{collection}/first.md",
        collection=collection,
        kind="md",
        heading=(),
        page=None,
        page_kind="",
        quote=_title(collection),
        start=0,
        end=4,
        updated_at=AT,
    )


def _hit(collection: str) -> Hit:
    return Hit(_passage(collection), _document(collection), 0.5, 0.5, 0.0)


def _from(collection: str) -> Answer:
    return _with({"answer_id": f"ans_{len(collection):02}", "citations": (_cited(collection),)})


def _with(fields: Mapping[str, Any]) -> Answer:
    return plain_answer(**{"key": "ans_1", **fields})
