"""Going to the provider and coming back, from the address to the sign-in."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from app.access import Role
from app.entrance.sso import problems
from app.entrance.sso.config import SignOnConfig
from app.entrance.sso.problems import SignOnFailed
from app.errors import BadRequest, Forbidden, NotSignedIn
from app.records.accounts import AccountStore, SignedIn

if TYPE_CHECKING:
    from app.entrance.sso.attempt import Attempt, Seal
    from app.entrance.sso.proof import Person
    from app.entrance.sso.provider import Provider

_AT_ONCE = 8
"""Threads that may wait for the provider: pages are served by the same ones, about 40."""
_PATIENCE_S = 1.0
_SPENT_KEPT = 10_000
CALLBACK = "/sso/callback"


@dataclass(frozen=True, slots=True)
class Going:
    """Where to send a browser, and what it has to keep."""

    address: str
    cookie: str
    value: str = field(repr=False)
    lasts_s: int


@dataclass(frozen=True, slots=True)
class Returned:
    """Somebody came back: who they are, and the page they wanted."""

    person: Person
    then: str


class SignOn:
    """Single sign-on with the provider of ``config``. Nothing is fetched before somebody comes."""

    def __init__(self, config: SignOnConfig) -> None:
        self.config = config
        self._secret = config.client_secret or secrets.token_urlsafe(32)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, None] = OrderedDict()

    def begin(self, base: str, then: str, *, https: bool, other: bool = False) -> Going:
        """Send somebody to the provider. ``base``: this server's address, where nobody set one.

        Raises:
            SignOnFailed: the provider can't be reached or used.
        """
        from app.entrance.sso.attempt import (  # noqa: PLC0415  # see _provider
            LASTS_S,
            Attempt,
            cookie_of,
        )

        home = self.config.public_url or base.rstrip("/")
        attempt = Attempt.begin(then, f"{home}{CALLBACK}")
        with self._turn():
            address = self._provider.address(attempt, other=other)
        cookie = cookie_of(attempt.state, https=https)
        return Going(address, cookie, self._seal.close(attempt), LASTS_S)

    def cookie(self, state: str, *, https: bool) -> str:
        """The cookie that the attempt with this state is kept in; empty where it can be none."""
        from app.entrance.sso.attempt import cookie_of  # noqa: PLC0415  # see _provider

        return cookie_of(state, https=https)

    def finish(
        self, said: Mapping[str, str], cookies: Mapping[str, str], *, https: bool
    ) -> Returned:
        """Find out who came back. ``said``: the query that the provider sent them with.

        Raises:
            SignOnFailed: they can't be signed in, and what they can do about it.
        """
        from app.entrance.sso.attempt import attempt_of  # noqa: PLC0415  # see _provider

        attempt = attempt_of(self._seal, cookies, said.get("state", ""), https=https)
        if attempt is None:
            raise problems.not_begun_here()
        try:
            return Returned(self._person(attempt, said), attempt.then)
        except SignOnFailed as error:
            error.then = attempt.then
            raise

    def _person(self, attempt: Attempt, said: Mapping[str, str]) -> Person:
        from app.entrance.sso.proof import person, proven  # noqa: PLC0415  # see _provider

        if attempt.over:
            raise problems.too_late()
        self._spend(attempt)
        with self._turn():
            announced = self._provider.announced()
            if said.get("iss", "" if announced.names_itself else announced.issuer) != (
                announced.issuer
            ):
                raise problems.no_proof(self.config.name)  # another provider's answer (RFC 9207)
            if "error" in said or not said.get("code"):
                raise problems.refused(self.config.name, said.get("error", ""))
            tokens = self._provider.redeem(said["code"], attempt)
            claims = proven(self.config, self._provider, tokens, attempt)
            return person(self.config, self._provider, tokens, claims)

    def admit(
        self, accounts: AccountStore, returned: Returned, *, client: str, device: str
    ) -> SignedIn:
        """Sign them in, with the groups and the role that the provider gives.

        Raises:
            SignOnFailed: they have no account and may not make one, or theirs is closed.
        """
        person = returned.person
        role = None if person.groups is None else self.config.role(person.groups)
        try:
            if role is not Role.OPERATOR and not accounts.any_user():
                # Somebody else's account would shut the link that the first operator comes in by.
                raise Forbidden(
                    "Nobody runs Footnote yet.",
                    "The first operator comes in by the link that the terminal shows.",
                )
            user = accounts.from_sso(
                person.issuer,
                person.subject,
                email=person.email,
                email_verified=person.email_verified,
                name=person.name,
                groups=person.groups,
                role=role,
                may_join=self.config.may_join(person.email),
            )
            return accounts.sign_in_as(user.id, client=client, device=device)
        except (BadRequest, Forbidden, NotSignedIn) as error:
            failed = SignOnFailed("account", error.detail, error.action, who=person.email)
            failed.then = returned.then
            raise failed from error

    @property
    def can_leave(self) -> bool:
        """Whether the provider is known to let people sign out from here; asks nobody."""
        known = self._provider.known if "_provider" in self.__dict__ else None
        return known is not None and bool(known.end_session_endpoint)

    def leaving(self, base: str) -> str:
        """Where somebody ends their session at the provider; empty where it offers no such page.

        Raises:
            SignOnFailed: the provider can't be reached.
        """
        with self._turn():
            page = self._provider.announced().end_session_endpoint
        if not page:
            return ""
        back = f"{self.config.public_url or base.rstrip('/')}/signin?out=1"
        told = {"client_id": self.config.client_id, "post_logout_redirect_uri": back}
        return f"{page}{'&' if '?' in page else '?'}{urlencode(told)}"

    @cached_property
    def _provider(self) -> Provider:
        # Here, not above: a server starts without what only people who sign in need.
        from app.entrance.sso.provider import Provider  # noqa: PLC0415

        return Provider(self.config)

    @cached_property
    def _seal(self) -> Seal:
        from app.entrance.sso.attempt import Seal  # noqa: PLC0415

        return Seal(self._secret)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One of few may wait for the provider; the others are told to come again."""
        if not self._turns.acquire(timeout=_PATIENCE_S):
            raise problems.crowded()
        try:
            yield
        finally:
            self._turns.release()

    def _spend(self, attempt: Attempt) -> None:
        """An attempt is good for one return."""
        with self._lock:
            if attempt.state in self._spent:
                raise problems.used_already()
            self._spent[attempt.state] = None
            while len(self._spent) > _SPENT_KEPT:
                self._spent.popitem(last=False)
