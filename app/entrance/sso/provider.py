"""The OpenID provider over HTTP: what it announces, its keys, and what it gives for a code.

Whatever it sends may be missing or wrong; whatever goes wrong becomes a `SignOnFailed`, and a line
in the log that says what an operator needs, without a code, a token or a secret.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.entrance.sso.attempt import Attempt
from app.entrance.sso.config import SignOnConfig
from app.entrance.sso.problems import SignOnFailed, refused, trouble, wrong_setup

log = logging.getLogger(__name__)
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures that only the provider can make: not `none`, and none by a secret that is shared."""
TIMEOUT_S = 5.0
"""A person waits, in front of an empty page."""
_KEPT_S = 3600.0
_AGAIN_S = 30.0
"""Keys are not fetched again sooner, whatever key a token names."""
_FAILED_S = 3.0
"""Who comes right after a failure is told the same without waiting for it once more."""
SCOPE = "openid email profile"


@dataclass(frozen=True, slots=True)
class Announced:
    """The provider's own description (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    client_auth: str
    algorithms: tuple[str, ...]
    """Those of `ALGORITHMS` that its tokens may be signed with; at least one."""
    names_itself: bool
    """It says who it is when it sends somebody back (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code is worth."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class Provider:
    """The one provider that the settings name. For several threads."""

    def __init__(self, config: SignOnConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._announced: tuple[float, Announced] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._failed: tuple[float, SignOnFailed] | None = None

    @property
    def known(self) -> Announced | None:
        """What was announced when somebody last looked; None where nobody has yet."""
        return None if self._announced is None else self._announced[1]

    def announced(self) -> Announced:
        """What the provider announces, at most an hour old.

        Raises:
            SignOnFailed: it does not answer, or is not whom the settings name.
        """
        with self._lock:
            kept = self._announced
            if kept is not None and time.monotonic() - kept[0] < _KEPT_S:
                return kept[1]
            if self._failed is not None and time.monotonic() - self._failed[0] < _FAILED_S:
                failed = self._failed[1]
                raise SignOnFailed(failed.reason, failed.detail, failed.action)
            try:
                found = self._discover()
            except SignOnFailed as error:
                self._failed = (time.monotonic(), error)
                raise
            self._announced = (time.monotonic(), found)
            return found

    def keys(self, *, other_than: KeySet | None = None) -> KeySet:
        """The keys that the provider signs with, at most an hour old.

        ``other_than``: these did not do; newer ones, unless these have only just been fetched.

        Raises:
            SignOnFailed: it does not answer, or sends no usable key.
        """
        uri = self.announced().jwks_uri
        with self._lock:
            if self._keys is not None:
                age = time.monotonic() - self._keys[0]
                wanted = _AGAIN_S if other_than is self._keys[1] else _KEPT_S
                if age < wanted:
                    return self._keys[1]
            try:
                found = KeySet.import_key_set(self._get(uri))  # type: ignore[arg-type]  # checked there
            except (JoseError, KeyError, ValueError, TypeError) as error:
                log.warning("single sign-on: %s sends no usable key: %s", uri, type(error).__name__)
                raise trouble(self._config.name) from error
            self._keys = (time.monotonic(), found)
            return found

    def address(self, attempt: Attempt, *, other: bool) -> str:
        """Where to send somebody; ``other``: to choose another account than they have open."""
        announced = self.announced()
        more = {"prompt": "select_account"} if other else {}
        with self._client(announced, attempt) as client:
            address, _ = client.create_authorization_url(
                announced.authorization_endpoint,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **more,
            )
        return str(address)

    def redeem(self, code: str, attempt: Attempt) -> Tokens:
        """Exchange a code.

        Raises:
            SignOnFailed: the provider does not take it, or gives something else.
        """
        announced = self.announced()
        try:
            with self._client(announced, attempt) as client:
                got = client.fetch_token(
                    announced.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=attempt.redirect_uri,
                    code_verifier=attempt.verifier,
                )
        except AuthlibBaseError as error:
            self._say("does not take the code", str(error.error)[:40])
            if error.error == "invalid_grant":
                raise SignOnFailed(
                    "used",
                    f"{self._config.name} does not accept this sign-in any more.",
                    "Begin again.",
                ) from error
            raise refused(self._config.name, error.error or "") from error
        except (httpx2.HTTPError, ValueError) as error:
            self._say("gives nothing for a code", type(error).__name__)
            raise trouble(self._config.name) from error
        tokens = Tokens(_text(got, "id_token"), _text(got, "access_token"))
        if not tokens.id_token:
            self._say("sends no ID token", "is the client one for OpenID Connect?")
            raise wrong_setup(self._config.name)
        return tokens

    def about(self, tokens: Tokens) -> dict[str, Any]:
        """What the provider tells about whom an access token speaks for; nothing where it can't."""
        address = self.announced().userinfo_endpoint
        if not address or not tokens.access_token:
            return {}
        return self._get(address, {"Authorization": f"Bearer {tokens.access_token}"})

    def _discover(self) -> Announced:
        base = self._config.issuer.rstrip("/")
        said = self._get(f"{base}/.well-known/openid-configuration")
        issuer = _text(said, "issuer")
        if issuer.rstrip("/") != base:
            self._say("calls itself", f"{issuer[:200]!r}; set FOOTNOTE_OIDC_ISSUER to that")
            raise wrong_setup(self._config.name)
        methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if not self._config.client_secret:
            auth = "none"
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            auth = "client_secret_basic"
        else:
            auth = "client_secret_post"
        signs = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        algorithms = tuple(one for one in ALGORITHMS if one in signs)
        if not algorithms:
            self._say("signs with nothing that is accepted here, but", str(signs)[:200])
            raise wrong_setup(self._config.name)
        return Announced(
            issuer=issuer,
            authorization_endpoint=self._endpoint(said, "authorization_endpoint"),
            token_endpoint=self._endpoint(said, "token_endpoint"),
            jwks_uri=self._endpoint(said, "jwks_uri"),
            userinfo_endpoint=self._endpoint(said, "userinfo_endpoint", needed=False),
            end_session_endpoint=self._endpoint(said, "end_session_endpoint", needed=False),
            client_auth=auth,
            algorithms=algorithms,
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        )

    def _endpoint(self, said: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        """An address that it announces; none that would carry a secret unencrypted."""
        address = _text(said, name)
        secure = urlsplit(self._config.issuer).scheme == "http" or address.startswith("https://")
        if address and secure:
            return address
        if needed or address:
            self._say("announces no usable", name)
        if needed:
            raise wrong_setup(self._config.name)
        return ""

    def _get(self, address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            response = httpx2.get(address, headers=headers, timeout=TIMEOUT_S)
            response.raise_for_status()
            said = response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            self._say("does not answer at", f"{address}: {type(error).__name__}")
            raise trouble(self._config.name) from error
        if not isinstance(said, dict):
            self._say("answers something else at", address)
            raise trouble(self._config.name)
        return said

    def _client(self, announced: Announced, attempt: Attempt) -> Any:
        return OAuth2Client(
            self._config.client_id,
            self._config.client_secret or None,
            token_endpoint_auth_method=announced.client_auth,
            scope=SCOPE,
            redirect_uri=attempt.redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    def _say(self, what: str, detail: str) -> None:
        log.warning("single sign-on: %s %s %s", self._config.issuer, what, detail)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
