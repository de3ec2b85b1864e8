"""``/sso/…``: to the provider and back. What went wrong is said on the page to sign in on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.bootstrap import Services
from app.entrance.addresses import local_path
from app.entrance.auditing import client
from app.entrance.sso import SignOn, SignOnFailed
from app.errors import NotFound
from app.records.accounts import Action
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH, come_in
from app.web.signing.sender import device
from app.web.signing.sign_in_pages import sign_in_form, sign_on_of
from app.web.visitor import visitor

router = APIRouter(prefix="/sso", include_in_schema=False)


@router.get("/start")
def start(
    request: Request,
    services: ServicesDep,
    next: str = "/",  # noqa: A002  # its name in the address
    other: bool = False,
) -> Response:
    """Send somebody to the provider; ``other``: to choose another account there."""
    sign_on, then = _sign_on(request), local_path(next)
    if visitor(request).welcome:
        return RedirectResponse(then, 303, headers=FRESH)
    try:
        going = sign_on.begin(str(request.base_url), then, https=_https(request), other=other)
    except SignOnFailed as error:
        error.then = then
        return _failed(request, services, error)
    response = RedirectResponse(going.address, 303, headers=FRESH)
    response.set_cookie(
        going.cookie,
        going.value,
        max_age=going.lasts_s,
        path="/",
        secure=_https(request),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/callback")
def callback(request: Request, services: ServicesDep) -> Response:
    """Somebody comes back from the provider: sign them in, or say why not."""
    sign_on, said = _sign_on(request), dict(request.query_params)
    cookie = sign_on.cookie(said.get("state", ""), https=_https(request))
    if visitor(request).welcome and cookie not in request.cookies:
        return RedirectResponse("/", 303, headers=FRESH)  # back and forth, after all was done
    try:
        returned = sign_on.finish(said, request.cookies, https=_https(request))
        signed_in = sign_on.admit(
            services.accounts, returned, client=client(request), device=device(request)
        )
    except SignOnFailed as error:
        response = _failed(request, services, error)
    else:
        response = come_in(request, services, signed_in, returned.then)
    if cookie in request.cookies:
        response.delete_cookie(
            cookie, path="/", secure=_https(request), httponly=True, samesite="lax"
        )
    return response


@router.get("/leave")
def leave(request: Request) -> Response:
    """On to the page where the provider ends its own session; that here has ended before."""
    sign_on = _sign_on(request)
    try:
        address = sign_on.leaving(str(request.base_url))
    except SignOnFailed as error:
        return sign_in_form(request, next="/", problem=error, status=int(error.status))
    if not address:
        raise NotFound(
            f"{sign_on.config.name} has no page for signing out from here.",
            "Sign out at its own.",
        )
    return RedirectResponse(address, 303, headers=FRESH)


def _sign_on(request: Request) -> SignOn:
    found = sign_on_of(request)
    if found is None:
        raise NotFound("There is no single sign-on here.", "Sign in with your password.")
    return found


def _https(request: Request) -> bool:
    return request.url.scheme == "https"


def _failed(request: Request, services: Services, error: SignOnFailed) -> Response:
    services.accounts.audit(
        Action.SIGN_IN_FAILED,
        error.who[:254],
        detail={"how": "single sign-on", "why": error.detail},
        client=client(request),
    )
    return sign_in_form(request, next=error.then, problem=error, status=int(error.status))
