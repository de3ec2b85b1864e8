"""``/signin`` and ``/signout``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.entrance.addresses import SIGN_IN, local_path
from app.entrance.auditing import client
from app.entrance.cookies import clear_sign_in, sign_in_token
from app.entrance.sso import SignOn, SignOnFailed
from app.errors import FootnoteError, NotSignedIn, TooMany
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH, come_in
from app.web.signing.sender import device
from app.web.templating import page
from app.web.visitor import visitor

router = APIRouter(include_in_schema=False)


@router.get("/signin")
def sign_in_page(request: Request, services: ServicesDep, next: str = "/") -> Response:  # noqa: A002  # its name in the address
    """The form; whoever is signed in already goes on."""
    if visitor(request).welcome:
        return RedirectResponse(local_path(next), 303, headers=FRESH)
    return sign_in_form(request, next=next, nobody=not services.accounts.any_user())


@router.post("/signin")
def sign_in(
    request: Request,
    services: ServicesDep,
    email: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=5000)] = "",
    next: Annotated[str, Form(max_length=5000)] = "/",  # noqa: A002  # its name in the form
) -> Response:
    """Sign in, or say that it did not work, with the same words whatever was wrong."""
    if not visitor(request).accounts:
        return RedirectResponse("/", 303)
    missing = {
        name: words
        for name, value, words in (
            ("email", email.strip(), "Enter your e-mail address."),
            ("password", password, "Enter your password."),
        )
        if not value
    }
    if missing:
        return sign_in_form(request, next=next, email=email, wrong=missing, status=400)
    try:
        signed_in = services.accounts.sign_in(
            email, password, client=client(request), device=device(request)
        )
    except (NotSignedIn, TooMany) as error:
        return sign_in_form(
            request, next=next, email=email, problem=error, status=int(error.status)
        )
    return come_in(request, services, signed_in, next)


@router.post("/signout")
def sign_out(request: Request, services: ServicesDep) -> Response:
    """End this sign-in, on the server too."""
    token = sign_in_token(request)
    if token and visitor(request).accounts:
        services.accounts.sign_out(token)
    response = RedirectResponse(f"{SIGN_IN}?out=1", 303, headers=FRESH)
    clear_sign_in(request, response)
    return response


def sign_on_of(request: Request) -> SignOn | None:
    """Single sign-on; None where there is none."""
    found: SignOn | None = request.app.state.sign_on
    return found


def sign_in_form(
    request: Request,
    *,
    next: str,  # noqa: A002
    email: str = "",
    wrong: dict[str, str] | None = None,
    problem: FootnoteError | None = None,
    nobody: bool = False,
    status: int = 200,
) -> Response:
    """The page, with what went wrong: field → what, or a problem with all of it."""
    headers = dict(FRESH)
    if isinstance(problem, TooMany):
        headers["Retry-After"] = str(problem.retry_after_s)
    return page(
        request,
        "accounts/signin.html",
        {
            "next": local_path(next),
            "email": email[:254],
            "wrong": wrong or {},
            "problem": problem.message if problem else "",
            "nobody": nobody,
            "out": request.method == "GET" and bool(request.query_params.get("out")),
            "sign_on": sign_on_of(request),
            "another": isinstance(problem, SignOnFailed) and problem.another,
        },
        status_code=status,
        headers=headers,
    )
