"""Whatever the document, a citation's offsets give its quote: text[start:end] == quote."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ask.quotes import compile_answer, select
from app.ask.sentences import rank_sentences
from app.domain import AnswerState, Question
from app.errors import UnreadableDocument
from app.knowledge.ports import Embedder
from tests.knowledge.world import World, open_world

WORDS = [
    *("boat", "Harbor", "night", "keeps", "is", "the", "They", "It", "EUR 165", "27 days", "3.5"),
    *(
        "Ana Sousa",
        "größer",
        "naïve",
        "日本語",
        "東京。",
        "🌊",
        "e\u0301tude",
        "a\u0308b",
        "ﬁsh",
        "İzmir",
    ),
    *("“quoted”", "don’t", "U.S.", "e.g.", "§ 4", "x²", "&amp;", "<b>bold</b>", "*star*", "`code`"),
    *("[link](x)", "a|b", "#tag", "\u202eright", "zero\u200bwidth", "soft\u00adhyphen", "100 %"),
]
SPACES = [" ", "  ", "\u00a0", "\u2003", "\t", " \u200b", "\u3000", "\r\n", "\n", " "]
ENDS = [".", "!", "?", ":", ";", "。", "…", "", ".”", "...", "?!"]
BREAKS = ["\n\n", "\r\n\r\n", "\n \n", " ", "\n", "\n\n\n\n", "\x0c", "\u2028", "\n\t\n"]
STARTS = ["", "", "", "# ", "## ", "- ", "1. ", "> ", "    ", "| ", "**", "--- \n"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A few paragraphs, headings, items and lines of odd words."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 6))):
        parts.append(draw(st.sampled_from(STARTS)))
        for _ in range(draw(st.integers(1, 3))):
            count = draw(st.integers(1, 8))
            for i in range(count):
                if i:
                    parts.append(draw(st.sampled_from(SPACES)))
                parts.append(draw(st.sampled_from(WORDS)))
            parts.append(draw(st.sampled_from(ENDS)))
            parts.append(draw(st.sampled_from(BREAKS)))
    return "".join(parts)


@pytest.fixture(scope="module")
def own_world(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A library with the real model, for one document at a time."""
    opened = open_world(tmp_path_factory.mktemp("property"), embedder)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, int]]:
    """How many examples had something to quote; a property that checks nothing proves nothing."""
    counts = {"examples": 0, "quoted": 0, "answered": 0}
    yield counts
    assert counts["quoted"] > 0.8 * counts["examples"], counts
    assert counts["answered"] > 0.2 * counts["examples"], counts


@pytest.mark.slow
@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=documents(),
    name=st.sampled_from(["note.md", "note.txt", "note.html", "note.rst"]),
    tokens=st.sampled_from([20, 60, 200]),
    pick=st.integers(0, 10_000),
)
def test_every_citation_stands_letter_for_letter_in_the_document(
    own_world: World, seen: dict[str, int], text: str, name: str, tokens: int, pick: int
) -> None:
    world = own_world
    try:
        version = world.read(text, name, tokens=tokens)
    except UnreadableDocument:  # nothing but white space, or no such format after all
        return
    seen["examples"] += 1
    world.add(version)
    key = version.document.id
    stored, _ = world.library.documents.text(key)
    for passage in world.library.documents.of_document(key):
        assert stored[passage.start : passage.end] == passage.text
        for start, end in passage.sentences:
            assert passage.start <= start < end <= passage.end
            assert stored[start:end].strip() == stored[start:end]
    # Something the document says, so that there is something to quote.
    sentences = [span for passage in version.passages for span in passage.sentences]
    start, end = sentences[pick % len(sentences)] if sentences else (0, 0)
    question = stored[start:end].strip() or "boat"
    answer = asyncio.run(world.asker.answer(Question(question[:2000])))
    assert answer.retrieval is not None
    candidates = rank_sentences(question, answer.retrieval, read=8)
    for limit in (1, 3, 6):
        quoted, citations = compile_answer(select(candidates, limit))
        assert len(quoted) == len(citations) <= limit
        for citation in citations:
            assert stored[citation.start : citation.end] == citation.quote
        for sentence in quoted:
            assert all(0 <= a < b <= len(sentence.text) for a, b in sentence.emphasis)
    for citation in answer.citations:
        assert stored[citation.start : citation.end] == citation.quote
        assert citation.document_id == key
    seen["quoted"] += bool(candidates)
    seen["answered"] += answer.state is AnswerState.ANSWERED
    world.library.remove([key])
