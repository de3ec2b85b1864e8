"""How the first operator comes in: a link that the terminal shows, good once and for a while.

It is an invitation like any other, but for an address that nobody has: whoever follows the link
says their own. It opens nothing once there is anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.access import Role
from app.errors import BadRequest
from app.records.accounts import AccountStore, Invitation, SignedIn
from app.records.accounts.passwords import accept
from app.records.accounts.users import clean_email

_ADDRESS = "first@operator.invalid"
"""Names nobody (RFC 2606); a newer invitation to it ends the one before."""


@dataclass(frozen=True, slots=True)
class FirstLink:
    """Where the first operator comes in, and until when."""

    address: str
    expires_at: datetime


def first_link(accounts: AccountStore, base: str) -> FirstLink | None:
    """The link that makes the first operator; None where somebody has an account.

    ``base``: the server's address. Every start makes a new link, which ends the one before.
    """
    if accounts.any_user():
        return None
    invitation, token = accounts.invite(_ADDRESS, role=Role.OPERATOR)
    return FirstLink(f"{base.rstrip('/')}/invite/{token}", invitation.expires_at)


def is_first(invitation: Invitation) -> bool:
    """Whether this is the link that the terminal showed."""
    return invitation.email == _ADDRESS


def open_invitation(accounts: AccountStore, token: str) -> Invitation | None:
    """The invitation of a link as long as it opens anything."""
    found = accounts.invitation(token)
    if found is not None and is_first(found) and accounts.any_user():
        return None
    return found


def accept_first(
    accounts: AccountStore,
    invitation: Invitation,
    *,
    email: str,
    name: str,
    password: str,
    client: str,
    device: str,
) -> SignedIn:
    """Make the first operator and sign them in.

    Raises:
        BadRequest: the e-mail address or the password can't be used; the link stays good.
        NotFound: somebody else used the link at this moment.
    """
    email = clean_email(email)
    if not name.strip():
        raise BadRequest("A name is missing.", "Say what others should see you as.")
    accept(password, email=email, name=name)
    accounts.withdraw(invitation.id)  # only one can: whoever comes second is told that it is gone
    user = accounts.add_user(email, name, Role.OPERATOR, password=password)
    return accounts.sign_in_as(user.id, client=client, device=device, how="invitation")
