"""What the API's description says of the door: keys, what each call needs, how one is refused."""

from __future__ import annotations

from typing import Any

from app.access import Role
from app.api.problems import documented
from app.entrance.policy import Needs, needs_of
from app.errors import Forbidden, NotSignedIn, TooMany

_PROBLEMS = "/api/"
"""Where refusals are problem+json; the OpenAI-compatible door describes its own."""
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of somebody with an account, made at `/account` or with `footnote people "
    "keys make`. It may do what its scopes and its owner's role both allow. Not needed where "
    "accounts are off.",
}
_HEADERS: dict[int, dict[str, Any]] = {
    int(NotSignedIn.status): {
        "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}
    },
    int(TooMany.status): {
        "Retry-After": {
            "description": "Seconds until the next request is taken.",
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}
_OWNERS = {
    Role.SEARCHER: "",
    Role.PM: ", of a PM or an operator",
    Role.OPERATOR: ", of an operator",
}
_REFUSALS = (NotSignedIn, Forbidden, TooMany)


def describe_access(description: dict[str, Any]) -> None:
    """Add to an OpenAPI ``description`` what the table of `app.entrance.policy` demands."""
    parts = description["components"]
    parts["securitySchemes"] = {"key": _KEY}
    parts["responses"] = {error.__name__: _refusal(error) for error in _REFUSALS}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            needs = needs_of(method.upper(), path)
            # A key, or nothing: without accounts a server listens on loopback alone.
            operation["security"] = [] if needs is None else [{"key": []}, {}]
            if needs is not None:
                operation["description"] = f"{operation['description']}\n\n{_words(needs)}"
            if path.startswith(_PROBLEMS):
                operation["responses"] |= {
                    str(int(error.status)): {"$ref": f"#/components/responses/{error.__name__}"}
                    for error in _REFUSALS
                }


def _refusal(error: type[NotSignedIn | Forbidden | TooMany]) -> dict[str, Any]:
    status = int(error.status)
    said: dict[str, Any] = documented(error)[status]
    return said | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _words(needs: Needs) -> str:
    """What is needed, in a sentence."""
    scope = f"Where accounts are on, this needs a key with the scope `{needs.scope}`"
    return f"{scope}{_OWNERS[needs.role]}."
