"""People, their passwords and sign-ins, in both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import moment
from app.access import Principal, Role, working_for
from app.errors import BadRequest, FootnoteError, Forbidden, NotFound, NotSignedIn
from app.records.accounts import AccountStore, Action
from app.records.accounts.tables import sign_ins, users
from app.records.accounts.tokens import visit_id
from app.records.answers import AnswerStore
from app.records.behavior.tables import events, questions
from app.records.retention import purge
from app.settings import Settings
from tests.contracts.accounts import (
    HERE,
    NOON,
    PASSWORD,
    after,
    everything_stored,
    somebody,
    store_on,
    without_rows,
)
from tests.contracts.asked import Asked

NEW = "seven quiet lamps hum"


pytestmark = pytest.mark.xdist_group("accounts")


@pytest.fixture
def engine(kept_engine: Engine) -> Engine:
    return without_rows(kept_engine)


@pytest.fixture
def accounts(engine: Engine) -> AccountStore:
    return store_on(engine)


# --- people ---------------------------------------------------------------------------------------


def test_there_is_nobody_until_somebody_is_added(accounts: AccountStore) -> None:
    assert not accounts.any_user()
    ann = somebody(accounts, "Ann", Role.OPERATOR, "people", "board")
    assert accounts.any_user()
    assert accounts.user(ann.id) == ann
    assert accounts.users() == [ann]
    assert (ann.email, ann.groups) == ("ann@example.org", ("board", "people"))
    assert ann.principal.may(Role.OPERATOR, "manage")  # type: ignore[arg-type]  # a scope's name


def test_an_address_has_one_account_however_it_is_written(accounts: AccountStore) -> None:
    ann = accounts.add_user("  Ann@Example.ORG ", "Ann", Role.PM)
    assert accounts.user_by_email("ANN@example.org") == ann
    with pytest.raises(BadRequest, match="has an account already"):
        accounts.add_user("ann@example.org", "Another", Role.PM)


def test_what_is_no_address_gets_no_account(accounts: AccountStore) -> None:
    for wrong in (
        "",
        "ann",
        "ann@",
        "@x",
        "a b@x.org",
        "a@b@c",
        "a\u202e@x.org",
        "a" * 251 + "@x.y",
    ):
        with pytest.raises(BadRequest, match="not an e-mail address"):
            accounts.add_user(wrong, "Ann", Role.PM)
    assert not accounts.any_user()


def test_an_address_that_only_looks_like_another_is_not_it(accounts: AccountStore) -> None:
    mark = accounts.add_user("mark@example.org", "Mark", Role.PM)
    with pytest.raises(BadRequest, match="not an e-mail address"):
        accounts.user_by_email("mar\u212a@example.org")  # the Kelvin sign
    for other in ("ma\u017fk@example.org", "stra\u00dfe@example.org"):
        assert accounts.add_user(other, "Other", Role.PM).id != mark.id
    assert accounts.user_by_email("STRA\u00dfE@example.org").name == "Other"


def test_session_keys_tell_nobody_apart_and_are_never_the_same(accounts: AccountStore) -> None:
    keys = {somebody(accounts, name).session_key for name in ("Ann", "Ben", "Cem")}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
    visits = {visit_id(key, "ticket-17") for key in keys}
    assert {visit[:32] for visit in visits} == keys
    assert {len(visit) for visit in visits} == {64}


def test_who_is_not_there_is_not_found(accounts: AccountStore) -> None:
    for look in (accounts.user, accounts.remove_user, accounts.change, accounts.user_by_email):
        with pytest.raises(NotFound):
            look("nobody@example.org")
    with pytest.raises(NotFound):
        accounts.set_password("usr_x", NEW)


# --- passwords ------------------------------------------------------------------------------------


def test_a_weak_password_is_refused_and_told_why(accounts: AccountStore) -> None:
    for weak in (
        "short words",
        "password1234",
        "Password2026!",
        "passwordpassword",
        "Qwerty12345!",
        "123456789012",
        "098765432109",
        "abcdefghijkl",
        "qwertyuiopas",
        "aaaabbbbcccc",
        "annabelleexample",
        "Annabelle.Example1",
        "annabelle.example@mail.org",
        "x" * 201,
    ):
        with pytest.raises(BadRequest) as refused:
            accounts.add_user(
                "annabelle.example@mail.org", "Annabelle Example", Role.PM, password=weak
            )
        assert refused.value.action
        assert weak not in refused.value.message
    assert not accounts.any_user()


def test_a_long_plain_sentence_and_any_script_will_do(accounts: AccountStore) -> None:
    for number, good in enumerate(
        ("four words of nothing", "Жёлтые лодки плывут", "🌊🌋🌵🍉🎈🎲🏔🐙🚲🛶🧭🪁")
    ):
        email = f"{number}@example.org"
        accounts.add_user(email, "Somebody", Role.PM, password=good)
        assert accounts.sign_in(email, good, **HERE).user.email == email


def test_a_password_is_the_same_however_a_keyboard_composes_it(accounts: AccountStore) -> None:
    accounts.add_user("ann@example.org", "Ann", Role.PM, password="caf\u00e9 und k\u00e4se!")
    assert accounts.sign_in("ann@example.org", "cafe\u0301 und ka\u0308se!", **HERE)


def test_a_password_hashed_at_an_older_cost_is_hashed_anew(
    engine: Engine, accounts: AccountStore
) -> None:
    ann = somebody(accounts)
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    assert "m=8,t=1" in stored_hash(engine)
    for _ in range(2):
        store_on(engine, hasher=dearer).sign_in(ann.email, PASSWORD, **HERE)
        assert "m=16,t=2" in stored_hash(engine)


def stored_hash(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(select(users.c.password_hash)))


def test_the_shipped_cost_is_that_of_rfc_9106(engine: Engine) -> None:
    somebody(AccountStore(engine))
    assert stored_hash(engine).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_wrong_address_costs_the_hash_of_a_wrong_password(engine: Engine) -> None:
    """Counted in the library's own calls: clocks are too noisy to tell."""

    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, *given: str | bytes) -> bool:  # type: ignore[override]  # by position
            checked.append(str(given[0]))
            return super().verify(*given)

    accounts = store_on(engine, hasher=Counting(time_cost=1, memory_cost=8, parallelism=1))
    somebody(accounts)
    accounts.add_user("sso@example.org", "Only by single sign-on", Role.PM)
    for email in ("ann@example.org", "nobody@example.org", "sso@example.org", "no address"):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(email, "not that one at all", client="", device="")
    assert len(checked) == 4
    assert {stored.rpartition("$")[0].rpartition("$")[0] for stored in checked} == {
        "$argon2id$v=19$m=8,t=1,p=1"
    }


# --- signing in -----------------------------------------------------------------------------------


def test_whoever_signs_in_is_known_by_their_token(accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.PM, "people")
    signed_in = accounts.sign_in(" ANN@example.org", PASSWORD, **HERE)
    assert accounts.of_session(signed_in.token) == Principal(
        ann.id, "Ann", ann.email, Role.PM, frozenset({"people"}), None, ann.session_key
    )
    assert accounts.of_session(signed_in.token[:-1]) is None
    assert accounts.of_session("") is None


def test_the_words_are_the_same_whatever_was_wrong(accounts: AccountStore) -> None:
    somebody(accounts, "Ann", Role.OPERATOR)
    gone = somebody(accounts, "Ben")
    accounts.change(gone.id, active=False)
    accounts.add_user("sso@example.org", "Only by single sign-on", Role.PM)
    told = set()
    for email, password in (
        ("ann@example.org", "not that one at all"),
        ("nobody@example.org", PASSWORD),
        ("ben@example.org", PASSWORD),
        ("sso@example.org", PASSWORD),
        ("ann@example.org", PASSWORD + "x" * 5000),
        ("ann@example.org\0", "\ud800"),
        ("not an address", ""),
    ):
        with pytest.raises(NotSignedIn) as refused:
            accounts.sign_in(email, password, client="", device="")
        told.add(refused.value.message)
    assert len(told) == 1


def test_secrets_are_stored_as_hashes_alone(engine: Engine, accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.OPERATOR)
    _, link = accounts.invite("ben@example.org")
    _, spent = accounts.invite("cem@example.org")
    joined = accounts.accept(spent, password=NEW, **HERE)
    _, key = accounts.make_key(ann.id, "nightly", ["ask"])  # type: ignore[list-item]  # by name
    signed_in = accounts.sign_in(ann.email, PASSWORD, **HERE)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(ann.email, "a mistyped pass phrase", **HERE)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("a pass phrase in the wrong field", "x", **HERE)
    accounts.of_key(key)
    secrets = [PASSWORD, NEW, link, spent, joined.token, key, signed_in.token]
    secrets += ("a mistyped pass phrase", "a pass phrase in the wrong field")
    stored = everything_stored(engine)
    assert ann.email in stored
    if engine.url.database and engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
        stored += "".join(file.read_bytes().decode("latin-1") for file in folder.iterdir())
    assert [secret for secret in secrets if secret in stored] == []
    assert [one for one in (link, key, signed_in.token) if one in repr((signed_in, ann))] == []


def test_a_sign_in_ends_when_it_is_not_used(accounts: AccountStore) -> None:
    with moment.at(NOON):
        somebody(accounts)
        signed_in = accounts.sign_in("ann@example.org", PASSWORD, **HERE)
        assert signed_in.expires_at == after(days=14)
    with moment.at(after(days=14, seconds=-1)):
        assert accounts.of_session(signed_in.token) is not None
    with moment.at(after(days=27)):  # the use before put off its end
        assert accounts.of_session(signed_in.token) is not None
    with moment.at(after(days=41, minutes=1)):
        assert accounts.of_session(signed_in.token) is None
        assert accounts.sign_ins(signed_in.user.id) == []


def test_being_seen_is_written_down_at_most_every_five_minutes(
    engine: Engine, accounts: AccountStore
) -> None:
    with moment.at(NOON):
        ann = somebody(accounts)
        token = accounts.sign_in(ann.email, PASSWORD, **HERE).token
    for minutes, seen in ((1, 0), (4.9, 0), (5, 5), (9, 5), (11, 11)):
        with moment.at(after(minutes=minutes)):
            accounts.of_session(token)
            assert accounts.sign_ins(ann.id)[0].last_seen_at == after(minutes=seen)
            assert accounts.user(ann.id).last_seen_at == after(minutes=seen)


def test_somebody_stays_signed_in_when_the_database_cannot_be_written(
    engine: Engine, accounts: AccountStore
) -> None:
    with moment.at(NOON):
        somebody(accounts)
        token = accounts.sign_in("ann@example.org", PASSWORD, **HERE).token
    if engine.dialect.name == "sqlite":
        reading = create_engine(f"sqlite:///file:{engine.url.database}?mode=ro&uri=true")
    else:
        options = {"options": "-c default_transaction_read_only=on"}
        reading = create_engine(engine.url, connect_args=options)
    with moment.at(after(hours=1)):
        assert store_on(reading).of_session(token) is not None
        with pytest.raises(SQLAlchemyError):
            store_on(reading).sign_in_as(accounts.users()[0].id, **HERE)
    reading.dispose()


def test_signing_out_ends_that_sign_in_alone(accounts: AccountStore) -> None:
    ann = somebody(accounts)
    one, other = (accounts.sign_in(ann.email, PASSWORD, **HERE).token for _ in range(2))
    accounts.sign_out(one)
    accounts.sign_out(one)
    assert accounts.of_session(one) is None
    assert accounts.of_session(other) is not None


def test_sign_ins_are_listed_and_ended_one_by_one_or_together(accounts: AccountStore) -> None:
    ann, ben = somebody(accounts), somebody(accounts, "Ben")
    with moment.at(NOON):
        phone = accounts.sign_in(ann.email, PASSWORD, client="", device="Safari\non iPhone")
    with moment.at(after(hours=1)):
        desk = accounts.sign_in(ann.email, PASSWORD, **HERE)
        more = [accounts.sign_in_as(ann.id, **HERE).token for _ in range(3)]
        listed = accounts.sign_ins(ann.id, token=desk.token)
        assert [one.id for one in listed if one.current] == [desk.sign_in_id]
        assert (listed[-1].id, listed[-1].device) == (phone.sign_in_id, "Safari on iPhone")
        with pytest.raises(NotFound):
            accounts.end_sign_in(ben.id, phone.sign_in_id)
        accounts.end_sign_in(ann.id, phone.sign_in_id)
        assert accounts.of_session(phone.token) is None
        assert accounts.end_all(ann.id, but=desk.token) == len(more)
        assert accounts.of_session(desk.token) is not None
        assert accounts.end_all(ann.id) == 1
        assert accounts.of_session(desk.token) is None


def test_a_script_that_signs_in_again_and_again_ends_its_oldest(
    engine: Engine, accounts: AccountStore
) -> None:
    ann = somebody(accounts)
    first, *_ = [_signed_in_at(accounts, ann.id, seconds) for seconds in range(52)]
    with moment.at(after(minutes=1)):
        assert accounts.of_session(first) is None
        assert len(accounts.sign_ins(ann.id)) == 50


def _signed_in_at(accounts: AccountStore, user_id: str, seconds: float) -> str:
    with moment.at(after(seconds=seconds)):
        return accounts.sign_in_as(user_id, **HERE).token


# --- what ends sign-ins ---------------------------------------------------------------------------


def test_deactivating_changing_the_role_or_the_password_ends_all_sign_ins(
    accounts: AccountStore,
) -> None:
    somebody(accounts, "Ann", Role.OPERATOR)
    ben = somebody(accounts, "Ben")
    _, key = accounts.make_key(ben.id, "ci", ["ask"])  # type: ignore[list-item]  # by name
    for step in (
        lambda: accounts.change(ben.id, role=Role.PM),
        lambda: accounts.set_password(ben.id, PASSWORD),
        lambda: accounts.change(ben.id, active=False),
    ):
        token = accounts.sign_in_as(ben.id, **HERE).token
        assert accounts.of_session(token) is not None
        step()
        assert accounts.of_session(token) is None
    assert accounts.of_key(key) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in_as(ben.id, **HERE)
    accounts.change(ben.id, active=True)
    assert accounts.of_session(token) is None
    assert accounts.of_key(key) is not None


def test_what_is_not_changed_leaves_people_signed_in(accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.OPERATOR, "people")
    token = accounts.sign_in_as(ann.id, **HERE).token
    after_it = accounts.change(
        ann.id, role=Role.OPERATOR, active=True, name="Ann Lee", groups=["board"]
    )
    assert (after_it.name, after_it.groups) == ("Ann Lee", ("board",))
    who = accounts.of_session(token)
    assert who is not None
    assert who.groups == {"board"}


def test_a_new_password_opens_and_the_old_one_does_not(accounts: AccountStore) -> None:
    ann = somebody(accounts)
    accounts.set_password(ann.id, NEW)
    assert accounts.sign_in(ann.email, NEW, **HERE)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(ann.email, PASSWORD, **HERE)
    accounts.confirm(ann.id, NEW, client="")
    with pytest.raises(NotSignedIn):
        accounts.confirm(ann.id, PASSWORD, client="")


# --- an operator is always left -------------------------------------------------------------------


def test_the_last_active_operator_stays_one(accounts: AccountStore) -> None:
    ann = somebody(accounts, "Ann", Role.OPERATOR)
    gone = somebody(accounts, "Gone", Role.OPERATOR)
    accounts.change(gone.id, active=False)
    for step in (
        lambda: accounts.change(ann.id, role=Role.PM),
        lambda: accounts.change(ann.id, active=False),
        lambda: accounts.remove_user(ann.id),
    ):
        with pytest.raises(Forbidden, match="only operator"):
            step()
    assert accounts.user(ann.id) == ann
    somebody(accounts, "Ben", Role.OPERATOR)
    assert accounts.change(ann.id, role=Role.PM).role is Role.PM


def test_two_operators_who_demote_each_other_at_once_leave_one(accounts: AccountStore) -> None:
    for round_ in range(5):
        pair = [somebody(accounts, f"{name}{round_}", Role.OPERATOR) for name in ("A", "B")]
        for other in accounts.users():
            if other.id not in {one.id for one in pair} and other.role is Role.OPERATOR:
                accounts.change(other.id, role=Role.PM)
        start = threading.Barrier(2)

        def demote(user_id: str, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                accounts.change(user_id, role=Role.SEARCHER)
            except Forbidden:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(demote, [one.id for one in pair])) == [False, True]


# --- forgetting -----------------------------------------------------------------------------------


def test_forgetting_somebody_takes_all_they_asked_and_leaves_the_audit_log(
    engine: Engine, accounts: AccountStore
) -> None:
    operator = somebody(accounts, "Ann", Role.OPERATOR)
    ben, cem = somebody(accounts, "Ben"), somebody(accounts, "Cem")
    asked = Asked(engine)
    asked.ask("How long is my probation?", session=ben.session_key)
    asked.ask("And my notice?", session=visit_id(ben.session_key, "bot"))
    kept = asked.ask("How long is leave?", session=cem.session_key)
    token = accounts.sign_in(ben.email, PASSWORD, **HERE).token
    _, key = accounts.make_key(ben.id, "ci", ["ask"])  # type: ignore[list-item]  # by name
    with working_for(operator.principal, accounts.reach(operator.principal)):
        assert accounts.remove_user(ben.id) == 2
    assert accounts.of_session(token) is None
    assert accounts.of_key(key) is None
    with engine.connect() as connection:
        for table in (questions, events):
            sessions = set(connection.scalars(select(table.c.session_id)))
            assert not [one for one in sessions if one.startswith(ben.session_key)]
    assert AnswerStore(engine).get(kept) is not None
    assert "probation" not in everything_stored(engine)
    assert [(one.actor, one.target) for one in accounts.audit_log(action="user-removed")] == [
        ("Ann", ben.email)
    ]
    assert accounts.audit_log(actor=ben.id)[0].action == Action.SIGNED_IN


# --- many at once ---------------------------------------------------------------------------------


def test_many_people_sign_in_at_the_same_time_from_one_office(
    engine: Engine, accounts: AccountStore
) -> None:
    people = [somebody(accounts, f"P{number}") for number in range(12)]

    def sign_in(number: int) -> str:
        return accounts.sign_in(people[number % 12].email, PASSWORD, **HERE).token

    with ThreadPoolExecutor(12) as pool:
        tokens = list(pool.map(sign_in, range(36)))
    assert len(set(tokens)) == 36
    assert all(accounts.of_session(token) for token in tokens)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(sign_ins)) == 36


def test_one_address_gets_one_account_however_many_make_it_at_once(
    accounts: AccountStore,
) -> None:
    def add(_: int) -> str | None:
        try:
            return accounts.add_user("ann@example.org", "Ann", Role.PM, groups=["x", "y"]).id
        except FootnoteError:
            return None

    with ThreadPoolExecutor(6) as pool:
        made = [one for one in pool.map(add, range(6)) if one]
    assert len(made) == 1


# --- what is kept for how long --------------------------------------------------------------------


def test_no_table_grows_for_ever(engine: Engine, accounts: AccountStore, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, keep_audit_days=400)
    with moment.at(NOON):
        ann = somebody(accounts)
        accounts.sign_in(ann.email, PASSWORD, **HERE)
        accounts.invite("ben@example.org")
        used, _ = accounts.make_key(ann.id, "ended", ["ask"], after(days=10))  # type: ignore[list-item]  # by name
        kept, _ = accounts.make_key(ann.id, "endless", ["ask"])  # type: ignore[list-item]  # by name
        with pytest.raises(NotSignedIn):
            accounts.sign_in("nobody@example.org", PASSWORD, **HERE)
    with moment.at(after(hours=1)):
        purge(engine, settings)
    assert _counts(engine) == {
        "sign_ins": 1, "invitations": 1, "sign_in_failures": 2, "api_keys": 2, "audit_log": 6,
    }  # fmt: skip
    with moment.at(after(days=99)):
        purge(engine, settings)
    assert _counts(engine) == {
        "sign_ins": 0, "invitations": 0, "sign_in_failures": 0, "api_keys": 2, "audit_log": 6,
    }  # fmt: skip
    with moment.at(after(days=401)):
        purge(engine, settings.model_copy(update={"keep_audit_days": 0}))
        assert _counts(engine)["audit_log"] == 6
        purge(engine, settings)
        assert [one.id for one in accounts.keys(ann.id)] == [kept.id] != [used.id]
        assert _counts(engine)["audit_log"] == 0
        assert accounts.users() != []


def _counts(engine: Engine) -> dict[str, int]:
    tables = ("sign_ins", "invitations", "sign_in_failures", "api_keys", "audit_log")
    with engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in tables
        }
