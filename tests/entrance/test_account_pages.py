"""One's own account, people, groups and the audit log, as pages without JavaScript."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from app.access import Reach, Role, working_for
from app.records.accounts import Action, User
from tests.contracts.accounts import PASSWORD, somebody
from tests.entrance.world import Door, sign_in
from tests.web.conftest import tree, words

OTHER = "green kettles hum at dusk"


@pytest.fixture
def tim(at: Door) -> Iterator[User]:
    """Somebody whose account a test may change."""
    user = at.people["tim"] = somebody(at.accounts, "Tim")
    yield user
    at.people.pop("tim")
    if user.id in [one.id for one in at.accounts.users()]:
        at.accounts.remove_user(user.id)


# --- one's own account --------------------------------------------------------------------------


def test_a_new_password_signs_out_everywhere_else(at: Door, tim: User) -> None:
    here, there = at.browser("tim"), at.browser("tim")
    before = here.cookies["footnote_sign_in"]
    done = here.post("/account/password", data={"current": PASSWORD, "password": OTHER})
    assert (done.status_code, done.headers["location"]) == (303, "/account?done=password")
    assert here.cookies["footnote_sign_in"] != before
    assert "Your password is changed" in here.get("/account?done=password").text
    assert there.get("/account").status_code == 303
    assert sign_in(at.browser(), tim.email, OTHER).status_code == 303
    assert sign_in(at.browser(), tim.email, PASSWORD).status_code == 401


def test_a_new_password_takes_the_one_that_is_and_no_weak_one(at: Door, tim: User) -> None:
    browser = at.browser("tim")
    wrong = browser.post("/account/password", data={"current": "no", "password": OTHER})
    assert wrong.status_code == 400
    assert tree(wrong.text).css_first("#current-wrong").text() == "That is not your password."
    weak = browser.post("/account/password", data={"current": PASSWORD, "password": "tim"})
    assert "shorter than 12" in tree(weak.text).css_first("#password-wrong").text()
    assert browser.get("/account").status_code == 200, "nothing has ended"


def test_a_name_can_be_changed_but_not_to_nothing(at: Door, tim: User) -> None:
    browser = at.browser("tim")
    assert browser.post("/account/name", data={"name": " "}).status_code == 400
    assert browser.post("/account/name", data={"name": "Timothea"}).status_code == 303
    assert 'aria-label="Account: Timothea"' in browser.get("/").text


def test_sign_ins_are_listed_and_end_one_by_one_or_together(at: Door, tim: User) -> None:
    browsers = [at.browser("tim") for _ in range(3)]
    page = browsers[0].get("/account").text
    assert page.count("Firefox on Linux</strong>") == 3
    assert page.count("this browser") == 1
    other = tree(page).css_first('form[action^="/account/sign-ins/"][action$="/end"]')
    assert browsers[0].post(other.attributes["action"]).status_code == 303
    assert [b.get("/account").status_code for b in browsers].count(200) == 2
    assert browsers[0].post("/account/sign-ins/end").status_code == 303
    assert [b.get("/account").status_code for b in browsers] == [200, 303, 303]


def test_nobody_ends_or_revokes_what_is_somebody_elses(at: Door, tim: User) -> None:
    at.browser("opal")
    theirs = at.accounts.sign_ins(at.people["opal"].id)[0]
    key, _ = at.accounts.make_key(at.people["opal"].id, "k", ["ask"])  # type: ignore[list-item]  # as sent
    browser = at.browser("tim")
    assert browser.post(f"/account/sign-ins/{theirs.id}/end").status_code == 404
    assert browser.post(f"/account/keys/{key.id}/revoke").status_code == 404
    assert [one.revoked_at for one in at.accounts.keys(key.user_id) if one.id == key.id] == [None]


def test_a_key_is_shown_once_and_does_what_was_chosen(at: Door, tim: User) -> None:
    browser = at.browser("tim")
    typed = {"key_name": "Bot", "scope": "ask", "days": "7"}
    made = browser.post("/account/keys", data=typed)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    secret = tree(made.text).css_first("#made-key").attributes["value"]
    assert secret.startswith("fn_")
    page = browser.get("/account").text
    assert secret not in page
    assert secret[:11] in page
    program = at.program(key=secret)
    assert program.get("/api/v1/collections").status_code == 200
    assert program.get("/account").status_code == 403
    assert program.post("/account/keys", data=typed).status_code == 403
    revoke = tree(page).css_first('form[action$="/revoke"]').attributes["action"]
    assert browser.post(revoke).status_code == 303
    assert program.get("/api/v1/collections").status_code == 401


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"key_name": " ", "scope": "ask"}, "#key_name-wrong"),
        ({"key_name": "Bot"}, "#scope-wrong"),
        ({"key_name": "Bot", "scope": "manage"}, "#scope-wrong"),
        ({"key_name": "Bot", "scope": "everything"}, "#scope-wrong"),
    ],
)
def test_a_key_needs_a_name_and_a_scope_within_the_role(
    at: Door, tim: User, typed: dict[str, str], field: str
) -> None:
    refused = at.browser("tim").post("/account/keys", data=typed)
    assert refused.status_code == 400
    assert tree(refused.text).css_first(field) is not None
    assert at.accounts.keys(tim.id) == []
    assert 'value="manage"' not in refused.text


# --- people -------------------------------------------------------------------------------------


def test_an_operator_changes_what_somebody_may(at: Door, tim: User) -> None:
    operator, browser = at.browser("opal"), at.browser("tim")
    at.accounts.set_group("legal")
    typed = {"role": "pm", "group": "legal", "active": "1"}
    assert operator.post(f"/people/{tim.id}", data=typed).status_code == 303
    changed = at.accounts.user(tim.id)
    assert (changed.role, changed.groups, changed.active) == (Role.PM, ("legal",), True)
    assert browser.get("/").status_code == 303, "another role takes a new sign-in"
    assert operator.post(f"/people/{tim.id}", data={"role": "searcher"}).status_code == 303
    assert sign_in(at.browser(), tim.email).status_code == 401
    page = operator.get("/people").text
    assert "not let in" in page
    assert operator.post(f"/people/{tim.id}", data={"role": "king"}).status_code == 400
    assert operator.get("/people/usr_nobody").status_code == 404


def test_the_last_operator_stays(at: Door) -> None:
    opal = at.people["opal"]
    page = at.browser("opal").post(f"/people/{opal.id}", data={"role": "searcher", "active": "1"})
    assert page.status_code == 403
    assert "only operator" in page.text
    assert at.accounts.user(opal.id).role is Role.OPERATOR


def test_who_forgot_a_password_is_given_another(at: Door, tim: User) -> None:
    page = at.browser("opal").post(f"/people/{tim.id}/password")
    assert page.headers["cache-control"] == "no-store"
    password = tree(page.text).css_first("#made-password").attributes["value"]
    assert len(password) >= 20
    assert sign_in(at.browser(), tim.email, password).status_code == 303
    assert sign_in(at.browser(), tim.email, PASSWORD).status_code == 401


def test_sign_ins_and_keys_of_others_are_an_operators_to_end(at: Door, tim: User) -> None:
    operator, browser = at.browser("opal"), at.browser("tim")
    program = at.program("tim")
    page = tree(operator.get(f"/people/{tim.id}").text)
    revoke = page.css_first('form[action$="/revoke"]').attributes["action"]
    assert operator.post(revoke).status_code == 303
    assert operator.post(f"/people/{tim.id}/sign-ins/end").status_code == 303
    assert program.get("/api/v1/collections").status_code == 401
    assert browser.get("/account").status_code == 303


def test_removing_somebody_asks_first(at: Door, tim: User) -> None:
    operator = at.browser("opal")
    asked = operator.get(f"/people/{tim.id}/remove")
    assert "Remove Tim?" in asked.text
    fragment = operator.get(f"/people/{tim.id}/remove", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text
    assert operator.post(f"/people/{tim.id}/remove").headers["location"] == "/people?done=removed"
    assert tim.id not in [user.id for user in at.accounts.users()]


def test_an_address_that_has_an_account_is_not_invited(at: Door) -> None:
    page = at.browser("opal").post(
        "/people/invite", data={"email": "sam@example.org", "role": "pm"}
    )
    assert page.status_code == 400
    assert "has an account already" in tree(page.text).css_first("#email-wrong").text()


# --- groups and collections ---------------------------------------------------------------------


def test_choosing_groups_for_a_collection_hides_it_from_the_others_at_once(at: Door) -> None:
    operator, sam = at.browser("opal"), at.browser("sam")
    harbor = f"/documents/{at.documents['harbor']}"
    assert sam.get(harbor).status_code == 200
    only = {"collection": "harbor", "group": "finance"}
    assert operator.post("/people/groups/collection", data=only).status_code == 303
    assert sam.get(harbor).status_code == 404
    shown = words(operator.get("/people/groups?done=restricted").text)
    assert "Who sees the collection is saved" in shown
    assert operator.post("/people/groups/collection", data={"collection": "harbor"}).is_redirect
    assert sam.get(harbor).status_code == 200
    unknown = {"collection": "harbor", "group": "nobodies"}
    assert operator.post("/people/groups/collection", data=unknown).status_code == 400


def test_groups_are_made_filled_and_removed(at: Door, tim: User) -> None:
    operator = at.browser("opal")
    assert operator.post("/people/groups", data={"name": ""}).status_code == 400
    assert operator.post("/people/groups", data={"name": "Ärzte & Co"}).status_code == 303
    inside = {"group": "Ärzte & Co", "member": tim.id}
    assert operator.post("/people/groups/members", data=inside).status_code == 303
    assert at.accounts.user(tim.id).groups == ("Ärzte & Co",)
    gone = operator.post("/people/groups/remove", data={"group": "Ärzte & Co"})
    assert gone.status_code == 303
    assert at.accounts.user(tim.id).groups == ()
    missing = {"group": "Ärzte & Co", "member": tim.id}
    assert operator.post("/people/groups/members", data=missing).status_code == 400


def test_a_group_that_alone_guards_a_collection_is_not_removed(at: Door) -> None:
    page = at.browser("opal").post("/people/groups/remove", data={"group": "finance"})
    assert page.status_code == 400
    assert "payroll" in tree(page.text).css_first("[role=alert]").text()


# --- the audit log ------------------------------------------------------------------------------


def test_the_log_is_filtered_paged_and_exported(at: Door) -> None:
    opal = at.people["opal"]
    with working_for(opal.principal, Reach.everything()):
        for number in range(130):
            at.accounts.audit(Action.SETTINGS_CHANGED, f"=setting {number:03}", client="192.0.2.9")
    operator = at.browser("opal")
    query = {"action": "settings-changed", "actor": opal.id}
    first = tree(operator.get("/audit", params=query).text)
    assert len(first.css("tbody tr")) == 100
    assert "=setting 129" in first.css_first("tbody tr").text()
    older = first.css_first("a[rel=next]").attributes["href"]
    second = tree(operator.get(older).text)
    assert len(second.css("tbody tr")) == 30
    assert second.css_first("a[rel=next]") is None
    assert tree(operator.get("/audit?actor=nobody").text).css_first("tbody") is None
    file = operator.get("/audit.csv", params=query)
    assert file.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert len(rows) == 130
    assert rows[0]["target"] == "'=setting 129", "a spreadsheet takes it for text"
    assert rows[0]["client"] == "192.0.2.9"
    export = at.accounts.audit_log(limit=1)[0]
    assert (export.action, export.actor) == ("data-exported", "Opal")


def test_a_filter_asked_for_by_htmx_gets_the_list_alone(at: Door) -> None:
    fragment = at.browser("opal").get("/audit", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text
    assert "<table" in fragment.text
