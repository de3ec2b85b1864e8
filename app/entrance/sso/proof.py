"""What an ID token proves, once everything about it has been checked, and whom it speaks of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.entrance.sso.attempt import Attempt
from app.entrance.sso.config import SignOnConfig
from app.entrance.sso.problems import no_proof, wrong_clock
from app.entrance.sso.provider import Provider, Tokens
from app.moment import now

log = logging.getLogger(__name__)
LEEWAY_S = 60
"""Two clocks may differ by this much."""
_TIMES = ("exp", "iat", "nbf")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider has signed in. ``groups`` None: the provider decides none."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    groups: tuple[str, ...] | None


def proven(
    config: SignOnConfig, provider: Provider, tokens: Tokens, attempt: Attempt
) -> dict[str, Any]:
    """The claims of an ID token that is the provider's, for this client, this attempt, and now.

    Raises:
        SignOnFailed: it is not.
    """
    keys = provider.keys()
    try:
        try:
            token = _decoded(provider, tokens, keys)
        except (JoseError, ValueError):
            # The provider may sign with a key that is newer than those known here.
            newer = provider.keys(other_than=keys)
            if newer is keys:
                raise
            token = _decoded(provider, tokens, newer)
        announced = provider.announced()
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": announced.issuer},
                "aud": {"essential": True, "value": config.client_id},
            },
            {
                "nonce": attempt.nonce,
                "client_id": config.client_id,
                "access_token": tokens.access_token,
            },
        )
        claims.validate(now=int(now().timestamp()), leeway=LEEWAY_S)
    except ClaimError as error:
        log.warning("single sign-on: an ID token of %s is refused: %s", config.issuer, error)
        late = isinstance(error, ExpiredTokenError) or getattr(error, "claim", "") in _TIMES
        raise (wrong_clock if late else no_proof)(config.name) from error
    except (JoseError, ValueError, TypeError) as error:
        kind = type(error).__name__
        log.warning("single sign-on: an ID token of %s is refused: %s", config.issuer, kind)
        raise no_proof(config.name) from error
    return dict(claims)


def person(
    config: SignOnConfig, provider: Provider, tokens: Tokens, claims: Mapping[str, Any]
) -> Person:
    """Whom the claims speak of; what they leave out is asked for.

    Raises:
        SignOnFailed: the provider does not answer, or speaks of somebody else.
    """
    said = dict(claims)
    wanted = ["email", *([config.groups_claim] if config.groups_claim else [])]
    if any(_claim(said, name) is None for name in wanted):
        more = provider.about(tokens)
        if more and more.get("sub") != said["sub"]:
            log.warning("single sign-on: %s tells about somebody else", config.issuer)
            raise no_proof(config.name)
        said = {**more, **said}
    return Person(
        issuer=str(said["iss"]),
        subject=str(said["sub"]),
        email=_words(said, "email"),
        email_verified=_verified(said),
        name=_words(said, "name") or _words(said, "preferred_username"),
        groups=_groups(config, said),
    )


def _decoded(provider: Provider, tokens: Tokens, keys: KeySet) -> jwt.Token:
    allowed = provider.announced().algorithms
    registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
    return jwt.decode(tokens.id_token, keys, registry=registry)


def _verified(said: Mapping[str, Any]) -> bool:
    """Some providers write the truth value as text; Microsoft's says it with a claim of its own."""
    return said.get("email_verified", said.get("xms_edov")) in (True, "true", "1")


def _groups(config: SignOnConfig, said: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Their names. A provider that leaves the claim out puts them in none."""
    if not config.groups_claim:
        return None
    found = _claim(said, config.groups_claim)
    if found is None:
        log.warning("single sign-on: no claim “%s”, so no groups", config.groups_claim)
        return ()
    several = found if isinstance(found, list) else [found]
    return tuple(dict.fromkeys(one for one in several if isinstance(one, str) and one.strip()))


def _claim(said: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path into it such as ``realm_access.roles``."""
    if name in said:
        return said[name]
    found: Any = said
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _words(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value.strip() if isinstance(value, str) else ""
