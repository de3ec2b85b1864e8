"""People: who they are, what they may do, and that an operator is always left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.access import Role
from app.errors import BadRequest, Forbidden, NotFound
from app.moment import now
from app.records.accounts import audit, groups, throttle
from app.records.accounts.entities import Action, User
from app.records.accounts.passwords import Passwords, accept
from app.records.accounts.tables import sign_ins, users
from app.records.accounts.tokens import new_id, new_session_key, one_at_a_time
from app.records.behavior.forgetting import forget_session
from app.records.behavior.tables import events, questions
from app.records.rows import storable
from app.records.tables import answers, content_requests, problem_reports

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_LONGEST_EMAIL = 254
_LONGEST_NAME = 200


class UserRecords:
    """Writes and reads `users`."""

    def __init__(self, engine: Engine, passwords: Passwords) -> None:
        self._engine = engine
        self._passwords = passwords

    def any(self) -> bool:
        """Whether there is anybody."""
        with self._engine.connect() as connection:
            return connection.execute(select(users.c.id).limit(1)).first() is not None

    def all(self) -> list[User]:
        """Everybody, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(users)).all()
            inside = groups.of_users(connection)
        found = [user_of(row, inside.get(row.id, ())) for row in rows]
        return sorted(found, key=lambda user: (user.name.casefold(), user.email))

    def one(self, *where: ColumnElement[bool]) -> User:
        """The one of whom this is true. Raises NotFound."""
        with self._engine.connect() as connection:
            return one_user(connection, *where)

    def with_email(self, email: str) -> User:
        """The one with this address. Raises NotFound, or BadRequest where it is none."""
        email = clean_email(email)
        try:
            return self.one(users.c.email == email)
        except NotFound as error:
            raise NotFound(
                f"Nobody has an account with {email}.", "Look in the list of people."
            ) from error

    def add(
        self, email: str, name: str, role: Role, password: str | None, groups_: Sequence[str]
    ) -> User:
        """Make an account; see `AccountStore.add_user`."""
        email = clean_email(email)
        name = clean_name(name) or email
        stored = None
        if password is not None:
            accept(password, email=email, name=name)
            stored = self._passwords.hash(password)
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            user = put_user(connection, email, name, role, password_hash=stored, groups_=groups_)
            detail = {"role": user.role, "groups": user.groups}
            audit.write(connection, Action.USER_ADDED, email, detail=detail)
        return user

    def change(
        self,
        user_id: str,
        *,
        role: Role | None,
        active: bool | None,
        name: str | None,
        groups_: Sequence[str] | None,
    ) -> User:
        """Change what is given; see `AccountStore.change`."""
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            before = one_user(connection, users.c.id == user_id)
            values: dict[str, object] = {}
            if role is not None and role is not before.role:
                values["role"] = Role(role).value
            if active is not None and active is not before.active:
                values["active"] = active
            if name is not None and clean_name(name) not in ("", before.name):
                values["name"] = clean_name(name)
            if "role" in values or values.get("active") is False:
                _keep_an_operator(connection, before)
                connection.execute(delete(sign_ins).where(sign_ins.c.user_id == user_id))
            if values:
                connection.execute(update(users).where(users.c.id == user_id).values(**values))
            if groups_ is not None:
                groups.put_user(connection, user_id, groups_, from_sso=False)
            after = one_user(connection, users.c.id == user_id)
            changed = {
                what: [getattr(before, what), getattr(after, what)]
                for what in ("role", "active", "name", "groups")
                if getattr(before, what) != getattr(after, what)
            }
            if changed:
                audit.write(connection, Action.USER_CHANGED, after.email, detail=changed)
        return after

    def set_password(self, user_id: str, password: str) -> None:
        """Give a new password; see `AccountStore.set_password`."""
        user = self.one(users.c.id == user_id)
        accept(password, email=user.email, name=user.name)
        stored = self._passwords.hash(password)
        change = update(users).where(users.c.id == user_id).values(password_hash=stored)
        with self._engine.begin() as connection:
            if not connection.execute(change).rowcount:
                raise _nobody()
            connection.execute(delete(sign_ins).where(sign_ins.c.user_id == user_id))
            throttle.succeeded(connection, user.email)
            audit.write(connection, Action.PASSWORD_CHANGED, user.email)

    def remove(self, user_id: str) -> int:
        """Forget somebody; see `AccountStore.remove_user`."""
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            user = one_user(connection, users.c.id == user_id)
            _keep_an_operator(connection, user)
            forgotten = sum(
                forget_session(connection, session) for session in _sessions(connection, user)
            )
            connection.execute(delete(users).where(users.c.id == user_id))
            detail = {"questions": forgotten}
            audit.write(connection, Action.USER_REMOVED, user.email, detail=detail)
        return forgotten


def put_user(
    connection: Connection,
    email: str,
    name: str,
    role: Role,
    *,
    groups_: Sequence[str],
    password_hash: str | None = None,
    sso: tuple[str, str] | None = None,
    groups_from_sso: Sequence[str] = (),
) -> User:
    """Insert somebody; email and name are clean already.

    Raises:
        BadRequest: the e-mail address has an account.
    """
    issuer, subject = sso or (None, None)
    user_id = new_id("usr")
    row = {
        "id": user_id,
        "email": email,
        "name": name,
        "role": Role(role).value,
        "password_hash": password_hash,
        "session_key": new_session_key(),
        "active": True,
        "created_at": now(),
        "oidc_issuer": issuer,
        "oidc_subject": subject,
    }
    try:
        connection.execute(insert(users).values(**row))
    except IntegrityError as error:
        raise taken(email) from error
    groups.put_user(connection, user_id, groups_, from_sso=False)
    groups.put_user(connection, user_id, groups_from_sso, from_sso=True)
    return one_user(connection, users.c.id == user_id)


def one_user(connection: Connection, *where: ColumnElement[bool]) -> User:
    """The one of whom this is true, in this transaction. Raises NotFound."""
    row = connection.execute(select(users).where(*where)).one_or_none()
    if row is None:
        raise _nobody()
    return user_of(row, groups.of_users(connection, [row.id]).get(row.id, ()))


def user_of(row: Row[Any], inside: tuple[str, ...]) -> User:
    """A row of `users` as a `User` in these groups."""
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        active=row.active,
        has_password=row.password_hash is not None,
        sso=row.oidc_issuer or "",
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        groups=inside,
        session_key=row.session_key,
    )


def is_last_operator(connection: Connection, user: User) -> bool:
    """Whether nobody else could look after people; after `one_at_a_time`."""
    if user.role is not Role.OPERATOR or not user.active:
        return False
    others = select(func.count()).where(
        users.c.role == Role.OPERATOR.value, users.c.active.is_(True), users.c.id != user.id
    )
    return not connection.execute(others).scalar_one()


def clean_email(text: str) -> str:
    """An e-mail address as it is stored and compared: in lower case, composed characters.

    Raises:
        BadRequest: it can't be one, or has letters that only look like others once they are in
            lower case (the Kelvin sign is no k): it must not pass for somebody else's address.
    """
    email = _lower(storable(text).strip())
    disguised = any(not char.isascii() and _lower(char).isascii() for char in text.strip())
    odd = disguised or not email.isprintable()
    if odd or len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise BadRequest("That is not an e-mail address.", "Write it like ann@example.org.")
    return email


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def clean_name(text: str) -> str:
    """A person's name on one line, at most 200 characters."""
    return " ".join(storable(text).split())[:_LONGEST_NAME]


def taken(email: str) -> BadRequest:
    """Somebody has this e-mail address."""
    return BadRequest(
        f"{email} has an account already.", "Change that one, or use another e-mail address."
    )


def _keep_an_operator(connection: Connection, user: User) -> None:
    if is_last_operator(connection, user):
        raise Forbidden(
            f"{user.name} is the only operator: nobody would be left to look after people.",
            "Make somebody else an operator first.",
        )


def _sessions(connection: Connection, user: User) -> list[str]:
    """What their questions are kept under: their own key, and visits that begin with it."""
    found = {user.session_key}
    for table in (questions, answers, events, content_requests, problem_reports):
        column = table.c.session_id
        found.update(
            connection.scalars(select(column).distinct().where(column.startswith(user.session_key)))
        )
    return sorted(found)


def _nobody() -> NotFound:
    return NotFound("That person has no account (any more).", "Look in the list of people.")
