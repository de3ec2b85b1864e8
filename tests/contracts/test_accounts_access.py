"""Groups, what people may see, keys, invitations, single sign-on and the audit log."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event, insert

from app import moment
from app.access import ANYBODY, NOBODY, Principal, Reach, Role, Scope, working_for
from app.errors import BadRequest, FootnoteError, Forbidden, NotFound, NotSignedIn
from app.records.accounts import AccountStore, Action, User
from app.records.tables import collections
from tests.contracts.accounts import (
    HERE,
    NOON,
    PASSWORD,
    after,
    somebody,
    store_on,
    without_rows,
)

pytestmark = pytest.mark.xdist_group("accounts-access")
ISSUER = "https://id.example.org"


@pytest.fixture
def engine(kept_engine: Engine) -> Engine:
    return without_rows(kept_engine)


@pytest.fixture
def accounts(engine: Engine) -> AccountStore:
    return store_on(engine)


def make_collections(engine: Engine, *names: str) -> None:
    with engine.begin() as connection:
        for name in names:
            connection.execute(insert(collections).values(name=name, created_at=NOON))


def sees(accounts: AccountStore, user: User) -> set[str] | None:
    """The collections within somebody's reach now; None: all."""
    found = accounts.reach(accounts.user(user.id).principal).collections
    return None if found is None else set(found)


# --- reach ----------------------------------------------------------------------------------------


def test_everybody_sees_what_is_not_restricted(engine: Engine, accounts: AccountStore) -> None:
    make_collections(engine, "handbook", "salaries", "board")
    ann, ben = somebody(accounts), somebody(accounts, "Ben", Role.PM, "people")
    boss = somebody(accounts, "Cem", Role.OPERATOR)
    assert accounts.reach(ann.principal) == Reach.everything()
    accounts.restrict("salaries", ["people", "finance"])
    accounts.restrict("board", ["directors"])
    assert sees(accounts, ann) == {"handbook"}
    assert sees(accounts, ben) == {"handbook", "salaries"}
    assert sees(accounts, boss) is None
    assert accounts.collection_groups() == {
        "board": ("directors",),
        "salaries": ("finance", "people"),
    }


def test_nobody_sees_nothing_and_a_server_without_accounts_shows_all(
    engine: Engine, accounts: AccountStore
) -> None:
    make_collections(engine, "handbook")
    assert accounts.reach(NOBODY) == Reach.nothing()
    assert accounts.reach(ANYBODY) == Reach.everything()


def test_a_new_collection_is_seen_by_all_or_as_restricted_before(
    engine: Engine, accounts: AccountStore
) -> None:
    ann, ben = somebody(accounts), somebody(accounts, "Ben", Role.SEARCHER, "people")
    accounts.restrict("salaries", ["people"])
    make_collections(engine, "salaries", "handbook")
    assert sees(accounts, ann) == {"handbook"}
    assert sees(accounts, ben) == {"handbook", "salaries"}


def test_opening_a_collection_and_changing_groups_count_at_once(
    engine: Engine, accounts: AccountStore
) -> None:
    make_collections(engine, "handbook", "salaries", "board")
    ann = somebody(accounts)
    token = accounts.sign_in_as(ann.id, **HERE).token
    accounts.restrict("salaries", ["people"])
    accounts.restrict("board", ["directors"])
    accounts.change(ann.id, groups=["people"])
    who = accounts.of_session(token)
    assert who is not None
    assert accounts.reach(who).collections == frozenset({"handbook", "salaries"})
    accounts.change(ann.id, groups=[])
    assert sees(accounts, ann) == {"handbook"}
    accounts.restrict("salaries", [])
    assert sees(accounts, ann) == {"handbook", "salaries"}


def test_a_group_of_nobody_leaves_a_collection_to_operators(
    engine: Engine, accounts: AccountStore
) -> None:
    make_collections(engine, "board")
    accounts.restrict("board", ["nobody yet"])
    assert sees(accounts, somebody(accounts)) == set()


def test_reach_is_one_query(engine: Engine, accounts: AccountStore) -> None:
    make_collections(engine, "handbook", "salaries")
    accounts.restrict("salaries", ["people"])
    ann = somebody(accounts, "Ann", Role.SEARCHER, "people")
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    accounts.reach(ann.principal)
    event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1


# --- groups ---------------------------------------------------------------------------------------


def test_groups_know_who_is_in_them_and_what_they_guard(accounts: AccountStore) -> None:
    ann, ben = somebody(accounts), somebody(accounts, "Ben")
    made = accounts.set_group(" people ", [ann.id, ben.id])
    assert (made.name, set(made.members)) == ("people", {ann.id, ben.id})
    accounts.restrict("salaries", ["people"])
    accounts.set_group("empty")
    assert accounts.set_group("people").members == made.members
    assert accounts.set_group("people", [ben.id]).members == (ben.id,)
    assert [(one.name, one.members, one.collections) for one in accounts.groups()] == [
        ("empty", (), ()),
        ("people", (ben.id,), ("salaries",)),
    ]
    with pytest.raises(NotFound):
        accounts.set_group("people", [ann.id, "usr_nobody"])
    assert accounts.user(ben.id).groups == ("people",)


@pytest.mark.parametrize("wrong", ["", "  ", "x" * 101, "two\nlines"])
def test_an_odd_group_name_is_refused(accounts: AccountStore, wrong: str) -> None:
    ann = somebody(accounts)
    for step in (
        lambda: accounts.set_group(wrong),
        lambda: accounts.restrict("salaries", [wrong]),
        lambda: accounts.change(ann.id, groups=[wrong]),
        lambda: accounts.invite("ben@example.org", groups=[wrong]),
    ):
        with pytest.raises(BadRequest):
            step()
    assert accounts.groups() == []


def test_removing_a_group_never_opens_what_it_guards(
    engine: Engine, accounts: AccountStore
) -> None:
    make_collections(engine, "salaries")
    ann = somebody(accounts, "Ann", Role.SEARCHER)
    accounts.restrict("salaries", ["people", "finance"])
    accounts.remove_group("finance")
    with pytest.raises(BadRequest, match="everybody would"):
        accounts.remove_group("people")
    assert sees(accounts, ann) == set()
    accounts.restrict("salaries", [])
    accounts.remove_group("people")
    assert accounts.groups() == []
    with pytest.raises(NotFound):
        accounts.remove_group("people")


def test_two_groups_removed_at_once_open_nothing(engine: Engine, accounts: AccountStore) -> None:
    for round_ in range(5):
        pair = [f"a{round_}", f"b{round_}"]
        accounts.restrict("salaries", pair)
        start = threading.Barrier(2)

        def remove(name: str, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                accounts.remove_group(name)
            except BadRequest:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(remove, pair)) == [False, True]
        assert len(accounts.collection_groups()["salaries"]) == 1


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_does_no_more_than_its_scope_and_its_owner(accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.PM, "people")
    key, secret = accounts.make_key(ann.id, "nightly", [Scope.ASK])
    assert secret.startswith("fn_")
    assert secret.startswith(key.prefix)
    assert len(secret) == 46
    who = accounts.of_key(secret)
    assert who is not None
    assert (who.user_id, who.groups, who.session_id) == (
        ann.id,
        frozenset({"people"}),
        ann.session_key,
    )
    assert who.may(Role.SEARCHER, Scope.ASK)
    assert not who.may(Role.PM, Scope.INSIGHTS)
    wide, secret = accounts.make_key(ann.id, "dashboards", [Scope.INSIGHTS, Scope.ASK, Scope.ASK])
    assert wide.scopes == (Scope.ASK, Scope.INSIGHTS)
    somebody(accounts, "Ben", Role.OPERATOR)
    accounts.change(ann.id, role=Role.SEARCHER)
    who = accounts.of_key(secret)
    assert who is not None
    assert not who.may(Role.PM, Scope.INSIGHTS)


def test_a_key_beyond_the_role_or_without_a_purpose_is_refused(accounts: AccountStore) -> None:
    ann = somebody(accounts)
    for name, scopes, end in (
        ("ci", [Scope.INSIGHTS], None),
        ("ci", [Scope.ASK, Scope.MANAGE], None),
        ("ci", [], None),
        ("  ", [Scope.ASK], None),
        ("ci", [Scope.ASK], NOON),
    ):
        with pytest.raises(BadRequest):
            accounts.make_key(ann.id, name, scopes, end)
    with pytest.raises(NotFound):
        accounts.make_key("usr_x", "ci", [Scope.ASK])
    assert accounts.keys() == []


def test_a_key_ends_when_it_expires_or_is_revoked(accounts: AccountStore) -> None:
    with moment.at(NOON):
        ann, ben = somebody(accounts), somebody(accounts, "Ben")
        _, short = accounts.make_key(ann.id, "for a week", [Scope.ASK], after(days=7))
        key, endless = accounts.make_key(ann.id, "endless", [Scope.ASK])
    with moment.at(after(days=7, seconds=-1)):
        assert accounts.of_key(short) is not None
    with moment.at(after(days=7)):
        assert accounts.of_key(short) is None
        assert accounts.of_key(endless) is not None
        with pytest.raises(NotFound):
            accounts.revoke_key(key.id, user_id=ben.id)
        revoked = accounts.revoke_key(key.id, user_id=ann.id)
        assert revoked.revoked_at == after(days=7)
        assert accounts.of_key(endless) is None
        assert accounts.revoke_key(key.id) == revoked
        assert [one.usable(moment.now()) for one in accounts.keys(ann.id)] == [False, False]
        assert accounts.keys(ben.id) == []
    assert len(accounts.audit_log(action=Action.KEY_REVOKED)) == 1


def test_what_is_no_key_opens_nothing(accounts: AccountStore) -> None:
    ann = somebody(accounts)
    key, secret = accounts.make_key(ann.id, "ci", [Scope.ASK])
    token = accounts.sign_in_as(ann.id, **HERE).token
    for wrong in ("", "fn_", secret[:-1], secret + "x", secret[3:], key.prefix, token, "\ud800"):
        assert accounts.of_key(wrong) is None
    assert accounts.of_session(secret) is None


def test_when_a_key_was_used_is_known_to_within_minutes(accounts: AccountStore) -> None:
    with moment.at(NOON):
        _, secret = accounts.make_key(somebody(accounts).id, "ci", [Scope.ASK])
        assert accounts.keys()[0].last_used_at is None
    for minutes, used in ((0, 0), (4, 0), (6, 6)):
        with moment.at(after(minutes=minutes)):
            accounts.of_key(secret)
            assert accounts.keys()[0].last_used_at == after(minutes=used)


# --- invitations ----------------------------------------------------------------------------------


def test_an_invitation_makes_an_account_once(accounts: AccountStore) -> None:
    boss = somebody(accounts, "Ann", Role.OPERATOR)
    with working_for(boss.principal, Reach.everything()):
        invitation, token = accounts.invite(
            "Ben@example.org", name="Ben", role=Role.PM, groups=["people"]
        )
    assert (invitation.email, invitation.created_by) == ("ben@example.org", "Ann")
    assert accounts.invitation(token) == invitation
    assert accounts.invitations() == [invitation]
    with pytest.raises(BadRequest, match="shorter"):
        accounts.accept(token, password="short", **HERE)
    joined = accounts.accept(token, name="Ben Lee", password=PASSWORD, **HERE)
    assert (joined.user.name, joined.user.role, joined.user.groups) == (
        "Ben Lee",
        Role.PM,
        ("people",),
    )
    assert accounts.of_session(joined.token) == joined.user.principal
    assert accounts.invitation(token) is None
    assert accounts.invitations() == []
    with pytest.raises(BadRequest, match="has been used"):
        accounts.accept(token, password=PASSWORD, **HERE)
    assert len(accounts.users()) == 2


def test_one_link_followed_by_many_at_once_makes_one_account(accounts: AccountStore) -> None:
    _, token = accounts.invite("ben@example.org")

    def accept(_: int) -> bool:
        try:
            accounts.accept(token, password=PASSWORD, **HERE)
        except FootnoteError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(accept, range(6))) == 1
    assert len(accounts.users()) == 1


def test_an_invitation_ends_by_time_by_a_newer_one_and_by_being_withdrawn(
    accounts: AccountStore,
) -> None:
    with moment.at(NOON):
        _, first = accounts.invite("ben@example.org")
        _, second = accounts.invite("BEN@example.org")
        other, third = accounts.invite("cem@example.org")
        assert accounts.invitation(first) is None
        accounts.withdraw(other.id)
        assert accounts.invitation(third) is None
        with pytest.raises(NotFound):
            accounts.withdraw(other.id)
    with moment.at(after(days=7, seconds=-1)):
        assert accounts.invitation(second) is not None
    with moment.at(after(days=7)):
        assert accounts.invitation(second) is None
        with pytest.raises(BadRequest, match="expired"):
            accounts.accept(second, password=PASSWORD, **HERE)
    assert not accounts.any_user()


def test_who_has_an_account_is_not_invited(accounts: AccountStore) -> None:
    _, token = accounts.invite("ann@example.org")
    somebody(accounts)
    with pytest.raises(BadRequest, match="has an account already"):
        accounts.invite("ann@example.org")
    with pytest.raises(BadRequest, match="has an account already"):
        accounts.accept(token, password=PASSWORD, **HERE)
    assert len(accounts.users()) == 1


# --- single sign-on -------------------------------------------------------------------------------


def by_sso(accounts: AccountStore, subject: str = "s1", **said: object) -> User:
    told = {"email": "ann@example.org", "email_verified": True, "name": "Ann", "groups": None}
    return accounts.from_sso(ISSUER, subject, **{**told, "role": None, **said})  # type: ignore[arg-type]  # claims


def test_where_nobody_joins_uninvited_only_who_is_known_or_invited_comes_in(
    accounts: AccountStore,
) -> None:
    with pytest.raises(Forbidden, match=r"Nobody has invited ann@example\.org here"):
        by_sso(accounts, may_join=False)
    assert not accounts.any_user()
    accounts.invite("ann@example.org", groups=["people"])
    ann = by_sso(accounts, may_join=False)
    assert ann.groups == ("people",)
    assert by_sso(accounts, may_join=False, email="changed@example.org").id == ann.id
    ben = somebody(accounts, "Ben")
    assert by_sso(accounts, "s2", may_join=False, email=ben.email).id == ben.id


def test_who_comes_by_single_sign_on_gets_an_account_and_keeps_it(accounts: AccountStore) -> None:
    ann = by_sso(accounts, groups=["people", "", "x" * 200, "board"])
    assert (ann.role, ann.groups, ann.sso, ann.has_password) == (
        Role.SEARCHER,
        ("board", "people"),
        ISSUER,
        False,
    )
    again = by_sso(accounts, email="changed@example.org", name="Ann Lee", groups=["people"])
    assert (again.id, again.name, again.email) == (ann.id, "Ann Lee", ann.email)
    assert again.groups == ("people",)
    assert by_sso(accounts).groups == ("people",)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(ann.email, PASSWORD, **HERE)


def test_an_account_is_linked_by_a_verified_address_alone(accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.PM)
    with pytest.raises(Forbidden, match="vouch"):
        by_sso(accounts, email_verified=False)
    assert accounts.user(ann.id).sso == ""
    assert by_sso(accounts).id == ann.id
    assert accounts.user(ann.id).role is Role.PM
    assert accounts.sign_in(ann.email, PASSWORD, **HERE).user.id == ann.id
    with pytest.raises(Forbidden, match="another sign-on"):
        by_sso(accounts, "somebody else")
    assert by_sso(accounts, email_verified=False).id == ann.id


def test_single_sign_on_uses_an_open_invitation(accounts: AccountStore) -> None:
    _, token = accounts.invite("ann@example.org", role=Role.PM, groups=["people"])
    ann = by_sso(accounts)
    assert (ann.role, ann.groups) == (Role.PM, ("people",))
    assert accounts.invitation(token) is None


def test_what_operators_and_the_provider_say_of_groups_stands_side_by_side(
    accounts: AccountStore,
) -> None:
    ann = by_sso(accounts, groups=["people", "board"])
    accounts.change(ann.id, groups=["board", "project"])
    assert accounts.user(ann.id).groups == ("board", "people", "project")
    assert by_sso(accounts, groups=[]).groups == ("project",)


def test_the_provider_decides_the_role_but_never_takes_the_last_operator(
    accounts: AccountStore,
) -> None:
    ann = by_sso(accounts, role=Role.OPERATOR)
    assert by_sso(accounts, role=Role.SEARCHER).role is Role.OPERATOR
    somebody(accounts, "Ben", Role.OPERATOR)
    token = accounts.sign_in_as(ann.id, **HERE).token
    assert by_sso(accounts, role=Role.SEARCHER).role is Role.SEARCHER
    assert accounts.of_session(token) is None


def test_somebody_inactive_does_not_come_in_by_single_sign_on(accounts: AccountStore) -> None:
    ann = by_sso(accounts)
    accounts.change(ann.id, active=False)
    with pytest.raises(NotSignedIn):
        by_sso(accounts)
    with pytest.raises(NotSignedIn):
        by_sso(accounts, "")


def test_one_subject_gets_one_account_however_many_windows_it_opens(
    accounts: AccountStore,
) -> None:
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _: by_sso(accounts).id, range(6)))
    assert len(ids) == 1


# --- audit ----------------------------------------------------------------------------------------


def test_what_people_do_stands_in_the_audit_log(accounts: AccountStore) -> None:
    boss = somebody(accounts, "Ann", Role.OPERATOR)
    with working_for(boss.principal, Reach.everything()):
        ben = somebody(accounts, "Ben")
        accounts.change(ben.id, role=Role.PM, groups=["people"])
        accounts.change(ben.id, role=Role.PM)
        accounts.set_password(ben.id, PASSWORD)
        accounts.make_key(ben.id, "ci", [Scope.ASK])
        accounts.restrict("salaries", ["people"])
        accounts.set_group("people", [])
    token = accounts.sign_in(ben.email, PASSWORD, **HERE).token
    accounts.sign_out(token)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(ben.email, "not that one at all", **HERE)
    found = [(one.actor, one.action, one.target) for one in accounts.audit_log()]
    assert found == [
        ("", "sign-in-failed", ben.email),
        ("Ben", "signed-out", ben.email),
        ("Ben", "signed-in", ben.email),
        ("Ann", "group-changed", "people"),
        ("Ann", "collection-restricted", "salaries"),
        ("Ann", "key-made", ben.email),
        ("Ann", "password-changed", ben.email),
        ("Ann", "user-changed", ben.email),
        ("Ann", "user-added", ben.email),
        ("", "user-added", boss.email),
    ]
    changed = accounts.audit_log(action=Action.USER_CHANGED)[0]
    assert changed.detail == {"role": ["searcher", "pm"], "groups": [[], ["people"]]}
    failed = accounts.audit_log(limit=1)[0]
    assert (failed.client, failed.actor_id) == ("192.0.2.7", "")


def test_the_audit_log_is_read_page_by_page_and_by_person(accounts: AccountStore) -> None:
    who = Principal("usr_1", "Ann", "ann@example.org", Role.OPERATOR)
    with working_for(who, Reach.everything()):
        for number in range(7):
            accounts.audit(Action.DOCUMENT_REMOVED, f"doc_{number}", client="192.0.2.7")
    accounts.audit(Action.EXPERIMENT_STARTED, "longer-quotes")
    assert accounts.audit_log(limit=1)[0].target == "longer-quotes"
    page, seen = accounts.audit_log(limit=3, actor="usr_1"), []
    while page:
        seen += [one.target for one in page]
        page = accounts.audit_log(limit=3, actor="usr_1", before=page[-1].id)
    assert seen == [f"doc_{number}" for number in reversed(range(7))]
    assert len(accounts.audit_log(actor="Ann")) == 7


def test_a_line_of_the_audit_log_takes_whatever_it_is_told(accounts: AccountStore) -> None:
    odd = {"names": {"b", "a"}, "nested": {"n": [1, None, Role.PM]}, "text": "x\0\ud800" * 2000}
    accounts.audit(Action.DOCUMENTS_UPLOADED, "t\0" * 1000, detail=odd, client="c" * 500)
    kept = accounts.audit_log()[0]
    assert kept.detail["names"] == ["a", "b"]
    assert kept.detail["nested"] == {"n": [1, None, "pm"]}
    assert len(kept.detail["text"]) == len(kept.target) == 500
