"""API keys: what programs use in their owner's name, for what the key allows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.access import Principal, Role, Scope
from app.errors import BadRequest, NotFound, StorageProblem
from app.moment import now
from app.records.accounts import audit
from app.records.accounts.entities import Action, ApiKey
from app.records.accounts.sign_ins import SEEN_EVERY, principal_of, saw
from app.records.accounts.tables import api_keys, group_members, users
from app.records.accounts.tokens import KEY_MARK, hashed, new_id, new_key, one_at_a_time, same
from app.records.accounts.users import clean_name, one_user

log = logging.getLogger(__name__)

NEEDS = {
    Scope.ASK: Role.SEARCHER,
    Scope.INSIGHTS: Role.PM,
    Scope.DOCUMENTS: Role.OPERATOR,
    Scope.MANAGE: Role.OPERATOR,
}
"""The role that what a scope allows takes: a key with a scope beyond it would promise too much."""


class KeyRecords:
    """Writes and reads `api_keys`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make(
        self, user_id: str, name: str, scopes: Sequence[Scope], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        """A new key and its secret; see `AccountStore.make_key`."""
        wanted = sorted({Scope(scope) for scope in scopes}, key=list(Scope).index)
        called = clean_name(name)
        if not wanted:
            raise BadRequest("A key needs a scope.", f"Choose from: {', '.join(Scope)}.")
        if not called:
            raise BadRequest("A key needs a name.", "Say what it is for.")
        if expires_at is not None and expires_at <= now():
            raise BadRequest("That key would have expired already.", "Choose a later day.")
        secret, prefix = new_key()
        key = ApiKey(new_id("key"), prefix, user_id, called, tuple(wanted), now(), None, expires_at)
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            owner = one_user(connection, users.c.id == user_id)
            beyond = [scope for scope in wanted if not owner.role.covers(NEEDS[scope])]
            if beyond:
                raise BadRequest(
                    f"“{beyond[0]}” takes the role {NEEDS[beyond[0]]}; {owner.name} is "
                    f"{owner.role}.",
                    "Choose other scopes, or change the role first.",
                )
            connection.execute(
                insert(api_keys).values(
                    id=key.id,
                    prefix=prefix,
                    key_hash=hashed(secret),
                    user_id=user_id,
                    name=called,
                    scopes=[scope.value for scope in wanted],
                    created_at=key.created_at,
                    expires_at=expires_at,
                )
            )
            self._tell(connection, Action.KEY_MADE, key, owner.email)
        return key, secret

    def all(self, user_id: str | None) -> list[ApiKey]:
        """Keys, newest first; somebody's, or all."""
        query = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        if user_id is not None:
            query = query.where(api_keys.c.user_id == user_id)
        with self._engine.connect() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, key_id: str, user_id: str | None) -> ApiKey:
        """Let a key open nothing any more; see `AccountStore.revoke_key`."""
        mine = [api_keys.c.id == key_id]
        if user_id is not None:
            mine.append(api_keys.c.user_id == user_id)
        at = now()
        step = update(api_keys).where(*mine, api_keys.c.revoked_at.is_(None))
        with self._engine.begin() as connection:
            done = connection.execute(step.values(revoked_at=at)).rowcount
            row = connection.execute(select(api_keys).where(*mine)).one_or_none()
            if row is None:
                raise NotFound("There is no such key.", "Look in the list of keys.")
            key = _key(row)
            if done:
                owner = one_user(connection, users.c.id == key.user_id)
                self._tell(connection, Action.KEY_REVOKED, key, owner.email)
        return key if not done else replace(key, revoked_at=at)

    def principal(self, secret: str) -> Principal | None:
        """Who a key works for, within its scopes; see `AccountStore.of_key`."""
        if not secret.startswith(KEY_MARK):
            return None
        wanted, at = hashed(secret), now()
        query = (
            select(
                users,
                api_keys.c.key_hash,
                api_keys.c.scopes,
                api_keys.c.last_used_at.label("used_at"),
                group_members.c.group_name,
            )
            .join(api_keys, api_keys.c.user_id == users.c.id)
            .outerjoin(group_members, group_members.c.user_id == users.c.id)
            .where(
                api_keys.c.key_hash == wanted,
                api_keys.c.revoked_at.is_(None),
                or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > at),
                users.c.active.is_(True),
            )
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows or not same(rows[0].key_hash, wanted):
            return None
        first = rows[0]
        if first.used_at is None or first.used_at <= at - SEEN_EVERY:
            self._used(wanted, first.id, at)
        scopes = frozenset(Scope(scope) for scope in first.scopes)
        return replace(principal_of(rows), scopes=scopes)

    def _used(self, key_hash: str, user_id: str, at: datetime) -> None:
        step = update(api_keys).where(api_keys.c.key_hash == key_hash).values(last_used_at=at)
        try:
            with self._engine.begin() as connection:
                connection.execute(step)
                saw(connection, user_id, at)
        except (SQLAlchemyError, StorageProblem) as error:
            log.warning("could not write down when a key was last used: %s", error)

    def _tell(self, connection: Connection, action: Action, key: ApiKey, owner: str) -> None:
        detail = {"key": key.name, "prefix": key.prefix, "scopes": key.scopes}
        if key.expires_at is not None:
            detail["expires_at"] = key.expires_at.isoformat()
        audit.write(connection, action, owner, detail=detail)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        user_id=row.user_id,
        name=row.name,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
