"""Who reads a page, for what it shows: their name in its header, and no door that is shut to them.

It decides nothing: `app.entrance` refuses what somebody may not do, whatever a page showed.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from app.access import ANYBODY, Principal, principal
from app.entrance.policy import DOCUMENTS, MANAGE, PM


@dataclass(frozen=True, slots=True)
class Visitor:
    """``accounts``: people sign in here; ``who``: whoever did, or nobody in particular."""

    who: Principal
    accounts: bool

    @property
    def signed_in(self) -> bool:
        """Whether they have a name here."""
        return bool(self.who.user_id)

    @property
    def welcome(self) -> bool:
        """Whether they may do anything at all beside signing in."""
        return self.signed_in or not self.accounts

    @property
    def initial(self) -> str:
        """The first letter of their name."""
        return (self.who.name or self.who.email or "?")[0].upper()

    @property
    def sees_insights(self) -> bool:
        """Whether the pages of whoever runs the product are theirs."""
        return PM.met_by(self.who)

    @property
    def keeps_documents(self) -> bool:
        """Whether they may add and remove documents."""
        return DOCUMENTS.met_by(self.who)

    @property
    def manages_people(self) -> bool:
        """Whether people, groups and the audit log are theirs to see, where there are any."""
        return self.accounts and MANAGE.met_by(self.who)


def keeps_documents() -> bool:
    """Whether whoever this is shown to may add documents; for parts that a stream sends."""
    return DOCUMENTS.met_by(principal())


def sees_insights() -> bool:
    """As `keeps_documents`, for the pages of whoever runs the product."""
    return PM.met_by(principal())


def visitor(request: Request) -> Visitor:
    """Whoever sent this request. Without accounts that is anybody, who may do everything."""
    who = getattr(request.state, "principal", None)
    return Visitor(ANYBODY, accounts=False) if who is None else Visitor(who, accounts=True)
