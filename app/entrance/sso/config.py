"""What the settings say of the OpenID provider, checked once, before the server starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.access import Role
from app.errors import SettingsError
from app.settings import Settings, is_loopback

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignOnConfig:
    """``joins``: domains whose people come in uninvited; None: everybody the provider vouches for.

    ``groups_claim`` empty: the provider decides no groups. ``operators`` and ``pms``: its groups
    that give a role; where either is set, it decides everybody's role.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    groups_claim: str
    operators: str
    pms: str
    joins: frozenset[str] | None
    public_url: str

    def may_join(self, email: str) -> bool:
        """Whether somebody with this address comes in without having been invited."""
        return self.joins is None or email.rpartition("@")[2].strip().lower() in self.joins

    def role(self, groups: Sequence[str]) -> Role | None:
        """The role that membership in ``groups`` gives; None where the provider decides none."""
        if not self.operators and not self.pms:
            return None
        if self.operators and self.operators in groups:
            return Role.OPERATOR
        return Role.PM if self.pms and self.pms in groups else Role.SEARCHER


def config_of(settings: Settings) -> SignOnConfig | None:
    """The settings of single sign-on; None where no provider is named, or nobody signs in.

    Raises:
        SettingsError: what is missing, or can't be used, and what to write instead.
    """
    issuer, client_id = settings.oidc_issuer.strip(), settings.oidc_client_id.strip()
    if not issuer and not client_id:
        return None
    if not issuer:
        raise _wrong("FOOTNOTE_OIDC_ISSUER is missing.", "Set it to the provider's address.")
    if not client_id:
        raise _wrong(
            "FOOTNOTE_OIDC_CLIENT_ID is missing.",
            "Register Footnote at the provider; it gives the client an id.",
        )
    _check_issuer(issuer)
    if (settings.oidc_operator_group or settings.oidc_pm_group) and not settings.oidc_groups_claim:
        raise _wrong(
            "Groups that give a role need FOOTNOTE_OIDC_GROUPS_CLAIM.",
            "Set it to the claim in which the provider sends groups, often `groups`.",
        )
    if not settings.accounts_on:
        log.warning("FOOTNOTE_OIDC_ISSUER is set, but nobody signs in here: FOOTNOTE_ACCOUNTS=on")
        return None
    return SignOnConfig(
        issuer=issuer,
        client_id=client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        name=settings.oidc_name.strip() or (urlsplit(issuer).hostname or issuer),
        groups_claim=settings.oidc_groups_claim.strip(),
        operators=settings.oidc_operator_group.strip(),
        pms=settings.oidc_pm_group.strip(),
        joins=_joins(settings.oidc_sign_up),
        public_url=settings.public_url.rstrip("/"),
    )


def _check_issuer(issuer: str) -> None:
    parts = urlsplit(issuer)
    if parts.scheme == "https" and parts.hostname and not (parts.query or parts.fragment):
        return
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    raise _wrong(
        f"FOOTNOTE_OIDC_ISSUER={issuer[:200]} can't be used.",
        "It has to be an https address without a query, as the provider itself writes it.",
    )


def _joins(words: str) -> frozenset[str] | None:
    said = [word.strip().lower().removeprefix("@") for word in words.split(",")]
    said = [word for word in said if word]
    if said == ["on"]:
        return None
    if said in ([], ["off"]):
        return frozenset()
    if not all("." in word and "@" not in word and " " not in word for word in said):
        raise _wrong(
            f"FOOTNOTE_OIDC_SIGN_UP={words[:200]} can't be used.",
            "Write `off`, `on`, or domains of e-mail addresses such as `example.org,example.com`.",
        )
    return frozenset(said)


def _wrong(detail: str, action: str) -> SettingsError:
    return SettingsError(detail, action)
