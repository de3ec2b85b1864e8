"""``/account``: one's own name, password, sign-ins and keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.access import Principal, Scope, principal
from app.bootstrap import Services
from app.entrance.auditing import client
from app.entrance.cookies import sign_in_token
from app.errors import BadRequest, NotFound, NotSignedIn, TooMany
from app.moment import now
from app.records.accounts import ApiKey
from app.records.accounts.keys import NEEDS
from app.records.accounts.passwords import SHORTEST
from app.web.dependencies import ServicesDep
from app.web.signing.coming_in import FRESH, come_in
from app.web.signing.sender import device
from app.web.signing.words import ROLES, SCOPES, scope_names
from app.web.templating import page

router = APIRouter(include_in_schema=False)
LIFETIMES = ((7, "A week"), (90, "90 days"), (365, "A year"), (0, "Until it is revoked"))
"""How long a key can last, in days."""
DONE = {
    "name": "Your name is saved.",
    "password": "Your password is changed. Everywhere else you are signed out.",
    "ended": "That sign-in has ended.",
    "all-ended": "All other sign-ins have ended.",
    "revoked": "The key is revoked. It opens nothing any more.",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A key just made; ``secret`` is shown on this one page."""

    key: ApiKey
    secret: str


@router.get("/account")
def account(request: Request, services: ServicesDep, done: str = "") -> Response:
    """The page."""
    return _page(request, services, done=DONE.get(done, ""))


@router.post("/account/name")
def change_name(
    request: Request, services: ServicesDep, name: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Be called something else."""
    if not name.strip():
        wrong = {"name": "Say what others should see you as."}
        return _page(request, services, wrong=wrong, name=name)
    services.accounts.change(_me().user_id, name=name)
    return _done("name")


@router.post("/account/password")
def change_password(
    request: Request,
    services: ServicesDep,
    current: Annotated[str, Form(max_length=5000)] = "",
    password: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    """Another password: all sign-ins end, and this browser gets a new one."""
    accounts, me = services.accounts, _me()
    try:
        accounts.confirm(me.user_id, current, client=client(request))
    except NotSignedIn:
        wrong = {"current": "That is not your password."}
        return _page(request, services, wrong=wrong)
    except TooMany as error:
        return _page(request, services, wrong={"current": error.message}, status=429)
    try:
        accounts.set_password(me.user_id, password)
    except BadRequest as error:
        return _page(request, services, wrong={"password": error.message})
    signed_in = accounts.sign_in_as(
        me.user_id, client=client(request), device=device(request), how="password"
    )
    return come_in(request, services, signed_in, "/account?done=password")


@router.post("/account/sign-ins/end")
def end_others(request: Request, services: ServicesDep) -> Response:
    """Sign out everywhere but here."""
    services.accounts.end_all(_me().user_id, but=sign_in_token(request))
    return _done("all-ended")


@router.post("/account/sign-ins/{sign_in_id}/end")
def end_one(sign_in_id: str, services: ServicesDep) -> Response:
    """Sign one browser out."""
    services.accounts.end_sign_in(_me().user_id, sign_in_id)
    return _done("ended")


@router.post("/account/keys")
def make_key(
    request: Request,
    services: ServicesDep,
    key_name: Annotated[str, Form(max_length=1000)] = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form()] = 90,
) -> Response:
    """A new key. Its secret stands on the page that answers this, and nowhere else."""
    chosen = [one for one in Scope if one.value in (scope or ())]
    typed: dict[str, Any] = {"key_name": key_name, "chosen_scopes": chosen}
    if not key_name.strip():
        wrong = {"key_name": "Say what the key is for."}
        return _page(request, services, wrong=wrong, **typed)
    if not chosen:
        wrong = {"scope": "Choose what the key may be used for."}
        return _page(request, services, wrong=wrong, **typed)
    if days not in [known for known, _ in LIFETIMES]:
        raise BadRequest("That is no time a key can last.", "Choose one from the list.")
    ends = now() + timedelta(days=days) if days else None
    try:
        key, secret = services.accounts.make_key(_me().user_id, key_name, chosen, ends)
    except BadRequest as error:
        return _page(request, services, wrong={"scope": error.message}, **typed)
    return _page(request, services, made=Made(key, secret), status=201)


@router.post("/account/keys/{key_id}/revoke")
def revoke_key(key_id: str, services: ServicesDep) -> Response:
    """One of one's own keys opens nothing any more."""
    services.accounts.revoke_key(key_id, user_id=_me().user_id)
    return _done("revoked")


def _me() -> Principal:
    who = principal()
    if not who.user_id:
        raise NotFound("There are no accounts here.", "Set FOOTNOTE_ACCOUNTS=on to have them.")
    return who


def _done(what: str) -> Response:
    return RedirectResponse(f"/account?done={what}", 303, headers=FRESH)


def _page(
    request: Request,
    services: Services,
    *,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    me = _me()
    accounts = services.accounts
    at = now()
    user = accounts.user(me.user_id)
    context = {
        "user": user,
        "words": ROLES,
        "name": user.name,
        "wrong": wrong or {},
        "done": "",
        "made": None,
        "key_name": "",
        "chosen_scopes": [Scope.ASK],
        "shortest": SHORTEST,
        "sign_ins": accounts.sign_ins(me.user_id, token=sign_in_token(request)),
        "keys": [key for key in accounts.keys(me.user_id) if key.revoked_at is None],
        "now": at,
        "scope_names": scope_names,
        "scopes": [
            (scope, words) for scope, words in SCOPES.items() if me.role.covers(NEEDS[scope])
        ],
        "lifetimes": LIFETIMES,
    }
    return page(
        request,
        "accounts/account.html",
        context | more,
        status_code=400 if wrong and status == 200 else status,
        headers=FRESH,
    )
