"""`AccountStore`: everything the door, the pages and the command line ask of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Engine

from app.access import Principal, Reach, Role, Scope
from app.records.accounts import audit
from app.records.accounts.entities import (
    Action,
    ApiKey,
    AuditEntry,
    Group,
    Invitation,
    SignedIn,
    SignIn,
    User,
)
from app.records.accounts.groups import GroupRecords
from app.records.accounts.invitations import InvitationRecords
from app.records.accounts.keys import KeyRecords
from app.records.accounts.passwords import Passwords
from app.records.accounts.sign_ins import SignInRecords
from app.records.accounts.sso import SsoRecords
from app.records.accounts.tables import users
from app.records.accounts.users import UserRecords
from app.settings import Settings


class AccountStore:
    """People, sign-ins, invitations, keys, groups and the audit log, in SQL.

    Who does it, for the audit log, is `app.access.principal`. Times are `app.moment.now`.

    ``session_days``: how long a sign-in lasts without being used. ``invitation_days``: how long a
    link is good for. ``hasher``: another cost of hashing, for tests.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        session_days: float = 14,
        invitation_days: float = 7,
        hasher: PasswordHasher | None = None,
    ) -> None:
        passwords = Passwords(hasher)
        lasts = timedelta(days=session_days)
        self._engine = engine
        self._users = UserRecords(engine, passwords)
        self._sign_ins = SignInRecords(engine, passwords, lasts)
        self._invitations = InvitationRecords(
            engine, passwords, timedelta(days=invitation_days), lasts
        )
        self._keys = KeyRecords(engine)
        self._groups = GroupRecords(engine)
        self._sso = SsoRecords(engine)

    @classmethod
    def of(cls, engine: Engine, settings: Settings) -> AccountStore:
        """The accounts in a database, as the settings have them."""
        return cls(
            engine, session_days=settings.session_days, invitation_days=settings.invitation_days
        )

    # --- people -----------------------------------------------------------------------------------

    def any_user(self) -> bool:
        """Whether there is anybody yet."""
        return self._users.any()

    def add_user(
        self,
        email: str,
        name: str,
        role: Role,
        *,
        password: str | None = None,
        groups: Sequence[str] = (),
    ) -> User:
        """Make an account; groups that don't exist yet are made.

        Without a password only single sign-on, or `sign_in_as`, lets them in.

        Raises:
            BadRequest: the address can't be one or has an account; the password is too weak.
        """
        return self._users.add(email, name, role, password, groups)

    def users(self) -> list[User]:
        """Everybody, by name."""
        return self._users.all()

    def user(self, user_id: str) -> User:
        """One of them. Raises NotFound."""
        return self._users.one(users.c.id == user_id)

    def user_by_email(self, email: str) -> User:
        """The one with this e-mail address. Raises NotFound, or BadRequest where it is none."""
        return self._users.with_email(email)

    def change(
        self,
        user_id: str,
        *,
        role: Role | None = None,
        active: bool | None = None,
        name: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> User:
        """Change what is given. Another role, or an end to being active, ends all sign-ins.

        ``groups``: all that an operator puts them in; those that single sign-on says stay.

        Raises:
            NotFound: there is no such user.
            Forbidden: no active operator would be left.
        """
        return self._users.change(user_id, role=role, active=active, name=name, groups_=groups)

    def set_password(self, user_id: str, password: str) -> None:
        """Give a new password; ends all sign-ins and what failed ones made the person wait for.

        Raises:
            NotFound: there is no such user.
            BadRequest: the password is too weak, and why.
        """
        self._users.set_password(user_id, password)

    def remove_user(self, user_id: str) -> int:
        """Forget somebody with their sign-ins, keys and all they asked; how many answers that were.

        The audit log keeps its lines.

        Raises:
            NotFound: there is no such user.
            Forbidden: no active operator would be left.
        """
        return self._users.remove(user_id)

    # --- signing in -------------------------------------------------------------------------------

    def sign_in(self, email: str, password: str, *, client: str, device: str) -> SignedIn:
        """Sign in. ``client``: the network address; ``device``: a few words for the list.

        Raises:
            NotSignedIn: in the same words for a wrong address, a wrong password, somebody inactive.
            TooMany: after five failures, for this address or from this client, until a wait is over
                that doubles from a second to 15 minutes; also with the right password.
        """
        return self._sign_ins.with_password(email, password, client, device)

    def confirm(self, user_id: str, password: str, *, client: str) -> None:
        """Check somebody's password again, before what must not happen in another's absence.

        Raises:
            NotSignedIn: it is wrong.
            TooMany: as `sign_in`.
        """
        self._sign_ins.prove(self.user(user_id).email, password, client)

    def sign_in_as(
        self, user_id: str, *, client: str, device: str, how: str = "single sign-on"
    ) -> SignedIn:
        """Sign in somebody who has proved otherwise who they are.

        Raises:
            NotSignedIn: there is no such active user.
        """
        return self._sign_ins.as_user(user_id, client, device, how)

    def of_session(self, token: str) -> Principal | None:
        """Who a sign-in's token speaks for; None where it has ended. Its end is put off by use."""
        return self._sign_ins.principal(token)

    def sign_out(self, token: str) -> None:
        """End a sign-in; one that has ended already changes nothing."""
        self._sign_ins.end_token(token)

    def sign_ins(self, user_id: str, *, token: str | None = None) -> list[SignIn]:
        """Where somebody is signed in, the last used first; ``token`` marks the current one."""
        return self._sign_ins.of_user(user_id, token)

    def end_sign_in(self, user_id: str, sign_in_id: str) -> None:
        """End one of somebody's sign-ins. Raises NotFound."""
        self._sign_ins.end(user_id, sign_in_id)

    def end_all(self, user_id: str, *, but: str | None = None) -> int:
        """End all of somebody's sign-ins, except that of the token ``but``; how many."""
        return self._sign_ins.end_all(user_id, but)

    def from_sso(
        self,
        issuer: str,
        subject: str,
        *,
        email: str,
        email_verified: bool,
        name: str,
        groups: Sequence[str] | None = None,
        role: Role | None = None,
        may_join: bool = True,
    ) -> User:
        """The account of whom an identity provider has signed in, made or brought up to date.

        Known by issuer and subject; the first time by e-mail address, where that is verified: an
        account with it is linked, an invitation to it used, or else a new one made (``role``, or
        searcher). ``groups`` and ``role`` None: the provider does not decide them. The last active
        operator stays one whatever it says. ``may_join`` False: nobody comes in uninvited.

        Raises:
            Forbidden: the address is not verified, its account belongs to another sign-on, or
                nobody invited it.
            NotSignedIn: the account is not active.
            BadRequest: what should be an e-mail address is none.
        """
        return self._sso.user(
            issuer,
            subject,
            email=email,
            email_verified=email_verified,
            name=name,
            groups_=groups,
            role=role,
            may_join=may_join,
        )

    # --- invitations ------------------------------------------------------------------------------

    def invite(
        self, email: str, *, name: str = "", role: Role = Role.SEARCHER, groups: Sequence[str] = ()
    ) -> tuple[Invitation, str]:
        """An invitation, and the token of its link; an earlier one to this address is void.

        Raises:
            BadRequest: the address can't be one, or has an account.
        """
        return self._invitations.make(email, name, role, groups)

    def invitations(self) -> list[Invitation]:
        """The open ones, newest first."""
        return self._invitations.all()

    def invitation(self, token: str) -> Invitation | None:
        """What a link invites to; None where it was used, withdrawn or has expired."""
        return self._invitations.of_token(token)

    def accept(
        self, token: str, *, name: str = "", password: str, client: str, device: str
    ) -> SignedIn:
        """Make the account that an invitation is for, and sign in.

        Raises:
            BadRequest: the invitation is open no more, or the password is too weak.
        """
        return self._invitations.accept(token, name, password, client, device)

    def withdraw(self, invitation_id: str) -> None:
        """Let an invitation's link be good for nothing. Raises NotFound."""
        self._invitations.withdraw(invitation_id)

    # --- keys -------------------------------------------------------------------------------------

    def make_key(
        self,
        user_id: str,
        name: str,
        scopes: Sequence[Scope],
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A key, and its secret, which is said here and never again.

        Raises:
            NotFound: there is no such user.
            BadRequest: no name or scope, a scope beyond the role, an end in the past.
        """
        return self._keys.make(user_id, name, scopes, expires_at)

    def keys(self, user_id: str | None = None) -> list[ApiKey]:
        """Keys, newest first, also ended ones for 90 days; somebody's, or all."""
        return self._keys.all(user_id)

    def revoke_key(self, key_id: str, *, user_id: str | None = None) -> ApiKey:
        """Let a key open nothing any more; ``user_id``: only if it is theirs. Raises NotFound."""
        return self._keys.revoke(key_id, user_id)

    def of_key(self, key: str) -> Principal | None:
        """Who a key speaks for, within its scopes; None where it opens nothing."""
        return self._keys.principal(key)

    # --- groups and collections -------------------------------------------------------------------

    def groups(self) -> list[Group]:
        """Every group with its members and the collections it sees, by name."""
        return self._groups.all()

    def set_group(self, name: str, members: Sequence[str] | None = None) -> Group:
        """Make a group, or say anew who is in it, by their ids; None leaves that.

        Members by single sign-on stay.

        Raises:
            NotFound: somebody is not there.
            BadRequest: the name can't be one.
        """
        return self._groups.put(name, members)

    def remove_group(self, name: str) -> None:
        """Delete a group.

        Raises:
            NotFound: there is no such group.
            BadRequest: it alone sees a collection, which would then be open to everybody.
        """
        self._groups.remove(name)

    def collection_names(self) -> list[str]:
        """Every collection that exists, by name."""
        return self._groups.collection_names()

    def collection_groups(self) -> dict[str, tuple[str, ...]]:
        """Restricted collections, with the groups that see them."""
        return self._groups.guards()

    def restrict(self, collection: str, groups: Sequence[str]) -> None:
        """Let only these groups and operators see a collection, which may not exist yet.

        No group: everybody who is signed in sees it. Groups that don't exist yet are made.

        Raises:
            BadRequest: a name can't be one.
        """
        self._groups.restrict(collection, groups)

    def reach(self, who: Principal) -> Reach:
        """The collections they may see, in one query.

        Operators see everything; so does whoever is signed in while nothing is restricted. Nobody
        sees nothing.
        """
        return self._groups.reach(who)

    # --- audit ------------------------------------------------------------------------------------

    def audit(
        self,
        action: Action,
        target: str = "",
        *,
        detail: Mapping[str, Any] | None = None,
        client: str = "",
    ) -> None:
        """Write down what `app.access.principal` did. ``detail`` must hold no secret."""
        with self._engine.begin() as connection:
            audit.write(connection, action, target, detail=detail, client=client)

    def audit_log(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        actor: str | None = None,
        action: str | None = None,
    ) -> list[AuditEntry]:
        """What happened, newest first. ``before``: only lines with a smaller id, to page on.

        ``actor``: an id or a name. ``action``: one of `Action`.
        """
        return audit.read(self._engine, limit=limit, before=before, actor=actor, action=action)
