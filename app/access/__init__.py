"""Who asks, and what they may see and do: decided at the door, asked wherever something is read.

Two values travel with a request, in context variables, so that threads and tasks begun on its
behalf inherit them. *Principal*: who asks. *Reach*: which collections they may see. `app.entrance`
sets both before any route runs; `app.records` and `app.knowledge` hold every read against the
reach. Outside a request (the command line, the worker, evals) nothing is set, and everything is in
reach: whoever may run a command on the data directory can read its files anyway.

With accounts switched on the door fails shut: a request begins with `NOBODY` and `Reach.nothing()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody does here; each role may do what those before it may."""

    SEARCHER = "searcher"
    """Asks, searches, reads, gives feedback, and sees their own history."""
    PM = "pm"
    """Sees metrics, traces, everybody's questions, evals; runs experiments and reviews."""
    OPERATOR = "operator"
    """Adds and removes documents, people, groups and keys; sees every collection."""

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Scope(StrEnum):
    """What an API key may be used for, within its owner's role."""

    ASK = "ask"
    """Ask, search, read answers and documents, give feedback."""
    INSIGHTS = "insights"
    """Metrics, traces, evals, readiness."""
    DOCUMENTS = "documents"
    """Add and remove documents."""
    MANAGE = "manage"
    """People, groups, keys, the audit log."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. ``scopes``: what their key allows; None where they signed in themselves.

    ``session_id`` is what their questions are kept under: their own, on every device. It says
    nothing of who they are.
    """

    user_id: str
    name: str
    email: str
    role: Role
    groups: frozenset[str] = frozenset()
    scopes: frozenset[Scope] | None = None
    session_id: str = ""

    def may(self, role: Role, scope: Scope) -> bool:
        """Whether role and key both allow it."""
        return self.role.covers(role) and (self.scopes is None or scope in self.scopes)


ANYBODY = Principal("", "", "", Role.OPERATOR)
"""Whoever reaches a server without accounts, which listens on loopback alone."""
NOBODY = Principal("", "", "", Role.SEARCHER, scopes=frozenset())
"""A request that has not said who it is, where accounts are on."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The collections that may be seen; None: all, also those added later."""

    collections: frozenset[str] | None

    @classmethod
    def everything(cls) -> Reach:
        """No limit."""
        return cls(None)

    @classmethod
    def nothing(cls) -> Reach:
        """No collection at all."""
        return cls(frozenset())

    @property
    def limited(self) -> bool:
        """Whether anything may be out of reach."""
        return self.collections is not None

    def sees(self, collection: str) -> bool:
        """Whether this collection may be seen."""
        return self.collections is None or collection in self.collections

    def within(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of ``names`` that may be seen, in order."""
        return tuple(name for name in names if self.sees(name))


_principal: ContextVar[Principal] = ContextVar("principal", default=ANYBODY)
EVERYTHING = Reach.everything()
_reach: ContextVar[Reach] = ContextVar("reach", default=EVERYTHING)


def principal() -> Principal:
    """Who the running code works for."""
    return _principal.get()


def reach() -> Reach:
    """What they may see."""
    return _reach.get()


@contextmanager
def working_for(who: Principal, sees: Reach) -> Iterator[None]:
    """Everything within is done for ``who``, and sees only what they may see."""
    asked_by, seen = _principal.set(who), _reach.set(sees)
    try:
        yield
    finally:
        _reach.reset(seen)
        _principal.reset(asked_by)
