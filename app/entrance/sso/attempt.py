"""One attempt to sign in, kept by the browser that makes it: sealed, so that it cannot be read.

The server keeps nothing of it, so that strangers who begin and never return fill no memory; and
any process of the same setup opens what another has sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from app.moment import now

LASTS_S = 600
"""Long enough to find a phone for the second factor."""
_LONGEST_ADDRESS = 1500
"""Characters of the page to go on to: a cookie holds 4096 bytes, with everything else."""
_STATE = re.compile(r"[\w-]{43}", re.ASCII)
_SEALED = JWERegistry(algorithms=["dir", "A256GCM"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """What has to match when somebody comes back. ``then``: where they go on to."""

    then: str
    redirect_uri: str
    ends: float
    state: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(48))

    @classmethod
    def begin(cls, then: str, redirect_uri: str) -> Attempt:
        """A new one, from now."""
        kept = then if len(then) <= _LONGEST_ADDRESS else "/"
        return cls(kept, redirect_uri, now().timestamp() + LASTS_S)

    @property
    def over(self) -> bool:
        """Whether its time has run out."""
        return now().timestamp() > self.ends


class Seal:
    """Closes attempts so that only this server reads and makes them (AES-256-GCM)."""

    def __init__(self, secret: str) -> None:
        """``secret``: what every process of this setup knows, and nobody else."""
        key = hmac.digest(secret.encode(), b"footnote sign-on attempt", hashlib.sha256)
        self._key = OctKey.import_key(key)

    def close(self, attempt: Attempt) -> str:
        """As the text of a cookie."""
        header = {"alg": "dir", "enc": "A256GCM"}
        return jwt.encode(header, asdict(attempt), self._key, registry=_SEALED)

    def open(self, text: str) -> Attempt | None:
        """The attempt; None where the text is not one that was closed here."""
        try:
            said = jwt.decode(text, self._key, registry=_SEALED).claims
            return Attempt(**said)
        except (JoseError, ValueError, TypeError):
            return None


def cookie_of(state: str, *, https: bool) -> str:
    """The cookie of the attempt with this state, empty where it can be none.

    Each attempt has its own, so that two tabs do not spoil each other's. ``__Host-``: as for
    `app.entrance.cookies`.
    """
    if not _STATE.fullmatch(state):
        return ""
    return f"{'__Host-' if https else ''}footnote_sign_on_{state[:12]}"


def attempt_of(
    seal: Seal, cookies: Mapping[str, str], state: str, *, https: bool
) -> Attempt | None:
    """The attempt that this browser began and that ``state`` names; None where there is none."""
    name = cookie_of(state, https=https)
    attempt = seal.open(cookies.get(name, "")) if name else None
    if attempt is None or not hmac.compare_digest(attempt.state, state):
        return None
    return attempt
