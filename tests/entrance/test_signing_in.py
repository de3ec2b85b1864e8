"""Signing in and out, invitations, and what a stranger learns from any of it: nothing."""

from __future__ import annotations

import re

import pytest

from app.access import Role
from tests.contracts.accounts import PASSWORD
from tests.entrance.world import Door, sign_in
from tests.web.conftest import tree, words

SAM = "sam@example.org"


@pytest.fixture(autouse=True)
def _forgiving(at: Door) -> None:
    """What one test got wrong makes no other wait: all come from one address."""
    from sqlalchemy import delete

    from app.records.accounts.tables import sign_in_failures

    with at.services.engine.begin() as connection:
        connection.execute(delete(sign_in_failures))


def test_the_right_password_leads_to_the_page_that_was_asked_for(at: Door) -> None:
    browser = at.browser()
    response = sign_in(browser, "SAM@Example.org ", next="/documents?kind=md")
    assert (response.status_code, response.headers["location"]) == (303, "/documents?kind=md")
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain http, where a browser would drop it
    assert browser.get("/documents").status_code == 200
    assert browser.get("/signin").headers["location"] == "/"


@pytest.mark.parametrize(
    "next_page", ["//evil.example", "/\\evil.example", "https:evil.example", "%2F%2Fevil.example"]
)
def test_no_address_leads_anywhere_else(at: Door, next_page: str) -> None:
    browser = at.browser()
    assert sign_in(browser, SAM, next=next_page).headers["location"] == "/"
    assert browser.get("/signin", params={"next": next_page}).headers["location"] == "/"
    form = tree(at.browser().get("/signin", params={"next": next_page}).text)
    assert form.css_first("input[name=next]").attributes["value"] == "/"


def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_before(at: Door) -> None:
    browser = at.browser()
    browser.cookies.set("footnote_sign_in", "planted-by-somebody", domain="127.0.0.1")
    sign_in(browser, SAM)
    first = browser.cookies["footnote_sign_in"]
    assert first != "planted-by-somebody"
    sign_in(browser, SAM)
    second = browser.cookies["footnote_sign_in"]
    assert second != first
    assert at.accounts.of_session(first) is None
    assert at.accounts.of_session(second) is not None


def test_signing_out_ends_it_on_the_server_too(at: Door) -> None:
    browser = at.browser("sam")
    token = browser.cookies["footnote_sign_in"]
    response = browser.post("/signout")
    assert response.headers["location"] == "/signin?out=1"
    assert "footnote_sign_in" not in browser.cookies
    assert at.accounts.of_session(token) is None
    browser.cookies.set("footnote_sign_in", token, domain="127.0.0.1")
    assert browser.get("/account").status_code == 303
    assert "You are signed out" in browser.get("/signin?out=1").text


def test_a_link_elsewhere_can_sign_nobody_in_or_out(at: Door) -> None:
    browser = at.browser("sam")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/signout", headers=elsewhere).status_code == 403
    assert browser.get("/account").status_code == 200
    data = {"email": SAM, "password": PASSWORD}
    assert at.browser().post("/signin", data=data, headers=elsewhere).status_code == 403
    assert browser.get("/signout").status_code in (404, 405)


def test_a_stranger_does_not_learn_who_has_an_account(at: Door) -> None:
    gone = at.accounts.add_user("gone@example.org", "Gone", Role.PM, password=PASSWORD)
    at.accounts.change(gone.id, active=False)
    wrong = [
        (SAM, "not the password"),
        ("nobody@example.org", "not the password"),
        ("gone@example.org", PASSWORD),
        ("no address at all", PASSWORD),
    ]
    said = set()
    for email, password in wrong:
        response = sign_in(at.browser(), email, password)
        assert response.status_code == 401
        assert "set-cookie" not in response.headers
        said.add(response.text.replace(email, "…"))
    assert len(said) == 1


def test_what_is_wrong_stands_where_a_reader_finds_it(at: Door) -> None:
    page = tree(sign_in(at.browser(), SAM, "wrong").text)
    problem = page.css_first("[role=alert]")
    assert "don't belong together" in problem.text()
    email, password = page.css_first("#email"), page.css_first("#password")
    assert email.attributes["value"] == SAM
    assert not password.attributes.get("value")
    assert email.attributes["aria-describedby"] == problem.attributes["id"]
    assert email.attributes["autocomplete"] == "username"
    assert password.attributes["autocomplete"] == "current-password"
    empty = tree(sign_in(at.browser(), "", "").text)
    for name in ("email", "password"):
        field = empty.css_first(f"#{name}")
        assert field.attributes["aria-invalid"] == "true"
        assert (
            empty.css_first(f"#{field.attributes['aria-describedby']}").text().startswith("Enter")
        )


def test_who_guesses_has_to_wait_and_is_told_for_how_long(at: Door) -> None:
    for _ in range(6):
        response = sign_in(at.browser(), "pam@example.org", "a guess at it")
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert "too many failed attempts" in response.text
    right = sign_in(at.browser(), "pam@example.org")
    assert right.status_code == 429, "the right password has to wait as well"


def test_an_invitation_makes_an_account_once(at: Door) -> None:
    operator = at.browser("opal")
    typed = {"email": "Ida@Example.org", "name": "Ida", "role": "pm", "group": "finance"}
    page = operator.post("/people/invite", data=typed)
    assert page.status_code == 201
    assert page.headers["cache-control"] == "no-store"
    link = tree(page.text).css_first("#link").attributes["value"]
    path = link.removeprefix(at.url)
    assert re.fullmatch(r"/invite/[\w-]{43}", path)
    assert path not in operator.get("/people").text, "it is shown once"

    browser = at.browser()
    form = browser.get(path)
    assert "Opal invited ida@example.org" in words(form.text)
    assert form.headers["referrer-policy"] == "no-referrer"
    weak = browser.post(path, data={"name": "Ida", "password": "short"})
    assert weak.status_code == 400
    assert "shorter than 12" in tree(weak.text).css_first("#password-wrong").text()
    nameless = browser.post(path, data={"name": " ", "password": PASSWORD})
    assert tree(nameless.text).css_first("#name-wrong") is not None
    done = browser.post(path, data={"name": "Ida B.", "password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "ida@example.org" in browser.get("/account").text
    ida = at.accounts.user_by_email("ida@example.org")
    assert (ida.name, ida.role, ida.groups) == ("Ida B.", Role.PM, ("finance",))
    for again in (browser.get(path), browser.post(path, data={"name": "x", "password": PASSWORD})):
        assert again.status_code == 404
        assert "This link has ended" in again.text
    at.accounts.remove_user(ida.id)


def test_a_withdrawn_invitation_opens_nothing(at: Door) -> None:
    invitation, token = at.accounts.invite("late@example.org")
    operator = at.browser("opal")
    assert "late@example.org" in operator.get("/people").text
    withdrawn = operator.post(f"/people/invitations/{invitation.id}/withdraw")
    assert withdrawn.status_code == 303
    assert at.browser().get(f"/invite/{token}").status_code == 404


def test_the_pages_without_an_account_show_nothing_of_the_product(at: Door) -> None:
    for address in ("/signin", "/invite/none", "/privacy"):
        page = tree(at.browser().get(address).text)
        links = {node.attributes["href"] for node in page.css("header a, footer a")}
        assert links == {"/", "/privacy"}
