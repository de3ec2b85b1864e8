"""``/invite/…``: the link that somebody was sent, and the account that they make with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from app.entrance.auditing import client
from app.entrance.first_operator import accept_first, is_first, open_invitation
from app.errors import BadRequest, NotFound, TooMany
from app.records.accounts import Invitation
from app.records.accounts.passwords import SHORTEST
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH, come_in
from app.web.signing.sender import device
from app.web.templating import page
from app.web.visitor import visitor

router = APIRouter(include_in_schema=False)


@router.get("/invite/{token}")
def invitation_page(request: Request, token: str, services: ServicesDep) -> Response:
    """The form, or that the link has ended."""
    found = open_invitation(services.accounts, token) if visitor(request).accounts else None
    return _form(request, found)


@router.post("/invite/{token}")
def accept_invitation(
    request: Request,
    token: str,
    services: ServicesDep,
    email: Annotated[str, Form(max_length=1000)] = "",
    name: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    """Make the account and sign in, or say what is wrong beside its field."""
    accounts = services.accounts
    found = open_invitation(accounts, token) if visitor(request).accounts else None
    if found is None:
        return _form(request, None)
    wrong = _missing(found, email, name, password)
    if wrong:
        return _form(request, found, email=email, name=name, wrong=wrong, status=400)
    sender = {"client": client(request), "device": device(request)}
    try:
        if is_first(found):
            signed_in = accept_first(
                accounts, found, email=email, name=name, password=password, **sender
            )
        else:
            signed_in = accounts.accept(token, name=name, password=password, **sender)
    except BadRequest as error:
        field = "password" if "password" in error.detail else "email"
        if open_invitation(accounts, token) is None:
            return _form(request, None)
        wrong = {field: error.message}
        return _form(request, found, email=email, name=name, wrong=wrong, status=400)
    except TooMany as error:
        return _form(request, found, email=email, name=name, problem=error.message, status=429)
    except NotFound:
        return _form(request, None)
    return come_in(request, services, signed_in)


def _missing(found: Invitation, email: str, name: str, password: str) -> dict[str, str]:
    wrong = {}
    if is_first(found) and not email.strip():
        wrong["email"] = "Enter your e-mail address."
    if not name.strip():
        wrong["name"] = "Say what others should see you as."
    if not password:
        wrong["password"] = "Choose a password."  # noqa: S105  # a sentence
    return wrong


def _form(
    request: Request,
    found: Invitation | None,
    *,
    email: str = "",
    name: str = "",
    wrong: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    return page(
        request,
        "accounts/invitation.html",
        {
            "invitation": found,
            "first": found is not None and is_first(found),
            "email": email[:254],
            "name": name[:200] or (found.name if found else ""),
            "wrong": wrong or {},
            "problem": problem,
            "shortest": SHORTEST,
        },
        status_code=status if found else 404,
        headers={**FRESH, "Referrer-Policy": "no-referrer"},
    )
