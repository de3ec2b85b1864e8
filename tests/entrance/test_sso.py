"""Signing in through an OpenID provider: a real one on loopback, over real HTTP, step by step."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.access import Role
from app.entrance.sso import Returned, SignOn, SignOnFailed, config_of
from app.entrance.sso.proof import Person
from app.errors import SettingsError
from app.moment import at as at_time
from app.moment import now
from app.records.database import open_database
from app.settings import Settings
from tests.contracts.accounts import store_on
from tests.entrance.oidc_provider import Changed, OidcProvider, provider_on_loopback, signed
from tests.entrance.world import Door, door
from tests.web.conftest import tree, words

pytestmark = [
    pytest.mark.xdist_group("sso"),
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),  # the provider's own
    pytest.mark.filterwarnings("ignore:JWS algorithm"),  # of a token that is forged on purpose
]
SECRET = "the-clients-secret-of-32-characters"
BEGIN_AGAIN = "Begin again"
NOT_OURS = re.compile(r"httpx$|httpcore\.|werkzeug|authlib\.oauth2\.rfc|uvicorn\.access")
"""Logs of the browser, of the provider, and of a server that `footnote serve` starts without."""


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with provider_on_loopback() as running:
        yield running


@pytest.fixture(scope="module")
def _door(provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with door(
        tmp_path_factory.mktemp("sso"),
        oidc_issuer=provider.url,
        oidc_client_id="footnote",
        oidc_client_secret=SECRET,
        oidc_name="Harbor ID",
        oidc_groups_claim="groups",
        oidc_operator_group="it",
        oidc_pm_group="product",
        oidc_sign_up="example.org",
    ) as opened:
        yield opened


@pytest.fixture
def here(_door: Door, provider: OidcProvider) -> Iterator[Door]:
    yield _door
    provider.announces = {}
    provider.change, provider.out, provider.published = signed, False, True
    while _door.clients:
        _door.clients.pop().close()


def known(provider: OidcProvider, name: str, *groups: str, **more: Any) -> None:
    """The provider gets to know somebody."""
    claims = {
        "email": f"{name}@example.org",
        "email_verified": True,
        "name": name.title(),
        "groups": list(groups),
        **more,
    }
    httpx.put(f"{provider.url}/users/{name}", json=claims, trust_env=False).raise_for_status()


def go(browser: httpx.Client, **query: str) -> str:
    """Follow the button; where the provider's form stands."""
    response = browser.get("/sso/start", params=query)
    assert response.status_code == 303, words(response.text)
    return response.headers["location"]


def agree(browser: httpx.Client, form: str, name: str) -> str:
    """Sign in on the provider's form; the address that it sends the browser back to."""
    assert "Authorize" in browser.get(form).text
    back = browser.post(form, data={"sub": name}, headers={"Sec-Fetch-Site": "same-origin"})
    assert back.status_code == 302
    return back.headers["location"]


def come(browser: httpx.Client, name: str, **query: str) -> httpx.Response:
    """All the way."""
    return browser.get(agree(browser, go(browser, **query), name))


def last_line(here: Door) -> Any:
    return here.accounts.audit_log(limit=1)[0]


# --- the way --------------------------------------------------------------------------------------


def test_the_button_leads_through_the_provider_to_the_page_that_was_asked_for(
    here: Door, provider: OidcProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    known(provider, "ana", "product", "finance")
    browser = here.browser()
    page = tree(browser.get("/signin", params={"next": "/documents?kind=md"}).text)
    button = page.css_first("a[href^='/sso/start']")
    assert button.text() == "Sign in with Harbor ID"
    leaving = browser.get(button.attributes["href"])
    kept = leaving.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept
    asked = {k: v[0] for k, v in parse_qs(urlsplit(leaving.headers["location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{here.url}/sso/callback"
    assert asked["nonce"] not in kept
    back = agree(browser, leaving.headers["location"], "ana")
    response = browser.get(back)
    assert (response.status_code, response.headers["location"]) == (303, "/documents?kind=md")
    assert [name for name in browser.cookies if "sign_on" in name] == []
    assert "Ana" in browser.get("/account").text
    user = here.accounts.user_by_email("ana@example.org")
    assert (user.role, user.groups, user.sso) == (Role.PM, ("finance", "product"), provider.url)
    assert not user.has_password
    line = next(one for one in here.accounts.audit_log() if one.action == "signed-in")
    assert line.actor == "Ana"
    assert "single sign-on" in str(line.detail)
    secrets = [*provider.sent, SECRET, asked["state"], asked["nonce"]]
    assert len(secrets) > 6
    told = [line.getMessage() for line in caplog.records if not NOT_OURS.match(line.name)]
    assert any("/sso/…" in line for line in told)
    assert [one for one in secrets if one and any(one in line for line in told)] == []


def test_every_sign_in_brings_groups_and_role_up_to_date(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "bea", "it", "finance")
    come(here.browser(), "bea")
    assert here.accounts.user_by_email("bea@example.org").role is Role.OPERATOR
    here.accounts.set_group("choir", [here.accounts.user_by_email("bea@example.org").id])
    known(provider, "bea", "harbor")
    browser = here.browser()
    come(browser, "bea")
    user = here.accounts.user_by_email("bea@example.org")
    assert (user.role, user.groups) == (Role.SEARCHER, ("choir", "harbor"))
    assert browser.get("/people").status_code == 403


def test_a_provider_that_tells_nothing_in_the_token_is_asked(
    here: Door, provider: OidcProvider
) -> None:
    def bare(of: OidcProvider, claims: dict[str, Any]) -> str:
        return signed(of, {k: v for k, v in claims.items() if k not in ("email", "groups")})

    known(provider, "cy", "finance")
    provider.change = bare
    come(here.browser(), "cy")
    assert here.accounts.user_by_email("cy@example.org").groups == ("finance",)


def test_who_has_an_account_is_recognized_by_a_verified_address_and_keeps_it(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "sam")
    assert come(here.browser(), "sam").status_code == 303
    sam = here.accounts.user(here.people["sam"].id)
    assert (sam.sso, sam.has_password) == (provider.url, True)
    known(provider, "sam", email="renamed@elsewhere.example")
    assert come(here.browser(), "sam").status_code == 303  # the subject counts from now on


def test_two_tabs_do_not_spoil_each_others_way(here: Door, provider: OidcProvider) -> None:
    known(provider, "dora")
    browser = here.browser()
    first, second = go(browser, next="/history"), go(browser, next="/documents")
    assert browser.get(agree(browser, first, "dora")).headers["location"] == "/history"
    assert browser.get(agree(browser, second, "dora")).headers["location"] == "/documents"


def test_on_https_what_the_browser_keeps_is_bound_to_this_host(here: Door) -> None:
    browser = here.browser(**{"X-Forwarded-Proto": "https"})  # as a proxy before the server says it
    leaving = browser.get("/sso/start")
    name, _, flags = leaving.headers["set-cookie"].partition("=")
    assert name.startswith("__Host-footnote_sign_on_")
    assert "; Secure" in flags
    assert "Path=/;" in flags
    assert "redirect_uri=https%3A%2F%2F127.0.0.1" in leaving.headers["location"]


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_anywhere_else(here: Door, provider: OidcProvider, wanted: str) -> None:
    known(provider, "dora")
    assert come(here.browser(), "dora", next=wanted).headers["location"] == "/"


def test_a_new_key_of_the_provider_is_fetched_when_a_token_names_it(
    here: Door, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(provider, "dora")
    provider.published, provider.change = False, None
    fresh = SignOn(here.app.state.sign_on.config)
    monkeypatch.setattr(here.app.state, "sign_on", fresh)
    assert come(here.browser(), "dora").status_code == 303
    provider.published, provider.change = True, signed
    assert "could not be verified" in words(come(here.browser(), "dora").text)  # not so soon
    monkeypatch.setattr("app.entrance.sso.provider._AGAIN_S", 0)
    assert come(here.browser(), "dora").status_code == 303


def test_signing_out_tells_of_the_session_that_goes_on_and_where_to_end_it(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "dora")
    browser = here.browser()
    come(browser, "dora")
    page = tree(browser.get(browser.post("/signout").headers["location"]).text)
    note = page.css_first("[role=status]")
    assert "Harbor ID may still know you" in note.text()
    there = browser.get(note.css_first("a").attributes["href"]).headers["location"]
    assert there.startswith(f"{provider.url}/oauth2/end_session?client_id=footnote&")
    assert "End session" in browser.get(there).text


# --- what goes wrong ------------------------------------------------------------------------------


def refused(here: Door, response: httpx.Response, status: int, said: str, reason: str) -> None:
    """A page that says so and what to do; a line in the log; and nobody signed in."""
    text = words(response.text)
    assert response.status_code == status, text
    assert said in text
    assert tree(response.text).css_first("a[href^='/sso/start']") is not None
    assert "footnote_sign_in" not in response.headers.get("set-cookie", "")
    line = last_line(here)
    assert line.action == "sign-in-failed"
    assert line.detail["how"] == "single sign-on"
    assert reason in line.detail["why"]


def test_an_address_that_nobody_vouches_for_opens_nothing(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "eve", email="opal@example.org", email_verified=False)
    response = come(here.browser(), "eve")
    refused(here, response, 403, "Confirm it there, or ask an operator.", "vouch")
    assert last_line(here).target == "opal@example.org"
    assert here.accounts.user(here.people["opal"].id).sso == ""
    other = tree(response.text).css_first("a[href^='/sso/start']").attributes["href"]
    assert "prompt=select_account" in here.browser().get(other).headers["location"]


def test_who_is_not_invited_stays_outside_until_they_are(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "gus", email="gus@elsewhere.example")
    said = "Nobody has invited gus@elsewhere.example here. Ask an operator for an invitation."
    refused(here, come(here.browser(), "gus"), 403, said, "Nobody has invited")
    here.accounts.invite("gus@elsewhere.example", groups=["guests"])
    assert come(here.browser(), "gus").status_code == 303
    assert here.accounts.user_by_email("gus@elsewhere.example").groups == ("guests",)


def test_who_was_let_go_is_not_let_in_by_the_provider(here: Door, provider: OidcProvider) -> None:
    known(provider, "hal")
    come(here.browser(), "hal")
    here.accounts.change(here.accounts.user_by_email("hal@example.org").id, active=False)
    refused(here, come(here.browser(), "hal"), 403, "can't sign in any more", "any more")


def test_an_address_brought_back_twice_signs_nobody_in(here: Door, provider: OidcProvider) -> None:
    known(provider, "dora")
    browser = here.browser()
    back = agree(browser, go(browser), "dora")
    cookies = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    thief = here.browser()
    thief.cookies.update(cookies)
    refused(here, thief.get(back), 400, BEGIN_AGAIN, "used already")


def test_a_code_that_was_used_elsewhere_is_worth_nothing(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "dora")
    browser, other = here.browser(), here.browser()
    back = agree(browser, go(browser), "dora")
    browser.get(back)
    own = parse_qs(urlsplit(go(other)).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    response = other.get("/sso/callback", params={"code": code, "state": own})
    refused(here, response, 400, "Harbor ID does not accept this sign-in any more", "accept")


def test_nobody_is_signed_in_as_somebody_else_by_a_link(here: Door, provider: OidcProvider) -> None:
    known(provider, "eve")
    attacker = here.browser()
    back = agree(attacker, go(attacker), "eve")
    victim = here.browser()
    refused(here, victim.get(back), 400, "was not begun in this browser", "not begun")
    go(victim)  # also while they are on a way of their own
    refused(here, victim.get(back), 400, "was not begun in this browser", "not begun")
    signed_in = here.browser("pam")
    assert signed_in.get(back).headers["location"] == "/"
    assert "Pam" in signed_in.get("/account").text


def test_who_takes_too_long_begins_again(here: Door, provider: OidcProvider) -> None:
    known(provider, "dora")
    sign_on = here.app.state.sign_on
    with at_time(now() - timedelta(minutes=11)):
        going = sign_on.begin(here.url, "/history", https=False)
    browser = here.browser()
    browser.cookies.set(going.cookie, going.value, domain="127.0.0.1")
    response = browser.get(agree(browser, going.address, "dora"))
    refused(here, response, 400, "took longer than ten minutes", "ten minutes")
    again = tree(response.text).css_first("a[href^='/sso/start']").attributes["href"]
    assert again == "/sso/start?next=%2Fhistory"


def test_saying_no_at_the_provider_is_no_mystery(here: Door, provider: OidcProvider) -> None:
    browser = here.browser()
    back = browser.post(go(browser), data={"action": "deny"}).headers["location"]
    refused(here, browser.get(back), 400, "Signing in at Harbor ID was called off there.", "off")


def test_words_in_the_address_are_never_shown(here: Door, provider: OidcProvider) -> None:
    browser = here.browser()
    state = parse_qs(urlsplit(go(browser)).query)["state"][0]
    lie = {"state": state, "error": "call-555-0100", "error_description": "Call 555-0100"}
    response = browser.get("/sso/callback", params=lie)
    refused(here, response, 502, "not set up for each other", "not set up")
    assert "555-0100" not in response.text  # whole: a style sheet's hash may hold 555
    assert "555-0100" not in str(last_line(here))


def _hour(**times: float) -> Changed:
    def change(of: OidcProvider, claims: dict[str, Any]) -> str:
        return signed(of, {**claims, **{k: int(time.time() + v) for k, v in times.items()}})

    return change


def _with(**claims: Any) -> Changed:
    return lambda of, said: signed(of, {**said, **claims})


def _shared_secret(_: OidcProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


def _unsigned(_: OidcProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "none"}, claims, OctKey.import_key(SECRET), algorithms=["none"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_with(nonce="of-another-attempt"), "could not be verified"),
        (_with(aud="another-client"), "could not be verified"),
        (_with(aud=["footnote", "another-client"]), "could not be verified"),
        (_with(iss="https://evil.example"), "could not be verified"),
        (lambda of, claims: signed(of, claims, of.stranger), "could not be verified"),
        (_shared_secret, "could not be verified"),
        (_unsigned, "could not be verified"),
        (lambda _of, _claims: "not a token", "could not be verified"),
        (_hour(iat=-7200, exp=-3600), "compare the clocks"),
        (_hour(iat=3600, exp=7200), "compare the clocks"),
    ],
    ids=[
        *("nonce", "audience", "audiences", "issuer", "stranger"),
        *("secret", "none", "nonsense", "expired", "future"),
    ],
)
def test_a_token_that_is_not_the_providers_for_this_attempt_and_now_proves_nothing(
    here: Door, provider: OidcProvider, change: Changed, said: str
) -> None:
    known(provider, "dora")
    provider.change = change
    refused(here, come(here.browser(), "dora"), 400, said, "Harbor ID said about you")
    provider.change = signed  # the same way with nothing changed leads in
    assert come(here.browser(), "dora").status_code == 303


def test_a_provider_that_breaks_down_on_the_way_is_named_and_passwords_go_on(
    here: Door, provider: OidcProvider
) -> None:
    known(provider, "dora")
    browser = here.browser()
    back = agree(browser, go(browser), "dora")
    provider.out = True
    refused(here, browser.get(back), 502, "Harbor ID does not answer as it should.", "answer")
    assert tree(browser.get("/signin").text).css_first("input[name=password]") is not None


@pytest.mark.parametrize("listening", [False, True], ids=["down", "slow"])
def test_a_provider_that_is_down_or_slow_keeps_nobody_waiting(
    here: Door, monkeypatch: pytest.MonkeyPatch, listening: bool
) -> None:
    monkeypatch.setattr("app.entrance.sso.provider.TIMEOUT_S", 0.4)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        if listening:
            mute.listen()
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        config = replace(here.app.state.sign_on.config, issuer=address)
        monkeypatch.setattr(here.app.state, "sign_on", SignOn(config))
        browser = here.browser()
        response = browser.get("/sso/start", params={"next": "/history"})
        refused(here, response, 502, "Try again in a minute", "does not answer")
        again = tree(response.text).css_first("a[href^='/sso/start']").attributes["href"]
        assert again == "/sso/start?next=%2Fhistory"
        assert "You are signed out" in words(browser.get("/signin?out=1").text)


def test_a_provider_with_another_name_than_the_settings_say_is_not_believed(
    here: Door,
    provider: OidcProvider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(here.app.state, "sign_on", SignOn(here.app.state.sign_on.config))
    provider.announces = {"issuer": "https://evil.example"}
    refused(here, here.browser().get("/sso/start"), 502, "not set up for each other", "not set up")
    assert "set FOOTNOTE_OIDC_ISSUER to that" in caplog.text


def test_a_provider_that_signs_with_a_shared_secret_only_is_not_used(
    here: Door,
    provider: OidcProvider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.announces = {"id_token_signing_alg_values_supported": ["HS256", "none"]}
    monkeypatch.setattr(here.app.state, "sign_on", SignOn(here.app.state.sign_on.config))
    refused(here, here.browser().get("/sso/start"), 502, "not set up for each other", "not set up")
    assert "HS256" in caplog.text


def test_before_there_is_an_operator_nobody_else_comes_in(
    here: Door, provider: OidcProvider, tmp_path: Path
) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    accounts = store_on(engine)
    sign_on = here.app.state.sign_on
    who = Person(provider.url, "1", "ana@example.org", True, "Ana", ("product",))
    with pytest.raises(SignOnFailed, match="The first operator comes in by the link"):
        sign_on.admit(accounts, Returned(who, "/"), client="", device="")
    assert not accounts.any_user()
    boss = Returned(replace(who, groups=("it",)), "/")
    assert sign_on.admit(accounts, boss, client="", device="").user.role is Role.OPERATOR
    other = Returned(replace(who, subject="2", email="bea@example.org"), "/")
    assert sign_on.admit(accounts, other, client="", device="").user.role is Role.PM
    engine.dispose()


# --- settings -------------------------------------------------------------------------------------


def settings(**more: Any) -> Settings:
    set_up = {"oidc_issuer": "https://id.example.org", "oidc_client_id": "footnote"}
    return Settings(_env_file=None, accounts="on", **{**set_up, **more})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"oidc_issuer": ""}, "FOOTNOTE_OIDC_ISSUER is missing"),
        ({"oidc_client_id": ""}, "FOOTNOTE_OIDC_CLIENT_ID is missing"),
        ({"oidc_issuer": "http://id.example.org"}, "has to be an https address"),
        ({"oidc_pm_group": "product"}, "need FOOTNOTE_OIDC_GROUPS_CLAIM"),
        ({"oidc_sign_up": "yes"}, "Write `off`, `on`, or domains"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(more: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        config_of(settings(**more))


def test_nobody_comes_in_uninvited_unless_the_settings_say_who() -> None:
    def may(sign_up: str, email: str) -> bool:
        config = config_of(settings(oidc_sign_up=sign_up))
        assert config is not None
        return config.may_join(email)

    assert not may("off", "ana@example.org")
    assert may("on", "ana@anywhere.example")
    assert may("example.com, @Example.org", "Ana@EXAMPLE.org")
    assert not may("example.org", "ana@evil-example.org")
    assert not may("example.org", "ana@example.org@evil.example")


def test_without_settings_there_is_no_button_and_no_way(
    here: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config_of(Settings(_env_file=None, accounts="on")) is None
    monkeypatch.setattr(here.app.state, "sign_on", None)
    browser = here.browser()
    assert "/sso/" not in browser.get("/signin").text
    assert browser.get("/sso/start").status_code == 404
    assert browser.get("/sso/callback?code=a&state=b").status_code == 404
