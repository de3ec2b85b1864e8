"""Each state's card in the browser: with and without JavaScript, light and dark, on a phone.

The answers are made up and put into the running server's records; how documents come to each state
is tested in ``test_states.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from app.records.answers import AnswerStore
from app.records.database import open_database
from app.web.pattern_samples import WHEN, samples
from tests.e2e.conftest import LiveServer, OpenPage, ask
from tests.e2e.test_looks import BROKEN_REFERENCES, DOUBLE_IDS, OPEN_ALL, SIDEWAYS, UNNAMED

SESSION = "a-browser-of-the-cards-tests"
QUESTION = "When is the harbor office open?"
CARDS = {name: "ans_e2e_" + re.sub(r"\W", "_", name.lower()) for name in samples()}
LOW_CONTRAST = """() => {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const part = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (color) => {
    const [r, g, b] = parse(color).rgb.map((v) => part(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (parse(color).a === 1) return color;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  return [...document.querySelectorAll("main *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => e.checkVisibility() && !e.closest("[aria-hidden=true], svg"))
    .filter((e) => {
      const both = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return (both[0] + 0.05) / (both[1] + 0.05) < 4.5;
    })
    .map((e) => e.outerHTML.slice(0, 120));
}"""
"""Texts that are hard to tell from the ground they stand on (WCAG 2.2 AA: 4.5 to 1)."""


@pytest.fixture(scope="module", autouse=True)
def stored(live_server: LiveServer) -> Iterator[None]:
    """The samples as answers of one browser; the follow-up continues the first one."""
    engine = open_database(f"sqlite:///{live_server.data_dir / 'footnote.db'}")
    store = AnswerStore(engine)
    for number, (name, answer) in enumerate(samples().items()):
        made = replace(
            answer,
            answer_id=CARDS[name],
            conversation_id="con_e2e" if name in ("Answered", "Follow-up") else f"con_{number}",
            created_at=WHEN + timedelta(minutes=number),
        )
        store.add(made, SESSION)
    yield
    store.delete_session(SESSION)
    engine.dispose()


def cookie(live_server: LiveServer) -> Any:
    return {
        "cookies": [{"name": "footnote_session", "value": SESSION, "url": live_server.url}],
        "origins": [],
    }


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "plain": {"java_script_enabled": False},
    "plain phone": {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False},
}
NEXT_STEP = {
    "Answered": ".continue form",
    "Partly answered": ".uncovered li a",
    "Conflicting": ".conflict .party a",
    "Outdated": ".stale .steps a",
    "Not found": ".missing .tries a",
    "Written": ".doubt",
    "Fallen back": ".note",
    "Follow-up": ".rewritten a",
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", CARDS)
def test_every_card_stands_in_every_look_with_its_next_step(
    open_page: OpenPage, name: str, look: str
) -> None:
    page = open_page(f"/a/{CARDS[name]}", **LOOKS[look])
    expect(page.locator("article.answer .badge").first).to_be_visible()
    expect(page.locator(NEXT_STEP[name]).first).to_be_visible()
    if look.startswith("plain"):
        return  # nothing can be measured in the page without JavaScript
    page.evaluate(OPEN_ALL)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(DOUBLE_IDS) == []
    assert page.evaluate(BROKEN_REFERENCES) == []
    assert page.evaluate(LOW_CONTRAST) == []


def test_both_sides_stand_side_by_side_on_a_desk_and_stacked_on_a_phone(
    open_page: OpenPage,
) -> None:
    for width, side_by_side in ((1280, True), (360, False)):
        page = open_page(f"/a/{CARDS['Conflicting']}", viewport={"width": width, "height": 800})
        first, second = (page.locator(".party").nth(n).bounding_box() for n in (0, 1))
        assert first
        assert second
        assert (abs(first["y"] - second["y"]) < 2) == side_by_side


# --- next steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_the_owners_are_told_what_is_missing(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/", java_script_enabled=javascript)
    page.fill("#q", f"What does the zeppelin hangar cost on day {int(javascript)}?")
    page.locator("#ask button.primary").click()
    page.locator(".tell summary").click()
    page.get_by_label("Comment for the owners").fill("We charter one.")
    page.get_by_role("button", name="Tell the owners").click()
    expect(page.locator("#request")).to_contain_text("on the list of what is missing")
    page.goto(page.url.split("?")[0])
    expect(page.locator("#request")).to_contain_text("on the list of what is missing")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_an_answer_is_corrected_and_a_problem_reported(
    open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(f"/ask?q={QUESTION}", java_script_enabled=javascript)
    page.locator(".more > summary").click()
    page.locator("#correction summary").click()
    page.get_by_label("What should it say?").fill("Open from eight.")
    page.get_by_role("button", name="Send the correction").click()
    expect(page.locator("section#correction")).to_contain_text("Thank you")
    if not javascript:
        page.locator(".more > summary").click()
    page.locator("#problem summary").click()
    page.get_by_label("The source is wrong").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("section#report")).to_contain_text("Thank you")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_a_question_is_narrowed_to_a_document_and_widened_again(
    open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(f"/ask?q={QUESTION}", java_script_enabled=javascript)
    page.locator(".more > summary").click()
    page.get_by_role("link", name="Only in “Harbor handbook”").click()
    expect(page.locator(".scope summary")).to_contain_text("“Harbor handbook”")
    expect(page.locator(".answer .meta")).to_contain_text("“Harbor handbook”")
    page.locator(".scope summary").click()
    box = page.get_by_label("Harbor handbook", exact=True)
    expect(box).to_be_checked()
    box.uncheck()
    page.locator("#ask button.primary").click()
    expect(page.locator(".scope summary")).to_contain_text("All ")
    expect(page.locator(".answer .meta")).not_to_contain_text("“Harbor handbook”")


def test_another_question_is_edited_and_keeps_its_conversation(open_page: OpenPage) -> None:
    page = open_page(f"/a/{CARDS['Follow-up']}")
    page.locator(".rewritten a").click()
    field = page.locator("#q")
    expect(field).to_be_focused()
    expect(field).to_have_value("When is the harbor office open for members?")
    expect(page.locator("#ask [name=rewrite]")).to_have_value("0")
    expect(page.locator("#ask [name=conversation_id]")).to_have_value("con_e2e")
    expect(page).to_have_url(re.compile(CARDS["Follow-up"]))
    field.press("Enter")
    expect(page).not_to_have_url(re.compile(CARDS["Follow-up"]))
    expect(page.locator("#ask [name=rewrite]")).to_have_value("")
    expect(page.locator("#ask [name=conversation_id]")).to_have_value("")


# --- conversation --------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_a_follow_up_is_asked_below_and_the_question_before_stands_above(
    open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(java_script_enabled=javascript)
    page.fill("#q", QUESTION)
    page.locator("#ask button.primary").click()
    page.locator("#followup-q").fill("Is there a workshop in the harbor area?")
    page.locator("#followup button").click()
    expect(page.locator(".answer .prose")).to_contain_text("behind the crane")
    thread = page.locator(".thread")
    expect(thread.locator("summary")).to_contain_text("1 earlier question")
    thread.locator("summary").click()
    thread.get_by_role("link", name=QUESTION).click()
    expect(page.locator(".answer .prose")).to_contain_text("7:30")


def test_enter_asks_the_follow_up_and_escape_stops_it(open_page: OpenPage) -> None:
    page = open_page()
    ask(page, QUESTION)
    page.route("**/ask", lambda _route: None)
    page.fill("#followup-q", "A slow follow-up?")
    page.press("#followup-q", "Enter")
    expect(page.locator("#ask")).to_have_class(re.compile("htmx-request"))
    expect(page.locator("#q")).to_have_value("A slow follow-up?")
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_have_text("Stopped.")


def test_an_earlier_turn_is_shown_to_nobody_else(
    open_page: OpenPage, live_server: LiveServer
) -> None:
    mine = open_page(f"/a/{CARDS['Follow-up']}", storage_state=cookie(live_server))
    expect(mine.locator(".thread")).to_be_visible()
    theirs = open_page(f"/a/{CARDS['Follow-up']}")
    expect(theirs.locator(".thread")).to_have_count(0)


# --- history, privacy, the first note ------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_history_lists_and_deletes(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(f"/ask?q={QUESTION}", java_script_enabled=javascript)
    page.goto("/ask?q=Is there a workshop?")
    page.get_by_role("link", name="History").click()
    expect(page.locator(".history li")).to_have_count(2)
    page.get_by_role("link", name=f"Delete “{QUESTION}”").click()
    if javascript:
        expect(page.get_by_role("dialog")).to_contain_text("Delete")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".history li")).to_have_count(1)
    page.get_by_role("link", name="Delete all").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".blank")).to_contain_text("Nothing asked yet")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "plain"])
def test_the_first_note_is_read_once(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(java_script_enabled=javascript)
    expect(page.locator("#welcome")).to_contain_text("What it can’t do")
    page.get_by_role("button", name="Got it").click()
    expect(page.locator("#welcome")).to_have_count(0)
    page.goto("/")
    expect(page.locator("h1.intro")).to_be_visible()
    expect(page.locator("#welcome")).to_have_count(0)


def test_privacy_is_one_click_away_and_true_to_this_server(
    open_page: OpenPage, live_server: LiveServer
) -> None:
    page = open_page()
    page.locator(".bottom").get_by_role("link", name="Privacy").click()
    expect(page.locator("main")).to_contain_text("Nothing. Questions are answered on the machine")
    expect(page.locator("main")).to_contain_text(str(live_server.data_dir / "footnote.db"))
