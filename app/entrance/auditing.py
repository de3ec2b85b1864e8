"""What people do to documents, written down in the audit log where people sign in."""

from __future__ import annotations

from starlette.requests import Request

from app.records.accounts import Action
from app.requests import get_services

_MOST_NAMES = 20
"""Names of files in one line; the count tells of the others."""


def client(request: Request) -> str:
    """The network address; behind a proxy that the server trusts, the one that the proxy names."""
    return request.client.host if request.client else ""


def note(request: Request, action: Action, target: str, **detail: object) -> None:
    """Write a line for whoever sent this request; nothing where nobody signs in."""
    if getattr(request.state, "principal", None) is None:
        return
    accounts = get_services(request).accounts
    accounts.audit(action, target, detail=detail, client=client(request))


def note_upload(request: Request, collection: str, batch_id: str) -> None:
    """Write down that the files of this batch were handed in."""
    names = [job.name for job in get_services(request).jobs.batch(batch_id)]
    shown = names[:_MOST_NAMES]
    note(request, Action.DOCUMENTS_UPLOADED, collection, files=len(names), names=shown)
