"""A real OpenID provider on loopback, made stricter: it holds to PKCE. Tests may falsify it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Changed = Callable[["OidcProvider", dict[str, Any]], str]
"""Of the provider and the claims it would state: the ID token that it sends instead."""


def signed(of: OidcProvider, claims: dict[str, Any], key: RSAKey | None = None) -> str:
    """An ID token; unlike the provider's own it names its key, as it must where there are two."""
    key = key or of.key
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


@dataclass
class OidcProvider:
    """``change``: what becomes of ID tokens, None: nothing; ``out``: it answers only errors."""

    app: Any
    url: str = ""
    change: Changed | None = signed
    out: bool = False
    key: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
    )
    stranger: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "stranger", "use": "sig"})
    )
    announces: dict[str, Any] = field(default_factory=dict)
    """What its discovery document says beside, or instead of, the truth."""
    published: bool = True
    """Whether `key` is among those that it announces."""
    sent: list[str] = field(default_factory=list)
    """Secrets that went over the wire: codes, tokens, verifiers."""
    _challenges: dict[str, str] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve one request (WSGI)."""
        path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
        if self.out:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"away"]
        form: dict[str, list[str]] = {}
        if path == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            form = parse_qs(body.decode())
            if not self._proven(form):
                environ["wsgi.input"] = io.BytesIO(b"grant_type=authorization_code&code=none")
                environ["CONTENT_LENGTH"] = "39"
        status, headers, content = self._answer(environ)
        if path == "/oauth2/authorize" and "Location" in headers:
            code = parse_qs(urlsplit(headers["Location"]).query).get("code", [""])[0]
            self._challenges[code] = query.get("code_challenge", [""])[0]
            if "error=" in headers["Location"]:  # left out there, against RFC 6749, 4.1.2.1
                headers["Location"] += f"&state={query['state'][0]}"
        if path == "/.well-known/openid-configuration":
            content = json.dumps({**json.loads(content), **self.announces}).encode()
        if path == "/jwks" and self.published:
            keys = json.loads(content)
            keys["keys"].append(self.key.as_dict(private=False))
            content = json.dumps(keys).encode()
        if path == "/oauth2/token" and status.startswith("200"):
            content = self._token(json.loads(content), form)
        headers["Content-Length"] = str(len(content))
        start_response(status, list(headers.items()))
        return [content]

    def _proven(self, form: dict[str, list[str]]) -> bool:
        code, verifier = form["code"][0], form.get("code_verifier", [""])[0]
        self.sent += [code, verifier]
        digest = hashlib.sha256(verifier.encode()).digest()
        return self._challenges.get(code) == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _token(self, said: dict[str, Any], form: dict[str, list[str]]) -> bytes:
        if self.change is not None:
            part = said["id_token"].split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            said["id_token"] = self.change(self, claims)
        self.sent += [said["id_token"], said["access_token"]]
        return json.dumps(said).encode()

    def _answer(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
        started: list[Any] = []
        parts = self.app(environ, lambda status, headers, _=None: started.extend([status, headers]))
        content = b"".join(parts)
        return started[0], dict(started[1]), content


@contextmanager
def provider_on_loopback() -> Iterator[OidcProvider]:
    """It runs until the end of the block."""
    import authlib.deprecate  # noqa: F401  # sets a filter, which is overruled below
    from werkzeug.serving import make_server

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses a part of Authlib that goes away
        import oidc_provider_mock  # type: ignore[import-untyped]  # no py.typed

        made = OidcProvider(oidc_provider_mock.app())
    server = make_server("localhost", 0, made, threaded=True)
    made.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
