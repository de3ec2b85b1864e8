"""Accounts as tests make them: hashing is cheap, and the clock stands where a test puts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Engine, inspect, text

from app.access import Role
from app.records.accounts import AccountStore, User
from app.records.tables import metadata

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "tiny boats sail east"
HERE = {"client": "192.0.2.7", "device": "Firefox on Linux"}


def store_on(engine: Engine, **options: Any) -> AccountStore:
    return AccountStore(engine, **{"hasher": CHEAP, **options})


def after(**time: float) -> datetime:
    """So much later than noon."""
    return NOON + timedelta(**time)


def somebody(
    accounts: AccountStore, name: str = "Ann", role: Role = Role.SEARCHER, *groups: str
) -> User:
    """A person with the password above."""
    email = f"{name.lower()}@example.org"
    return accounts.add_user(email, name, role, password=PASSWORD, groups=groups)


def without_rows(engine: Engine) -> Engine:
    """The database as it was made: no accounts, no questions, no collections."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "revisions":
                connection.execute(table.delete())
    return engine


def everything_stored(engine: Engine) -> str:
    """Every value of every table, as text."""
    names = inspect(engine).get_table_names()
    assert set(names) >= set(metadata.tables)
    with engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for name in names
            for row in connection.execute(text(f'SELECT * FROM "{name}"'))
        )
