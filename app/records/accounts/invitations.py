"""Invitations: an operator names an address, a role and groups; whoever has the link comes in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, select, update

from app.access import Role, principal
from app.errors import BadRequest, NotFound
from app.moment import now
from app.records.accounts import audit
from app.records.accounts.entities import Action, Invitation, SignedIn
from app.records.accounts.groups import clean_names
from app.records.accounts.passwords import Passwords, accept
from app.records.accounts.sign_ins import begin
from app.records.accounts.tables import invitations, users
from app.records.accounts.tokens import hashed, new_id, new_token, one_at_a_time
from app.records.accounts.users import clean_email, clean_name, put_user, taken

_columns = invitations.c


class InvitationRecords:
    """Writes and reads `invitations`. ``lasts``: how long a link is good for."""

    def __init__(
        self, engine: Engine, passwords: Passwords, lasts: timedelta, sign_in_lasts: timedelta
    ) -> None:
        self._engine = engine
        self._passwords = passwords
        self._lasts = lasts
        self._sign_in_lasts = sign_in_lasts

    def make(
        self, email: str, name: str, role: Role, groups: Sequence[str]
    ) -> tuple[Invitation, str]:
        """A new invitation and its token; see `AccountStore.invite`."""
        email, token, at = clean_email(email), new_token(), now()
        by = principal()
        invitation = Invitation(
            id=new_id("inv"),
            email=email,
            name=clean_name(name),
            role=Role(role),
            groups=tuple(clean_names(groups)),
            created_by=(by.name or by.email)[:200],
            created_at=at,
            expires_at=at + self._lasts,
        )
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            # Only the newest link is good: who asks for another has lost the first.
            connection.execute(delete(invitations).where(_columns.email == email, _open()))
            if connection.execute(select(users.c.id).where(users.c.email == email)).first():
                raise taken(email)
            connection.execute(
                insert(invitations).values(
                    token_hash=hashed(token),
                    id=invitation.id,
                    email=email,
                    name=invitation.name,
                    role=invitation.role.value,
                    groups=list(invitation.groups),
                    created_by=invitation.created_by,
                    created_at=at,
                    expires_at=invitation.expires_at,
                )
            )
            detail = {"role": invitation.role, "groups": invitation.groups}
            audit.write(connection, Action.INVITED, email, detail=detail)
        return invitation, token

    def all(self) -> list[Invitation]:
        """Those that are open, newest first."""
        query = select(invitations).where(_open()).order_by(_columns.created_at.desc())
        with self._engine.connect() as connection:
            return [invitation_of(row) for row in connection.execute(query)]

    def of_token(self, token: str) -> Invitation | None:
        """The open invitation that this token belongs to."""
        query = select(invitations).where(_columns.token_hash == hashed(token), _open())
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else invitation_of(row)

    def accept(self, token: str, name: str, password: str, client: str, device: str) -> SignedIn:
        """Make the account and sign in; see `AccountStore.accept`."""
        found = self.of_token(token)
        if found is None:
            raise _spent()
        called = clean_name(name) or found.name or found.email
        accept(password, email=found.email, name=called)
        stored = self._passwords.hash(password)
        with self._engine.begin() as connection:
            one_at_a_time(connection)
            used = use(connection, _columns.token_hash == hashed(token))
            if used is None:
                raise _spent()
            user = put_user(
                connection,
                used.email,
                called,
                used.role,
                password_hash=stored,
                groups_=used.groups,
            )
            audit.write(
                connection, Action.INVITATION_ACCEPTED, user.email, client=client, actor=user
            )
            return begin(connection, user.id, self._sign_in_lasts, client, device, how="invitation")

    def withdraw(self, invitation_id: str) -> None:
        """Let the link be good for nothing. Raises NotFound."""
        mine = delete(invitations).where(_columns.id == invitation_id, _open())
        with self._engine.begin() as connection:
            email = connection.execute(mine.returning(_columns.email)).scalar()
            if email is None:
                raise NotFound("There is no such open invitation.", "Look at the list again.")
            audit.write(connection, Action.INVITATION_WITHDRAWN, email)


def use(connection: Connection, which: ColumnElement[bool]) -> Invitation | None:
    """Mark an open invitation as used, once; None where there is none."""
    step = update(invitations).where(which, _open()).values(used_at=now())
    row = connection.execute(step.returning(invitations)).first()
    return None if row is None else invitation_of(row)


def invitation_of(row: Row[Any]) -> Invitation:
    """A row as an `Invitation`."""
    return Invitation(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        groups=tuple(row.groups),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


def _open() -> ColumnElement[bool]:
    return _columns.used_at.is_(None) & (_columns.expires_at > now())


def _spent() -> BadRequest:
    return BadRequest(
        "This invitation has been used, withdrawn, or has expired.", "Ask for a new one."
    )
