"""Signing in with a password, and what a sign-in's token is good for afterwards."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.access import Principal, Role
from app.errors import BadRequest, NotFound, NotSignedIn, StorageProblem
from app.moment import now
from app.records.accounts import audit, throttle
from app.records.accounts.entities import Action, SignedIn, SignIn, User
from app.records.accounts.passwords import Passwords
from app.records.accounts.tables import group_members, sign_ins, users
from app.records.accounts.tokens import hashed, new_id, new_token, same
from app.records.accounts.users import clean_email, one_user
from app.records.rows import storable

log = logging.getLogger(__name__)

SEEN_EVERY = timedelta(minutes=5)
"""A request writes down that somebody was here at most so often."""
_MOST = 50
"""Sign-ins of one person at a time; a script that signs in for each request ends its oldest."""
_UNKNOWN = "an unknown address"
"""What the audit log calls an e-mail address without an account: it might be a password."""


class SignInRecords:
    """Writes and reads `sign_ins`. ``lasts``: how long one does without being used."""

    def __init__(self, engine: Engine, passwords: Passwords, lasts: timedelta) -> None:
        self._engine = engine
        self._passwords = passwords
        self._lasts = lasts

    def with_password(self, email: str, password: str, client: str, device: str) -> SignedIn:
        """Sign in; see `AccountStore.sign_in`."""
        user = self.prove(email, password, client)
        with self._engine.begin() as connection:
            return begin(connection, user.id, self._lasts, client, device, how="password")

    def as_user(self, user_id: str, client: str, device: str, how: str) -> SignedIn:
        """Sign in somebody who has proved otherwise who they are."""
        with self._engine.begin() as connection:
            return begin(connection, user_id, self._lasts, client, device, how=how)

    def prove(self, email: str, password: str, client: str) -> User:
        """The active user with this password; see `AccountStore.sign_in` for what it raises."""
        try:
            email = clean_email(email)
        except BadRequest:
            email = storable(email).strip().lower()  # as wrong as any other
        with self._passwords.turn():
            with self._engine.begin() as connection:
                throttle.begin(connection, email, client)
            with self._engine.connect() as connection:
                row = connection.execute(select(users).where(users.c.email == email)).one_or_none()
            stored = None if row is None else row.password_hash
            right = self._passwords.check(stored, password)
            if row is None or not right or not row.active:
                with self._engine.begin() as connection:
                    throttle.failed(connection, client)
                    target = _UNKNOWN if row is None else row.email
                    audit.write(connection, Action.SIGN_IN_FAILED, target, client=client)
                raise NotSignedIn(
                    "That e-mail address and password don't belong together.",
                    "Check both; an operator can set a new password.",
                )
            renewed = self._passwords.renewed(row.password_hash, password)
        with self._engine.begin() as connection:
            throttle.succeeded(connection, email, client)
            if renewed is not None:
                mine = (users.c.id == row.id, users.c.password_hash == stored)
                connection.execute(update(users).where(*mine).values(password_hash=renewed))
            return one_user(connection, users.c.id == row.id)

    def principal(self, token: str) -> Principal | None:
        """Who a token signs in; see `AccountStore.of_session`."""
        key, at = hashed(token), now()
        query = (
            select(
                users,
                sign_ins.c.token_hash,
                sign_ins.c.last_seen_at.label("used_at"),
                group_members.c.group_name,
            )
            .join(sign_ins, sign_ins.c.user_id == users.c.id)
            .outerjoin(group_members, group_members.c.user_id == users.c.id)
            .where(
                sign_ins.c.token_hash == key, sign_ins.c.expires_at > at, users.c.active.is_(True)
            )
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows or not same(rows[0].token_hash, key):
            return None
        if rows[0].used_at <= at - SEEN_EVERY:
            self._seen(key, rows[0].id, at)
        return principal_of(rows)

    def _seen(self, key: str, user_id: str, at: datetime) -> None:
        """Put off when the sign-in ends; a database that can't be written turns nobody away."""
        mine = (sign_ins.c.token_hash == key, sign_ins.c.last_seen_at <= at - SEEN_EVERY)
        step = update(sign_ins).where(*mine)
        try:
            with self._engine.begin() as connection:
                values = {"last_seen_at": at, "expires_at": at + self._lasts}
                if connection.execute(step.values(**values)).rowcount:
                    saw(connection, user_id, at)
        except (SQLAlchemyError, StorageProblem) as error:
            log.warning("could not write down when somebody was last here: %s", error)

    def of_user(self, user_id: str, token: str | None) -> list[SignIn]:
        """The browsers somebody is signed in with, the one used last first."""
        current = "" if token is None else hashed(token)
        query = (
            select(sign_ins)
            .where(sign_ins.c.user_id == user_id, sign_ins.c.expires_at > now())
            .order_by(sign_ins.c.last_seen_at.desc(), sign_ins.c.created_at.desc(), sign_ins.c.id)
        )
        with self._engine.connect() as connection:
            return [_sign_in(row, current) for row in connection.execute(query)]

    def end_token(self, token: str) -> None:
        """Sign out; a token that is none any more changes nothing."""
        mine = delete(sign_ins).where(sign_ins.c.token_hash == hashed(token))
        with self._engine.begin() as connection:
            user_id = connection.execute(mine.returning(sign_ins.c.user_id)).scalar()
            if user_id is not None:
                user = one_user(connection, users.c.id == user_id)
                audit.write(connection, Action.SIGNED_OUT, user.email, actor=user)

    def end(self, user_id: str, sign_in_id: str) -> None:
        """Sign one browser out. Raises NotFound."""
        mine = (sign_ins.c.user_id == user_id, sign_ins.c.id == sign_in_id)
        with self._engine.begin() as connection:
            if not connection.execute(delete(sign_ins).where(*mine)).rowcount:
                raise NotFound("That sign-in has ended already.", "Look at the list again.")
            self._ended(connection, user_id, 1)

    def end_all(self, user_id: str, but: str | None) -> int:
        """Sign all browsers out, but for the one with this token; how many."""
        mine = [sign_ins.c.user_id == user_id]
        if but is not None:
            mine.append(sign_ins.c.token_hash != hashed(but))
        with self._engine.begin() as connection:
            count = connection.execute(delete(sign_ins).where(*mine)).rowcount
            if count:
                self._ended(connection, user_id, count)
        return count

    def _ended(self, connection: Connection, user_id: str, count: int) -> None:
        email = one_user(connection, users.c.id == user_id).email
        audit.write(connection, Action.SIGN_IN_ENDED, email, detail={"count": count})


def begin(
    connection: Connection, user_id: str, lasts: timedelta, client: str, device: str, *, how: str
) -> SignedIn:
    """Insert a sign-in; a transaction's first write may be this one.

    Raises:
        NotSignedIn: there is no such active user.
    """
    token, at = new_token(), now()
    saw(connection, user_id, at)  # a write first, also where nobody has that id
    row = connection.execute(
        select(users.c.id).where(users.c.id == user_id, users.c.active.is_(True))
    ).one_or_none()
    if row is None:
        raise NotSignedIn("This account can't sign in any more.", "Ask an operator.")
    user = one_user(connection, users.c.id == user_id)
    expires_at = at + lasts
    sign_in_id = new_id("sig")
    connection.execute(
        insert(sign_ins).values(
            token_hash=hashed(token),
            id=sign_in_id,
            user_id=user_id,
            created_at=at,
            last_seen_at=at,
            expires_at=expires_at,
            device=" ".join(storable(device).split())[:200],
        )
    )
    newest = (
        select(sign_ins.c.id)
        .where(sign_ins.c.user_id == user_id)
        .order_by(sign_ins.c.last_seen_at.desc(), sign_ins.c.created_at.desc())
        .limit(_MOST)
    )
    connection.execute(
        delete(sign_ins).where(
            sign_ins.c.user_id == user_id,
            or_(sign_ins.c.expires_at <= at, ~sign_ins.c.id.in_(newest)),
        )
    )
    audit.write(
        connection, Action.SIGNED_IN, user.email, detail={"how": how}, client=client, actor=user
    )
    return SignedIn(token, user, sign_in_id, expires_at)


def principal_of(rows: Sequence[Row[Any]]) -> Principal:
    """Rows of `users`, one for each group (or one with None), as who they are."""
    first = rows[0]
    return Principal(
        user_id=first.id,
        name=first.name,
        email=first.email,
        role=Role(first.role),
        groups=frozenset(row.group_name for row in rows if row.group_name is not None),
        session_id=first.session_key,
    )


def saw(connection: Connection, user_id: str, at: datetime) -> None:
    """Write down that somebody was here."""
    connection.execute(update(users).where(users.c.id == user_id).values(last_seen_at=at))


def _sign_in(row: Row[Any], current: str) -> SignIn:
    return SignIn(
        id=row.id,
        user_id=row.user_id,
        device=row.device,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        current=same(row.token_hash, current),
    )
