"""The one retrieval: on a company's documents with the real model, and on small worlds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.domain import Filters, Retrieval
from app.errors import NotReady
from app.knowledge.diversity import fold_near_duplicates
from app.knowledge.langchain_adapters import FootnoteEmbeddings, FootnoteRetriever
from app.knowledge.model_holder import ModelHolder
from app.knowledge.ports import Embedder
from app.knowledge.retriever import Retriever, RetrieverOptions
from tests.knowledge.corpus import FILES
from tests.knowledge.world import Options, WordEmbedder, World, open_world

if TYPE_CHECKING:
    from app.bootstrap import Services


def names(found: Retrieval) -> list[str]:
    """File names of the hits' documents, best first, each once."""
    return list(dict.fromkeys(Path(hit.document.source).name for hit in found.hits))


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How many days of vacation do I have?", "vacation.md"),
        ("minimum length of a password", "passwords.md"),
        ("How long may parents stay at home with their baby?", "parental-leave.md"),
        ("What does TWQI stand for?", "glossary.txt"),
        ("How do I connect from home?", "vpn.md"),
        ("How much does the Halcyon monitor cost?", "equipment.csv"),
        ("When are suppliers paid?", "invoices.md"),
        ("What may a department head sign?", "approvals.md"),
        ("wifi in Porto", "wifi-porto.md"),
    ],
)
def test_the_right_document_comes_first(company: Services, question: str, name: str) -> None:
    assert names(company.search.search(question, 5))[0] == name


def test_a_retrieval_says_what_was_looked_through_and_with_which_words(company: Services) -> None:
    found = company.search.search("How are zebras reimbursed in hotels?", 5)
    documents = sum(len(files) for files in FILES.values())
    passages = company.documents.counts(Filters())[1]
    assert (found.documents_searched, found.passages_searched) == (documents, passages)
    assert found.terms == ("zebras", "reimbursed", "hotels")
    assert found.missing_terms == ("zebras",)
    assert set(found.term_weights) == {"zebra", "reimburs", "hotel"}
    assert found.term_weights["zebra"] > found.term_weights["hotel"] > 0
    assert {"embed", "dense", "lexical", "fuse", "hydrate"} <= set(found.timings_ms)
    assert all(ms >= 0 for ms in found.timings_ms.values())


def test_hits_are_whole_ordered_and_carry_their_scores(company: Services) -> None:
    found = company.search.search("How much is paid for a hotel?", 6)
    assert len(found.hits) == 6
    for hit in found.hits:
        text, _ = company.documents.text(hit.document.id)
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert len(hit.sentence_scores) == len(hit.passage.sentences)
        assert all(-1.001 <= cosine <= 1.001 for cosine in (hit.dense, *hit.sentence_scores))
        assert hit.lexical >= 0
        assert hit.rerank is None
    assert found.hits[0].lexical > 0
    assert found.hits[0].score == max(hit.score for hit in found.hits)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_no_more_than_k_hits_come_back(company: Services, k: int) -> None:
    assert len(company.search.search("What is paid by the office?", k).hits) == k


def test_a_collection_narrows(company: Services) -> None:
    found = company.search.search("What is paid?", 20, Filters(collections=("people", "it")))
    assert {hit.document.collection for hit in found.hits} == {"people", "it"}
    assert found.documents_searched == len(FILES["people"]) + len(FILES["it"])
    nothing = company.search.search("What is paid?", 20, Filters(collections=("none",)))
    assert (nothing.hits, nothing.documents_searched, nothing.passages_searched) == ((), 0, 0)


def test_a_type_narrows(company: Services) -> None:
    found = company.search.search("What is paid?", 20, Filters(kinds=("csv", "txt")))
    assert set(names(found)) == {"equipment.csv", "glossary.txt"}
    assert found.documents_searched == 2


def test_a_date_narrows_to_the_day(company: Services) -> None:
    before = Filters(changed_before=date(2024, 1, 10))
    assert names(company.search.search("How much is a hotel?", 20, before)) == ["travel-2024.md"]
    after = Filters(changed_after=date(2026, 1, 12), collections=("finance",))
    assert set(names(company.search.search("How much is a hotel?", 20, after))) == {
        "travel-2026.md",
        "approvals.md",
    }
    day = Filters(changed_after=date(2026, 1, 12), changed_before=date(2026, 1, 12))
    found = company.search.search("How much is a hotel?", 20, day)
    assert (names(found), found.documents_searched) == (["travel-2026.md"], 1)


def test_documents_narrow(company: Services) -> None:
    [chosen] = [d for d in company.documents.find()[0] if d.source.endswith("vpn.md")]
    found = company.search.search("How much is a hotel?", 20, Filters(document_ids=(chosen.id,)))
    assert names(found) == ["vpn.md"]
    assert found.passages_searched == chosen.passages


def test_filters_that_exclude_each_other_find_nothing(company: Services) -> None:
    found = company.search.search("hotel", 5, Filters(collections=("people",), kinds=("csv",)))
    assert (found.hits, found.documents_searched) == ((), 0)


def test_repeated_pages_are_folded_and_two_versions_of_a_policy_are_not(company: Services) -> None:
    found = company.search.search("Why does the sign-in to the network fail?", 12)
    wifi = [hit for hit in found.hits if "wifi" in hit.document.source]
    assert len({hit.passage.text for hit in wifi}) == len(wifi)
    assert sum(len(hit.duplicates) for hit in wifi) == len(wifi)
    hotels = company.search.search("How much is a hotel a night?", 8)
    assert {"travel-2024.md", "travel-2026.md"} <= set(names(hotels))
    assert fold_near_duplicates(found.hits, {}) == list(found.hits)


def test_a_question_without_known_words_still_finds_by_meaning(company: Services) -> None:
    found = company.search.search("a break for moms with newborns", 3)
    assert names(found)[0] == "parental-leave.md"
    assert found.hits[0].lexical == 0
    assert set(found.missing_terms) == {"break", "moms", "newborns"}


@pytest.mark.parametrize("question", ["?", "🌊", "a" * 5000, "the " * 400, "NOT (body:", "\u0000"])
def test_odd_questions_are_searched_without_complaint(company: Services, question: str) -> None:
    found = company.search.search(question, 3)
    assert len(found.hits) == 3


def test_an_empty_library_finds_nothing(world: World) -> None:
    found = world.retriever.search("What is paid?", 5)
    assert (found.hits, found.documents_searched, found.passages_searched) == ((), 0, 0)
    assert found.missing_terms == ("paid",)


def test_one_document_does_not_fill_the_list(world: World) -> None:
    long = "\n\n".join(f"Rule {i}: boats in harbor {i} wait for light {i}." for i in range(10))
    world.add(world.read(long, "long.md", tokens=10), world.read("One boat in a harbor.", "b.md"))
    found = world.retriever.search("boats in the harbor", 6).hits
    documents = [hit.document.source for hit in found]
    assert documents.count("long.md") == 5
    assert documents.index("b.md") <= 3


def test_a_question_during_loading_is_told_to_come_back(world: World) -> None:
    loading: ModelHolder[Embedder] = ModelHolder(WordEmbedder, "search model")
    retriever = Retriever(world.library, loading)
    with loading._lock, pytest.raises(NotReady, match="still loading"):  # as if another thread had
        retriever.search("boats", 5)
    assert retriever.search("boats", 5).hits == ()


# --- the reranker ---------------------------------------------------------------------------------


class LastFirst:
    """Prefers the text with the highest number in it."""

    name = "last first"

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The last number of each text, as a share of 100."""
        return [int(text.split()[-1].rstrip(".")) / 100 for text in texts]


def test_a_reranker_reorders_what_it_was_given_and_the_rest_stays_behind(tmp_path: Path) -> None:
    options = Options(retriever=RetrieverOptions(rerank_depth=4))
    world = open_world(tmp_path, options=options, reranker=LastFirst())
    texts = ["Boats " * (9 - i) + f"keep right of light {i}." for i in range(8)]
    world.add(*(world.read(text, f"{i}.md") for i, text in enumerate(texts)))
    plain = Retriever(world.library, ModelHolder(WordEmbedder, "x")).search("boats", 8)
    found = world.retriever.search("boats", 8)
    before = [hit.passage.id for hit in plain.hits]
    head = sorted(plain.hits[:4], key=lambda hit: -int(hit.passage.text.split()[-1].rstrip(".")))
    assert [hit.passage.id for hit in found.hits] == [h.passage.id for h in head] + before[4:]
    assert [hit.passage.id for hit in found.hits] != before
    assert [hit.rerank is not None for hit in found.hits] == [True] * 4 + [False] * 4
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    world.close()


# --- LangChain ------------------------------------------------------------------------------------


def test_the_retriever_serves_a_langchain_chain(company: Services) -> None:
    from langchain_core.documents import Document
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.runnables import RunnableLambda, RunnablePassthrough

    filters = Filters(collections=("finance",))
    retriever = FootnoteRetriever(retriever=company.search, k=2, filters=filters)
    prompt = ChatPromptTemplate.from_template("{context}\n\nQuestion: {question}")

    def joined(documents: list[Document]) -> str:
        return "\n".join(document.page_content for document in documents)

    chain = {
        "context": retriever | RunnableLambda(joined),
        "question": RunnablePassthrough(),
    } | prompt
    text = chain.invoke("When are invoices paid?").to_string()
    assert "Invoices are paid within 30 days." in text
    assert text.endswith("Question: When are invoices paid?")
    documents = retriever.invoke("When are invoices paid?")
    assert len(documents) == 2
    first = documents[0]
    stored, _ = company.documents.text(first.metadata["document_id"])
    assert stored[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert first.metadata["title"] == "Invoices"
    assert first.metadata["collection"] == "finance"
    assert (
        first.id == company.search.search("When are invoices paid?", 2, filters).hits[0].passage.id
    )


def test_the_embedder_serves_a_langchain_vector_store(embedder: Embedder) -> None:
    from langchain_core.vectorstores import InMemoryVectorStore

    store = InMemoryVectorStore(FootnoteEmbeddings(embedder))
    store.add_texts(["Boats keep to the right.", "Invoices are paid within 30 days."])
    [found] = store.similarity_search("When is a bill settled?", k=1)
    assert found.page_content == "Invoices are paid within 30 days."
    assert FootnoteEmbeddings(embedder).embed_documents([]) == []
