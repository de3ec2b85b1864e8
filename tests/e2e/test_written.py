"""Written answers from a scripted model, in the browser: every path ends in a useful card."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import LiveServer, OpenPage, ask, serving, serving_folder
from tests.e2e.test_looks import OPEN_ALL, SIDEWAYS
from tests.e2e.test_states import DOCUMENTS
from tests.fakes import openai_server as fake
from tests.fakes.openai_server import OpenAIServer, Script, Shown
from tests.plugins import programs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

OFFICE = DOCUMENTS | {
    "lunch.md": """---
title: Questions about lunch
updated: 2026-03-01
---
# Questions about lunch

## Which vouchers does the canteen take?

The canteen takes the paper vouchers that Facilities hands out in March and September, and the \
electronic ones on the badge.

## Can guests eat in the canteen?

Guests eat at the price on the board, and whoever invites them signs for them at the till before \
they sit down.
"""
}
"""Documents that answer what can be asked next."""
QUESTION = "When is the canteen open?"
KEY = "sk-the-key-of-this-test"
FIRST_S, WHOLE_S = 3, 6
"""The shortest limits that a busy machine keeps where nothing is slow on purpose."""
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}


def canteen(shown: Shown) -> int:
    """The number of the passage about the canteen."""
    return next(n for n, text in shown.passages.items() if "11:30" in text)


def prose(shown: Shown) -> str:
    number = canteen(shown)
    return (
        f"The canteen opens at 11:30 on weekdays [{number}]. It is open until 14:00 [{number}]. "
        f"It accepts cards and vouchers [{number}]."
    )


def badly_cited(shown: Shown) -> str:
    n = canteen(shown)
    return (
        f"## Answer\n\nThe canteen opens at **11:30** on weekdays【{n}†source】. "
        f"It is open until 14:00 [99] [{n}, {n}-{n}].\n\n"
        f"* It accepts cards and vouchers (Source {n}) [0][^{n}]\n\n"
        f"Sources:\n[{n}]: http://127.0.0.1:9/a\n[2] another"
    )


def with_an_invention(shown: Shown) -> str:
    return f"{prose(shown)} The chef has cooked in Madrid for 12 years [{canteen(shown)}]."


def with_markup(shown: Shown) -> str:
    number, bad = canteen(shown), "http://127.0.0.1:9"
    return (
        f"![chart]({bad}/a.png) The canteen opens at 11:30 on weekdays [{number}]. "
        f'<img src="{bad}/b.png" onerror="alert(1)"> It is open until 14:00 [{number}]. '
        f"Read [more]({bad}/c) or {bad}/d about cards and vouchers [{number}]."
    )


PROSE = Script(prose)
TYPING = replace(PROSE, wait_s=0.4)
"""Slowly enough that also a busy browser shows it between two pieces."""
INVENTING = Script(with_an_invention)
LONG = Script(prose, piece=4, wait_s=0.1, endless=True)


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    with fake.serve() as server:
        yield server


@pytest.fixture(scope="module")
def outside() -> Iterator[socket.socket]:
    """Stands at the way out, as the proxy: nobody may knock."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        yield trap
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()


@pytest.fixture(scope="module")
def settings(model: OpenAIServer, outside: socket.socket) -> dict[str, str]:
    proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
    return {
        "FOOTNOTE_CHAT_MODEL": "openai:scripted",
        "FOOTNOTE_CHAT_BASE_URL": model.base_url,
        "FOOTNOTE_CHAT_API_KEY": KEY,
        "FOOTNOTE_CHAT_PRICE": "1/2",
        "FOOTNOTE_CHAT_FIRST_TOKEN_TIMEOUT_S": str(FIRST_S),
        "FOOTNOTE_CHAT_TIMEOUT_S": str(WHOLE_S),
        "FOOTNOTE_CHAT_MAX_OUTPUT_TOKENS": "120",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy),
        **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), proxy),
    }


@pytest.fixture(scope="module")
def live_server(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A server of its own that writes its answers with the scripted model."""
    programs.chromium()
    folder = tmp_path_factory.mktemp("written") / "office"
    folder.mkdir()
    for name, text in OFFICE.items():
        Path(folder, name).write_text(text, encoding="utf-8")
    with serving_folder(folder, "office", settings) as live:
        yield live


@pytest.fixture(autouse=True)
def fresh(model: OpenAIServer) -> None:
    model.requests.clear()
    model.closed_early.clear()


def answer(page: Page) -> Locator:
    return page.locator("#result article.answer")


def label(page: Page) -> Locator:
    return answer(page).locator(".label")


def more(page: Page, words: str) -> None:
    """Press a link of the "More" panel."""
    page.locator(".more > summary").click()
    page.get_by_role("link", name=words).click()


def asked(open_page: OpenPage, question: str = QUESTION, **look: Any) -> Page:
    """Ask, with or without JavaScript."""
    page = open_page("/", **look)
    if look.get("java_script_enabled", True):
        ask(page, question)
    else:
        page.fill("#q", question)
        page.locator("#ask button.primary").click()
        page.locator("article.answer").wait_for()
    return page


# --- as it should be -----------------------------------------------------------------------------

GROWING = """() => {
  window.seen = [];
  const look = () => {
    const draft = document.querySelector("#draft");
    const text = draft?.querySelector(".prose")?.textContent.replace(/\\s+/g, " ").trim();
    const said = document.querySelector("#status").textContent;
    if (text) window.seen.push([text.length, draft.getAttribute("aria-busy"), said]);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


def test_text_grows_while_it_is_written_and_every_sentence_gets_its_footnote(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(TYPING)
    page = open_page()
    page.evaluate(GROWING)
    page.fill("#q", QUESTION)
    page.press("#q", "Enter")
    expect(page.locator(".stop")).to_be_visible()
    answer(page).wait_for()
    seen = page.evaluate("() => window.seen")
    lengths = [length for length, _, _ in seen]
    assert len(set(lengths)) >= 3, seen
    assert lengths == sorted(lengths), seen
    assert {busy for _, busy, _ in seen} == {"true"}
    assert all(said.startswith("Writing") for _, _, said in seen), seen
    expect(page.locator("#draft")).to_have_count(0)
    expect(page.locator("#status")).to_have_text("Answer ready")
    expect(page.locator(".stop")).not_to_be_visible()
    expect(label(page)).to_have_text("Written by openai:scripted")
    sentences = answer(page).locator(".sentence")
    expect(sentences).to_have_count(3)
    for sentence in sentences.all():
        expect(sentence.locator(".cite")).not_to_have_count(0)
    expect(answer(page).locator(".doubt")).to_have_count(0)
    expect(answer(page).locator(".meta")).to_contain_text("321 tokens read, 45 written, $0.0004")
    sentences.first.locator(".cite").first.click()
    expect(page.locator("#quote")).to_contain_text("11:30 to 14:00")


def test_what_to_ask_next_follows_the_answer_and_is_answered(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(PROSE)
    page = asked(open_page)
    suggested = page.locator("#followups a").first
    suggested.wait_for()
    words = suggested.inner_text()
    address = page.url
    page.reload()
    expect(page.locator("#followups a").first).to_have_text(words)
    page.locator("#followups a").first.click()
    expect(page).not_to_have_url(address)
    expect(page.locator("#q")).to_have_value(words)
    expect(answer(page)).to_be_visible()


def test_nothing_that_a_model_writes_is_loaded_or_becomes_a_link(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(Script(with_markup, wait_s=0.05))
    page = asked(open_page)
    expect(label(page)).to_have_text("Written by openai:scripted")
    expect(answer(page).locator("img")).to_have_count(0)
    hrefs = page.eval_on_selector_all("#result a", "all => all.map(a => a.getAttribute('href'))")
    assert hrefs
    assert [href for href in hrefs if not href.startswith(("/", "#"))] == []
    # That nothing was asked of 127.0.0.1:9, open_page finds out.


def test_malformed_citations_are_put_right(open_page: OpenPage, model: OpenAIServer) -> None:
    model.script(Script(badly_cited))
    page = asked(open_page)
    expect(label(page)).to_have_text("Written by openai:scripted")
    expect(answer(page).locator(".sentence")).to_have_count(3)
    for sentence in answer(page).locator(".sentence").all():
        expect(sentence.locator(".cite")).to_have_count(1)
    told = answer(page).locator(".prose").inner_text()
    for leftover in ("[99]", "【", "†", "[^", "##", "**", "```", "http"):
        assert leftover not in told, told


# --- whatever goes wrong -------------------------------------------------------------------------

FAILURES = {
    "an error before anything": (fake.BROKEN, "has a problem of its own (500)"),
    "an error mid-stream": (fake.ERROR_MIDWAY, "broke off in the middle"),
    "garbage mid-stream": (fake.GARBAGE_MIDWAY, "broke off in the middle"),
    "a connection that drops": (fake.DROPPED, "broke off in the middle"),
    "a connection that drops at once": (fake.DROPPED_AT_ONCE, "openai:scripted"),
    "a model that does not begin": (fake.SLOW_FIRST, f"did not answer within {FIRST_S} s"),
    "a model that stops writing": (
        fake.SLOW_BETWEEN,
        f"did not finish its answer within {WHOLE_S} s",
    ),
    "a refusal in words": (fake.REFUSING, "refused to answer"),
    "a refusal as a field": (fake.REFUSAL_FIELD, "openai:scripted"),
    "a content filter": (fake.FILTERED, "refused to answer"),
    "nothing at all": (fake.EMPTY, "gave an empty answer"),
    "nothing but blanks": (fake.BLANK, "gave an empty answer"),
    "an answer without end": (fake.ENDLESS, "does not stand in the sources"),
    "an answer without a source": (fake.UNCITED, "named no source"),
    "malformed throughout": (fake.MALFORMED, "does not stand in the sources"),
    "an answer that nothing supports": (
        Script(lambda shown: f"The chef has cooked in Madrid for 12 years [{canteen(shown)}]."),
        "does not stand in the sources",
    ),
    "a wrong key": (fake.UNAUTHORIZED, "did not accept the key"),
    "too many requests": (fake.rate_limited(), "takes no more requests"),
    "no credit": (fake.NO_CREDIT, "no credit left"),
    "an unknown model": (fake.NO_SUCH_MODEL, "was not found at its server"),
    "too long a request": (fake.TOO_LONG, "did not take the request (400)"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_the_quotes_stand_in_and_say_why(
    open_page: OpenPage, model: OpenAIServer, failure: str
) -> None:
    script, why = FAILURES[failure]
    model.script(script)
    page = asked(open_page)
    expect(answer(page).locator(".badge").first).to_have_text("Answered")
    expect(label(page)).to_have_text("Quoted from your documents")
    note = answer(page).locator("> .note")
    expect(note).to_contain_text(why)
    expect(note).to_contain_text("so this is quoted from your documents instead")
    expect(answer(page).locator(".prose")).to_contain_text("11:30 to 14:00")
    expect(page.locator("#q")).to_have_value(QUESTION)
    expect(page).to_have_url(re.compile(r"/a/ans_\w+$"))
    assert "SECRET" not in page.content()
    model.script(PROSE)
    page.get_by_role("link", name="Ask again").click()
    expect(label(page)).to_have_text("Written by openai:scripted")
    expect(answer(page).locator("> .note")).to_have_count(0)


def test_a_model_that_finds_nothing_is_not_believed_against_a_sure_quote(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(fake.NOT_COVERED)
    page = asked(open_page)
    expect(answer(page)).to_contain_text("found no answer in the passages")
    expect(page.locator("#q")).to_have_value(QUESTION)
    expect(answer(page).locator(".prose, .missing .next").first).to_be_visible()


def test_what_the_documents_do_not_hold_is_not_given_to_the_model(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    page = asked(open_page, "What does the zeppelin hangar cost?")
    expect(page.locator("article.answer-not_found")).to_be_visible()
    assert model.requests == []


def test_an_answer_that_was_cut_says_so(open_page: OpenPage, model: OpenAIServer) -> None:
    model.script(replace(PROSE, finish="length"))
    page = asked(open_page)
    expect(label(page)).to_have_text("Written by openai:scripted")
    expect(answer(page).locator("> .note")).to_contain_text("cut where it reached the longest")


def test_an_unsupported_sentence_is_marked_with_what_is_missing(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(INVENTING)
    page = asked(open_page)
    doubtful = answer(page).locator(".sentence:has(.doubt)")
    expect(doubtful).to_have_count(1)
    expect(doubtful).to_contain_text("Madrid")
    expect(answer(page).locator(".confidence")).to_contain_text("not fully supported")


# --- in control ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["button", "key"])
def test_stopping_mid_stream_ends_the_model_call_and_keeps_what_was_written(
    open_page: OpenPage, model: OpenAIServer, how: str
) -> None:
    model.script(LONG)
    page = open_page()
    page.fill("#q", QUESTION)
    page.press("#q", "Enter")
    draft = page.locator("#draft")
    expect(draft.locator(".prose")).to_contain_text("11:30")
    if how == "button":
        page.locator(".stop").click()
    else:
        page.keyboard.press("Escape")
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(draft).not_to_have_attribute("aria-busy", "true")
    assert model.closed_early.wait(30)
    expect(draft.locator(".prose")).to_contain_text("11:30")
    expect(page.locator("#q")).to_have_value(QUESTION)
    model.script(PROSE)
    page.locator("#ask button.primary").click()
    expect(label(page)).to_have_text("Written by openai:scripted")


def test_stopping_before_the_first_word_leaves_the_question(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(fake.SLOW_FIRST)
    page = open_page()
    page.fill("#q", QUESTION)
    page.press("#q", "Enter")
    expect(page.locator("#status")).to_contain_text("Waiting for openai:scripted")
    page.locator(".stop").click()
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(page.locator("#draft")).to_have_count(0)
    expect(page.locator("#q")).to_have_value(QUESTION)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_the_mode_is_switched_to_quotes_and_back(
    open_page: OpenPage, model: OpenAIServer, javascript: bool
) -> None:
    model.script(PROSE)
    page = asked(open_page, java_script_enabled=javascript)
    more(page, "Show quotes only")
    expect(label(page)).to_have_text("Quoted from your documents")
    expect(answer(page).locator("> .note")).to_have_count(0)
    assert len(model.requests) == 1
    more(page, "Let openai:scripted write it")
    expect(label(page)).to_have_text("Written by openai:scripted")
    expect(page.locator("#q")).to_have_value(QUESTION)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_a_follow_up_is_completed_by_the_model_in_sight(
    open_page: OpenPage, model: OpenAIServer, javascript: bool
) -> None:
    def told(shown: Shown) -> str:
        rewrites = "rewrite the last question" in shown.system
        return "When is the canteen open on weekdays?" if rewrites else prose(shown)

    model.script(Script(told))
    page = asked(open_page, java_script_enabled=javascript)
    page.locator("#followup-q").fill("and on weekdays?")
    page.locator("#followup button").click()
    line = page.locator(".rewritten")
    expect(line).to_contain_text("You asked “and on weekdays?”")
    expect(line).to_contain_text("Searched for “When is the canteen open on weekdays?”")
    expect(label(page)).to_have_text("Written by openai:scripted")
    assert model.requests[-1].question == "When is the canteen open on weekdays?"
    expect(page.locator(".thread summary")).to_contain_text("1 earlier question")


def test_a_follow_up_is_completed_without_the_model_when_that_fails(
    open_page: OpenPage, model: OpenAIServer
) -> None:
    model.script(PROSE)
    page = asked(open_page)
    model.script(fake.UNAUTHORIZED)
    page.locator("#followup-q").fill("and the car park?")
    page.locator("#followup-q").press("Enter")
    expect(page.locator(".thread")).to_be_visible()
    expect(page.locator("#q")).to_have_value(re.compile("car park"))
    expect(answer(page).locator("> .note, .missing").first).to_be_visible()


# --- elsewhere -----------------------------------------------------------------------------------

LOOKS: dict[str, dict[str, Any]] = {
    "plain": {"java_script_enabled": False},
    "phone": PHONE,
    "plain phone": PHONE | {"java_script_enabled": False},
    "dark": {"color_scheme": "dark"},
}
ENDS = {
    "written": (PROSE, ".cite"),
    "doubtful": (INVENTING, ".doubt"),
    "failed": (fake.ERROR_MIDWAY, "> .note"),
    "slow": (fake.SLOW_FIRST, "> .note"),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("end", ENDS)
def test_every_end_has_its_card_in_every_look(
    open_page: OpenPage, model: OpenAIServer, end: str, look: str
) -> None:
    script, sign = ENDS[end]
    model.script(script)
    page = asked(open_page, **LOOKS[look])
    expect(answer(page).locator(sign).first).to_be_visible()
    expect(answer(page).locator(".prose")).to_contain_text("11:30")
    expect(page.locator("#q")).to_have_value(QUESTION)
    if not look.startswith("plain"):
        page.locator("#followups a").first.wait_for()
        page.evaluate(OPEN_ALL)
        assert page.evaluate(SIDEWAYS) <= 0
    else:
        expect(page.locator("#followups a")).not_to_have_count(0)


def test_the_page_about_privacy_names_the_model(open_page: OpenPage) -> None:
    page = open_page("/privacy")
    expect(page.locator("main")).to_contain_text("the chat model openai:scripted (127.0.0.1)")
    page.goto("/")
    expect(page.locator("#welcome")).to_contain_text("answers that openai:scripted writes")


def test_the_log_has_neither_questions_nor_the_key_nor_a_traceback(
    open_page: OpenPage, live_server: LiveServer, model: OpenAIServer
) -> None:
    model.script(fake.UNAUTHORIZED)
    asked(open_page)
    page = open_page(f"/ask?q={QUESTION}")
    expect(label(page)).to_have_text("Quoted from your documents")
    assert model.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    log = live_server.program.output()
    assert "did not accept the key" in log
    for never in ("canteen", KEY, "SECRET", "Traceback"):
        assert never not in log


# --- other settings ------------------------------------------------------------------------------


def test_unsupported_sentences_are_left_out_where_that_is_set(
    browser: Browser,
    live_server: LiveServer,
    model: OpenAIServer,
    settings: dict[str, str],
    tmp_path: Path,
) -> None:
    model.script(INVENTING)
    changed = settings | {"FOOTNOTE_UNSUPPORTED_SENTENCES": "remove"}
    data = live_server.data_for_another(tmp_path)
    with serving(data, tmp_path / "serve.log", settings=changed) as (url, _program):
        page = browser.new_context(base_url=url).new_page()
        page.goto("/")
        ask(page, QUESTION)
        note = answer(page).locator("> .note")
        expect(note).to_contain_text("One sentence that stood in no source was left out.")
        expect(answer(page).locator(".prose")).to_contain_text("11:30")
        expect(answer(page)).not_to_contain_text("Madrid")
        page.context.close()


def test_an_answer_over_the_budget_is_quoted_without_asking_the_model(
    browser: Browser,
    live_server: LiveServer,
    model: OpenAIServer,
    settings: dict[str, str],
    tmp_path: Path,
) -> None:
    changed = settings | {"FOOTNOTE_BUDGET_QUESTION_USD": "0.0005"}
    data = live_server.data_for_another(tmp_path)
    with serving(data, tmp_path / "serve.log", settings=changed) as (url, _program):
        page = browser.new_context(base_url=url).new_page()
        page.goto("/")
        ask(page, QUESTION)
        note = answer(page).locator("> .note")
        expect(note).to_contain_text("more than the USD 0.0005 set for one question")
        expect(label(page)).to_have_text("Quoted from your documents")
        expect(answer(page).locator(".prose")).to_contain_text("11:30")
        assert model.requests == []
        page.context.close()
