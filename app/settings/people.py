"""Who may come in, and how much they may ask for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class People(BaseSettings):
    """Who may come in, and how much they may ask for."""

    accounts: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether people sign in. `auto`: wherever FOOTNOTE_HOST is not loopback, where "
        "`off` is refused.",
    )
    oidc_issuer: str = Field(
        "",
        description="Address of an OpenID Connect provider, as it writes it itself, e.g. "
        "`https://login.example.org/realms/staff`; people then sign in there. Empty: with "
        "passwords only.",
    )
    oidc_client_id: str = Field("", description="What the provider calls Footnote.")
    oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="Secret that the provider gave with it; empty: a public client."
    )
    oidc_name: str = Field(
        "",
        max_length=60,
        description="The provider's name on the button “Sign in with …”; empty: its host name.",
    )
    oidc_groups_claim: str = Field(
        "",
        description="Claim in which the provider sends somebody's groups, often `groups`, or a "
        "path such as `realm_access.roles`; taken over at each sign-in. Empty: none are.",
    )
    oidc_operator_group: str = Field(
        "",
        description="The provider's group whose members are operators. With this or "
        "FOOTNOTE_OIDC_PM_GROUP the provider decides everybody's role: who is in neither is a "
        "searcher.",
    )
    oidc_pm_group: str = Field(
        "", description="The provider's group whose members are product managers."
    )
    oidc_sign_up: str = Field(
        "off",
        description="Who comes in through the provider without an account or an invitation: `off`: "
        "nobody, `on`: everybody it signs in, or domains of e-mail addresses, comma-separated.",
    )
    rate_limits: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether clients are held to the rates below; `auto`: where people sign in.",
    )
    rate_ask: str = Field("60/minute", description="Questions per person; empty: no limit.")
    rate_search: str = Field(
        "300/minute", description="Searches per person, results while typing included."
    )
    rate_upload: str = Field("60/hour", description="Uploads, and sources read again, per person.")
    rate_other: str = Field("600/minute", description="Other requests per person.")
    session_days: int = Field(
        14, ge=1, le=400, description="Days that a sign-in lasts without being used."
    )
    invitation_days: int = Field(
        7, ge=1, le=90, description="Days that the link of an invitation is good for."
    )
    keep_audit_days: int = Field(
        400, ge=0, description="Days that the audit log is kept; 0: forever."
    )
