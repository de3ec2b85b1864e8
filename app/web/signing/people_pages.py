"""``/people``: who is here, and one of them. For operators."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.access import Role, principal
from app.bootstrap import Services
from app.entrance.first_operator import is_first
from app.errors import BadRequest, FootnoteError, Forbidden, NotFound
from app.moment import now
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH
from app.web.signing.words import ROLES, scope_names
from app.web.templating import page
from app.web.visitor import visitor

router = APIRouter(include_in_schema=False)
DONE = {
    "changed": "The changes are saved.",
    "withdrawn": "The invitation is withdrawn. Its link opens nothing any more.",
    "ended": "All their sign-ins have ended.",
    "revoked": "The key is revoked.",
    "removed": "They are removed, with all they asked.",
}
_PASSWORD_BYTES = 15
"""120 random bits, in 20 characters."""


@router.get("/people")
def people(request: Request, services: ServicesDep, done: str = "") -> Response:
    """Everybody, the open invitations, and the form to invite somebody."""
    return _people(request, services, done=DONE.get(done, ""))


@router.post("/people/invite")
def invite(
    request: Request,
    services: ServicesDep,
    email: Annotated[str, Form(max_length=1000)] = "",
    name: Annotated[str, Form(max_length=1000)] = "",
    role: Annotated[str, Form()] = Role.SEARCHER,
    group: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a link for somebody. It stands on the page that answers this, and nowhere else."""
    check_accounts(request)
    groups = group or []
    typed: dict[str, Any] = {"email": email, "name": name, "role": role, "chosen": groups}
    try:
        invited, token = services.accounts.invite(
            email, name=name, role=role_named(role), groups=groups
        )
    except BadRequest as error:
        return _people(request, services, wrong={"email": error.message}, **typed)
    base = services.settings.public_url or str(request.base_url)
    link = f"{base.rstrip('/')}/invite/{token}"
    return _people(request, services, invited=invited, link=link, status=201)


@router.post("/people/invitations/{invitation_id}/withdraw")
def withdraw(request: Request, invitation_id: str, services: ServicesDep) -> Response:
    """Let an invitation's link open nothing any more."""
    check_accounts(request)
    services.accounts.withdraw(invitation_id)
    return RedirectResponse("/people?done=withdrawn", 303, headers=FRESH)


@router.get("/people/{user_id}")
def person(request: Request, user_id: str, services: ServicesDep, done: str = "") -> Response:
    """One of them: role, groups, sign-ins, keys."""
    return _person(request, services, user_id, done=DONE.get(done, ""))


@router.post("/people/{user_id}")
def change(
    request: Request,
    user_id: str,
    services: ServicesDep,
    role: Annotated[str, Form()] = "",
    group: Annotated[list[str] | None, Form()] = None,
    active: Annotated[str, Form()] = "",
) -> Response:
    """Another role, other groups, or no longer let in."""
    check_accounts(request)
    try:
        services.accounts.change(
            user_id, role=role_named(role), active=bool(active), groups=group or []
        )
    except Forbidden as error:
        return _person(request, services, user_id, wrong=error)
    return _back(user_id, "changed")


@router.post("/people/{user_id}/password")
def new_password(request: Request, user_id: str, services: ServicesDep) -> Response:
    """A random password for who forgot theirs. It stands on the page that answers this alone."""
    check_accounts(request)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    services.accounts.set_password(user_id, password)
    return _person(request, services, user_id, password=password, status=201)


@router.post("/people/{user_id}/sign-ins/end")
def end_sign_ins(request: Request, user_id: str, services: ServicesDep) -> Response:
    """Sign somebody out everywhere."""
    check_accounts(request)
    services.accounts.end_all(user_id)
    return _back(user_id, "ended")


@router.post("/people/{user_id}/keys/{key_id}/revoke")
def revoke_key(request: Request, user_id: str, key_id: str, services: ServicesDep) -> Response:
    """Somebody's key opens nothing any more."""
    check_accounts(request)
    services.accounts.revoke_key(key_id, user_id=user_id)
    return _back(user_id, "revoked")


@router.get("/people/{user_id}/remove")
def confirm_removal(request: Request, user_id: str, services: ServicesDep) -> Response:
    """Ask before somebody and all they asked is forgotten."""
    check_accounts(request)
    return page(
        request,
        "accounts/remove.html",
        {"user": services.accounts.user(user_id)},
        block="confirm",
        headers=FRESH,
    )


@router.post("/people/{user_id}/remove")
def remove(request: Request, user_id: str, services: ServicesDep) -> Response:
    """Forget somebody, with all they asked."""
    check_accounts(request)
    try:
        services.accounts.remove_user(user_id)
    except Forbidden as error:
        return _person(request, services, user_id, wrong=error)
    return RedirectResponse("/people?done=removed", 303, headers=FRESH)


def check_accounts(request: Request) -> None:
    """See that there is anybody to look after.

    Raises:
        NotFound: nobody signs in here.
    """
    if not visitor(request).accounts:
        raise NotFound("There are no accounts here.", "Set FOOTNOTE_ACCOUNTS=on to have them.")


def role_named(text: str) -> Role:
    """A role by its name.

    Raises:
        BadRequest: there is no such role.
    """
    try:
        return Role(text)
    except ValueError:
        raise BadRequest("There is no such role.", f"Choose from: {', '.join(Role)}.") from None


def _back(user_id: str, done: str) -> Response:
    return RedirectResponse(f"/people/{user_id}?done={done}", 303, headers=FRESH)


def _people(
    request: Request,
    services: Services,
    *,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    check_accounts(request)
    accounts = services.accounts
    context = {
        "people": accounts.users(),
        "invitations": [one for one in accounts.invitations() if not is_first(one)],
        "groups": accounts.groups(),
        "words": ROLES,
        "wrong": wrong or {},
        "done": "",
        "invited": None,
        "link": "",
        "email": "",
        "name": "",
        "role": Role.SEARCHER,
        "chosen": (),
    }
    return page(
        request,
        "accounts/people.html",
        context | more,
        status_code=400 if wrong else status,
        headers=FRESH,
    )


def _person(
    request: Request,
    services: Services,
    user_id: str,
    *,
    wrong: FootnoteError | None = None,
    done: str = "",
    password: str = "",
    status: int = 200,
) -> Response:
    check_accounts(request)
    accounts = services.accounts
    user = accounts.user(user_id)
    return page(
        request,
        "accounts/person.html",
        {
            "user": user,
            "groups": accounts.groups(),
            "sign_ins": accounts.sign_ins(user_id),
            "keys": [key for key in accounts.keys(user_id) if key.revoked_at is None],
            "words": ROLES,
            "scope_names": scope_names,
            "now": now(),
            "me": principal().user_id == user_id,
            "problem": wrong.message if wrong else "",
            "done": done,
            "password": password,
        },
        status_code=int(wrong.status) if wrong else status,
        headers=FRESH,
    )
