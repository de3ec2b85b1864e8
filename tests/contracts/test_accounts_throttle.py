"""Guessing passwords: each failure makes the next attempt wait longer, in both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app import moment
from app.errors import NotSignedIn, TooMany
from app.records.accounts import AccountStore
from app.records.accounts.throttle import wait_after
from tests.contracts.accounts import HERE, NOON, PASSWORD, after, somebody, store_on, without_rows

WRONG = "not that one at all"
ANN = "ann@example.org"


pytestmark = pytest.mark.xdist_group("accounts-throttle")


@pytest.fixture
def engine(kept_engine: Engine) -> Engine:
    return without_rows(kept_engine)


@pytest.fixture
def accounts(engine: Engine) -> AccountStore:
    store = store_on(engine)
    somebody(store)
    return store


def attempt(
    accounts: AccountStore, password: str, email: str = ANN, client: str = "192.0.2.7"
) -> str | int:
    """What comes of it: `in`, `wrong`, or the seconds to wait."""
    try:
        accounts.sign_in(email, password, client=client, device="")
    except NotSignedIn:
        return "wrong"
    except TooMany as refused:
        return refused.retry_after_s
    return "in"


def fail(accounts: AccountStore, times: int, **who: str) -> None:
    """So many failures in a row, each as soon as it may be."""
    at = moment.now()
    for number in range(times):
        at += wait_after(number)
        with moment.at(at):
            assert attempt(accounts, WRONG, **who) == "wrong"


def test_the_wait_doubles_from_a_second_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(18)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert wait_after(10**9) == timedelta(minutes=15)


def test_after_five_failures_even_the_right_password_waits(accounts: AccountStore) -> None:
    with moment.at(NOON):
        assert [attempt(accounts, WRONG) for _ in range(5)] == ["wrong"] * 5
        assert attempt(accounts, WRONG) == 1
        assert attempt(accounts, PASSWORD) == 1
    with moment.at(after(seconds=0.9)):
        assert attempt(accounts, PASSWORD) == 1
    with moment.at(after(seconds=1)):
        assert attempt(accounts, PASSWORD) == "in"


def test_each_failure_after_a_wait_doubles_the_next_one(accounts: AccountStore) -> None:
    at = NOON
    with moment.at(at):
        for _ in range(5):
            attempt(accounts, WRONG)
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        with moment.at(at):
            assert attempt(accounts, PASSWORD) == seconds
        at += timedelta(seconds=seconds)
        with moment.at(at):
            assert attempt(accounts, WRONG) == "wrong"


def test_a_success_forgives(accounts: AccountStore) -> None:
    with moment.at(NOON):
        for _ in range(3):
            assert [attempt(accounts, WRONG) for _ in range(4)] == ["wrong"] * 4
            assert attempt(accounts, PASSWORD) == "in"


def test_a_day_without_a_failure_forgives(accounts: AccountStore) -> None:
    with moment.at(NOON):
        fail(accounts, 9)
    with moment.at(after(days=1, minutes=10)):
        assert [attempt(accounts, WRONG) for _ in range(5)] == ["wrong"] * 5


def test_an_address_is_guarded_from_many_clients(accounts: AccountStore) -> None:
    with moment.at(NOON):
        for number in range(5):
            assert attempt(accounts, WRONG, client=f"198.51.100.{number}") == "wrong"
        assert attempt(accounts, PASSWORD, client="198.51.100.200") == 1


def test_an_address_without_an_account_makes_wait_the_same(accounts: AccountStore) -> None:
    with moment.at(NOON):
        for email in (ANN, "nobody@example.org"):
            found = [attempt(accounts, WRONG, email, client="") for _ in range(6)]
            assert found == ["wrong"] * 5 + [1]


def test_a_client_that_tries_many_addresses_waits_and_others_do_not(
    accounts: AccountStore,
) -> None:
    with moment.at(NOON):
        for number in range(5):
            assert attempt(accounts, WRONG, f"{number}@example.org") == "wrong"
        assert attempt(accounts, PASSWORD) == 1
        assert attempt(accounts, PASSWORD, client="203.0.113.9") == "in"


@pytest.mark.parametrize(
    ("first", "then", "waits"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.9", "192.0.2.9", True),
        ("192.0.2.8", "192.0.2.9", False),
        ("unix", "unix", True),
    ],
)
def test_a_client_is_whoever_has_the_address_to_themselves(
    accounts: AccountStore, first: str, then: str, waits: bool
) -> None:
    with moment.at(NOON):
        for number in range(5):
            attempt(accounts, WRONG, f"{number}@example.org", first)
        assert (attempt(accounts, PASSWORD, ANN, then) == 1) is waits


def test_being_refused_does_not_make_the_wait_longer(accounts: AccountStore) -> None:
    with moment.at(NOON):
        fail(accounts, 5)
        assert [attempt(accounts, WRONG) for _ in range(20)] == [1] * 20
    with moment.at(after(seconds=1)):
        assert attempt(accounts, PASSWORD) == "in"


def test_a_restart_forgives_nothing(engine: Engine, accounts: AccountStore) -> None:
    with moment.at(NOON):
        fail(accounts, 5)
        assert attempt(store_on(engine), PASSWORD) == 1


def test_an_operator_who_sets_a_password_ends_the_wait(accounts: AccountStore) -> None:
    ann = accounts.user_by_email(ANN)
    with moment.at(NOON):
        for _ in range(5):
            attempt(accounts, WRONG, client="")
        accounts.set_password(ann.id, PASSWORD)
        assert attempt(accounts, PASSWORD, client="") == "in"


def test_a_clock_turned_back_locks_nobody_out(accounts: AccountStore) -> None:
    with moment.at(after(days=400)):
        fail(accounts, 9)
    with moment.at(NOON):
        assert attempt(accounts, PASSWORD) == "in"


def test_confirming_a_password_is_guarded_as_signing_in_is(accounts: AccountStore) -> None:
    ann = accounts.user_by_email(ANN)
    with moment.at(NOON):
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                accounts.confirm(ann.id, WRONG, client="")
        with pytest.raises(TooMany):
            accounts.confirm(ann.id, PASSWORD, client="")


def test_a_hundred_guesses_at_the_same_moment_get_no_further_than_five(
    accounts: AccountStore,
) -> None:
    with moment.at(NOON), ThreadPoolExecutor(25) as pool:
        tries = [
            pool.submit(copy_context().run, attempt, accounts, WRONG, ANN, "") for _ in range(100)
        ]
        found = Counter(one.result() for one in tries)
    assert found == {"wrong": 5, 1: 95}


def test_waiting_is_told_in_words(accounts: AccountStore) -> None:
    with moment.at(NOON):
        fail(accounts, 12)
    last = NOON + sum((wait_after(number) for number in range(12)), timedelta())
    with moment.at(last), pytest.raises(TooMany, match="Wait 3 minutes") as refused:
        accounts.sign_in(ANN, PASSWORD, **HERE)
    assert refused.value.retry_after_s == 128
