"""``/people/groups``: who belongs together, and which collections which groups see."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.errors import BadRequest
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH
from app.web.signing.people_pages import check_accounts
from app.web.templating import page

router = APIRouter(include_in_schema=False)
DONE = {
    "made": "The group is there. Put people in it on their pages or here.",
    "members": "The group’s members are saved.",
    "removed": "The group is removed.",
    "restricted": "Who sees the collection is saved. It holds from now on, everywhere.",
}


@router.get("/people/groups")
def groups(request: Request, services: ServicesDep, done: str = "") -> Response:
    """The page."""
    return _page(request, services, done=DONE.get(done, ""))


@router.post("/people/groups")
def make_group(
    request: Request, services: ServicesDep, name: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """A new group, empty; one that exists stays as it is."""
    check_accounts(request)
    try:
        services.accounts.set_group(name)
    except BadRequest as error:
        return _page(request, services, wrong={"name": error.message}, name=name)
    return _done("made")


@router.post("/people/groups/members")
def set_members(
    request: Request,
    services: ServicesDep,
    group: Annotated[str, Form(max_length=1000)] = "",
    member: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Say anew who is in a group."""
    check_accounts(request)
    _known(services, group)
    services.accounts.set_group(group, member or [])
    return _done("members")


@router.post("/people/groups/remove")
def remove_group(
    request: Request, services: ServicesDep, group: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Delete a group, unless a collection would be open to everybody by it."""
    check_accounts(request)
    try:
        services.accounts.remove_group(group)
    except BadRequest as error:
        return _page(request, services, problem=error.message)
    return _done("removed")


@router.post("/people/groups/collection")
def restrict(
    request: Request,
    services: ServicesDep,
    collection: Annotated[str, Form(max_length=1000)] = "",
    group: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Which groups see a collection; none chosen: everybody who is signed in."""
    check_accounts(request)
    for name in group or ():
        _known(services, name)
    services.accounts.restrict(collection, group or [])
    return _done("restricted")


def _known(services: Services, name: str) -> None:
    if name not in [group.name for group in services.accounts.groups()]:
        raise BadRequest(f"There is no group “{name[:100]}”.", "Look at the list again.")


def _done(what: str) -> Response:
    return RedirectResponse(f"/people/groups?done={what}", 303, headers=FRESH)


def _page(
    request: Request, services: Services, *, wrong: dict[str, str] | None = None, **more: Any
) -> Response:
    check_accounts(request)
    accounts = services.accounts
    guards = accounts.collection_groups()
    counts = {one.name: one.documents for one in services.documents.collections()}
    context = {
        "groups": accounts.groups(),
        "people": accounts.users(),
        # Also those that are restricted before their first document arrives.
        "collections": [
            (name, counts.get(name, 0), guards.get(name, ()))
            for name in sorted({*counts, *guards}, key=str.casefold)
        ],
        "wrong": wrong or {},
        "problem": "",
        "name": "",
        "done": "",
    }
    refused = bool(wrong or more.get("problem"))
    return page(
        request,
        "accounts/groups.html",
        context | more,
        status_code=400 if refused else 200,
        headers=FRESH,
    )
