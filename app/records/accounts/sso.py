"""Single sign-on: an identity provider's word for who somebody is, as an account here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from app.access import Role
from app.errors import Forbidden, NotSignedIn
from app.records.accounts import audit, groups
from app.records.accounts.entities import Action, User
from app.records.accounts.invitations import use
from app.records.accounts.tables import invitations, sign_ins, users
from app.records.accounts.tokens import one_at_a_time
from app.records.accounts.users import (
    clean_email,
    clean_name,
    is_last_operator,
    one_user,
    put_user,
    taken,
)

_MOST_GROUPS = 200
"""Groups taken over from a provider; some send every mailing list."""


class SsoRecords:
    """Accounts of those whom an identity provider signs in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def user(
        self,
        issuer: str,
        subject: str,
        *,
        email: str,
        email_verified: bool,
        name: str,
        groups_: Sequence[str] | None,
        role: Role | None,
        may_join: bool,
    ) -> User:
        """Their account, made or brought up to date; see `AccountStore.from_sso`."""
        who = (issuer, subject)
        if not issuer or not subject or len(issuer) > 500 or len(subject) > 255:
            raise NotSignedIn("The identity provider did not say who you are.", "Ask an operator.")
        named = None if groups_ is None else _usable(groups_)
        try:
            with self._engine.begin() as connection:
                one_at_a_time(connection)
                user_id = self._known(connection, who)
                if user_id is None:
                    user_id = self._met(
                        connection,
                        who,
                        clean_email(email),
                        email_verified,
                        clean_name(name),
                        role,
                        may_join=may_join,
                    )
                return self._current(connection, user_id, clean_name(name), named, role)
        except IntegrityError as error:  # another process linked the same subject meanwhile
            raise taken(email) from error

    def _known(self, connection: Connection, who: tuple[str, str]) -> str | None:
        mine = (users.c.oidc_issuer == who[0], users.c.oidc_subject == who[1])
        return connection.execute(select(users.c.id).where(*mine)).scalar()

    def _met(
        self,
        connection: Connection,
        who: tuple[str, str],
        email: str,
        verified: bool,
        name: str,
        role: Role | None,
        *,
        may_join: bool,
    ) -> str:
        """For the first time: linked to the account with their address, or a new one."""
        if not verified:
            raise Forbidden(
                "The identity provider does not vouch for your e-mail address.",
                "Confirm it there, or ask an operator.",
            )
        row = connection.execute(select(users).where(users.c.email == email)).one_or_none()
        if row is None:
            invited = use(connection, invitations.c.email == email)
            if invited is None and not may_join:
                raise Forbidden(
                    f"Nobody has invited {email} here.", "Ask an operator for an invitation."
                )
            user = put_user(
                connection,
                email,
                name or (invited.name if invited else "") or email,
                role or (invited.role if invited else Role.SEARCHER),
                groups_=invited.groups if invited else (),
                sso=who,
            )
            detail = {"role": user.role, "groups": user.groups, "issuer": who[0]}
            audit.write(connection, Action.USER_ADDED, email, detail=detail, actor=user)
            return user.id
        if row.oidc_subject is not None:
            raise Forbidden(
                "The account with your e-mail address belongs to another sign-on.",
                "Ask an operator.",
            )
        linked = {"oidc_issuer": who[0], "oidc_subject": who[1]}
        connection.execute(update(users).where(users.c.id == row.id).values(**linked))
        user = one_user(connection, users.c.id == row.id)
        audit.write(connection, Action.SSO_LINKED, email, detail={"issuer": who[0]}, actor=user)
        return user.id

    def _current(
        self,
        connection: Connection,
        user_id: str,
        name: str,
        named: list[str] | None,
        role: Role | None,
    ) -> User:
        """What the provider says now: the name, the groups, and the role where it decides that."""
        before = one_user(connection, users.c.id == user_id)
        if not before.active:
            raise NotSignedIn("This account can't sign in any more.", "Ask an operator.")
        values: dict[str, str] = {}
        if name and name != before.name:
            values["name"] = name
        if (
            role is not None
            and role is not before.role
            and not is_last_operator(connection, before)
        ):
            values["role"] = role.value
            connection.execute(sign_ins.delete().where(sign_ins.c.user_id == user_id))
        if values:
            connection.execute(update(users).where(users.c.id == user_id).values(**values))
        if named is not None:
            groups.put_user(connection, user_id, named, from_sso=True)
        after = one_user(connection, users.c.id == user_id)
        changed = {
            what: [getattr(before, what), getattr(after, what)]
            for what in ("role", "name", "groups")
            if getattr(before, what) != getattr(after, what)
        }
        if changed:
            audit.write(connection, Action.USER_CHANGED, after.email, detail=changed, actor=after)
        return after


def _usable(names: Sequence[str]) -> list[str]:
    """Group names that can be kept; a provider's odd ones are left out, not refused."""
    kept = [name.strip() for name in names]
    return [name for name in kept if name and len(name) <= 100 and name.isprintable()][
        :_MOST_GROUPS
    ]
