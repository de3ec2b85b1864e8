"""`footnote people`: accounts, groups and keys from a terminal, with secrets said once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.access import Role, Scope
from app.errors import NotSignedIn
from app.records.accounts import AccountStore
from app.records.database import open_database
from tests.cli.test_cli import environment
from tests.contracts.accounts import HERE
from tests.plugins import forked

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("people-command")]
PASSWORD = "tiny boats sail east"
People = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def people(data: Path) -> People:
    def call(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        settings = environment(data, FOOTNOTE_LOG_LEVEL="debug")
        return forked.footnote(("people", *arguments), settings, data, given, timeout=120)

    return call


@pytest.fixture(scope="module")
def accounts(data: Path) -> Iterator[AccountStore]:
    """The same database, as a server has it open, with an operator in it."""
    engine = open_database(f"sqlite:///{data / 'footnote.db'}")
    store = AccountStore(engine)
    store.add_user("ann@example.org", "Ann", Role.OPERATOR, groups=["board"])
    yield store
    engine.dispose()


def test_an_account_with_a_password_is_there_at_once(
    people: People, accounts: AccountStore
) -> None:
    added = people(
        *("add", "Dora@example.org", "--name", "Dora", "--role", "operator"),
        *("-g", "people", "-g", "board", "--password-stdin"),
        given=f"{PASSWORD}\n",
    )
    assert added.returncode == 0, added.stderr
    assert added.stdout == "dora@example.org can sign in as operator.\n"
    assert PASSWORD not in added.stdout + added.stderr
    user = accounts.sign_in("dora@example.org", PASSWORD, **HERE).user
    accounts.remove_user(user.id)
    assert (user.name, user.role, user.groups) == ("Dora", Role.OPERATOR, ("board", "people"))


def test_without_a_password_a_link_is_printed_once(people: People, accounts: AccountStore) -> None:
    added = people("add", "cem@example.org", "--role", "pm", "-g", "people")
    assert added.returncode == 0, added.stderr
    token = added.stdout.strip().removeprefix("/invite/")
    assert token not in added.stderr
    assert "good once" in added.stderr
    invitation = accounts.invitation(token)
    assert invitation is not None
    assert (invitation.email, invitation.role) == ("cem@example.org", Role.PM)
    assert invitation.created_by == "command line"
    listed = people("list")
    assert "Ann  ann@example.org" in listed.stdout
    assert "cem@example.org  invited" in listed.stdout
    assert token not in listed.stdout + listed.stderr
    assert people("withdraw", "cem@example.org").returncode == 0
    assert accounts.invitation(token) is None


def test_a_key_is_printed_once_listed_by_its_beginning_and_revoked(
    people: People, accounts: AccountStore
) -> None:
    made = people(
        "keys", "make", "ann@example.org", "nightly", "-s", "ask", "-s", "insights", "--days", "30"
    )
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert secret not in made.stderr
    who = accounts.of_key(secret)
    assert who is not None
    assert who.scopes == frozenset({Scope.ASK, Scope.INSIGHTS})
    listed = people("keys", "list").stdout
    assert secret not in listed
    assert f"{secret[:11]}…  nightly" in listed
    revoked = people("keys", "revoke", secret[:11])
    assert revoked.returncode == 0, revoked.stderr
    assert accounts.of_key(secret) is None


def test_collections_are_restricted_and_opened(people: People, accounts: AccountStore) -> None:
    done = people("collections", "restrict", "salaries", "--group", "finance")
    assert done.stdout == "Only finance and operators see “salaries”.\n"
    assert "Nobody is in “finance” yet" in done.stderr
    assert "There is no collection “salaries” yet" in done.stderr
    assert people("groups", "set", "finance", "-m", "ann@example.org").returncode == 0
    groups = json.loads(people("groups", "list", "--json").stdout)
    assert {
        "name": "finance", "members": ["ann@example.org"], "collections": ["salaries"],
    } in groups  # fmt: skip
    refused = people("groups", "remove", "finance")
    assert refused.returncode == 1
    assert "without it everybody would" in refused.stderr
    assert "salaries  only finance" in people("collections", "list").stdout
    assert people("collections", "restrict", "salaries", "--everybody").returncode == 0
    assert accounts.collection_groups() == {}


def test_people_are_changed_given_a_password_and_forgotten(
    people: People, accounts: AccountStore
) -> None:
    ben = accounts.add_user("ben@example.org", "Ben", Role.SEARCHER, password=PASSWORD)
    token = accounts.sign_in_as(ben.id, **HERE).token
    changed = people("change", "BEN@example.org", "--role", "pm", "-g", "board")
    assert changed.stdout == "ben@example.org: Ben, pm, in board.\n", changed.stderr
    listed = json.loads(people("list", "--json").stdout)["people"]
    assert [(one["email"], one["role"]) for one in listed] == [
        ("ann@example.org", "operator"), ("ben@example.org", "pm"),
    ]  # fmt: skip
    assert accounts.of_session(token) is None
    given = people("password", "ben@example.org", "--stdin", given="seven quiet lamps hum\n")
    assert given.returncode == 0, given.stderr
    assert "seven quiet" not in given.stdout + given.stderr
    accounts.confirm(ben.id, "seven quiet lamps hum", client="")
    with pytest.raises(NotSignedIn):
        accounts.confirm(ben.id, PASSWORD, client="")
    asked = people("remove", "ben@example.org")
    assert asked.returncode == 1
    assert accounts.user(ben.id)
    assert people("remove", "ben@example.org", "--yes").returncode == 0
    assert "ben@example.org" not in [one.email for one in accounts.users()]


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (("change", "nobody@example.org", "--role", "pm"), "", "Nobody has an account with"),
        (("change", "ann@example.org", "--inactive"), "", "the only operator"),
        (("add", "dee@example.org", "--password-stdin"), "password1234", "anybody tries"),
        (("add", "dee@example.org", "--password-stdin"), "", "no password on standard input"),
    ],
)
def test_what_goes_wrong_is_told_with_what_to_do(
    people: People, accounts: AccountStore, arguments: tuple[str, ...], given: str, told: str
) -> None:
    done = people(*arguments, given=given)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not given or given not in done.stderr


def test_the_audit_log_tells_what_the_command_line_did(
    people: People, accounts: AccountStore
) -> None:
    assert people("groups", "set", "auditors", "-m", "ann@example.org").returncode == 0
    newest = json.loads(people("audit", "--json", "-n", "1").stdout)
    assert [(one["actor"], one["action"], one["target"]) for one in newest] == [
        ("command line", "group-changed", "auditors")
    ]
    only = people("audit", "--action", "group-changed", "--actor", "command line")
    assert "group-changed  auditors" in only.stdout
    assert "by command line" in only.stdout
