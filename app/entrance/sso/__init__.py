"""Single sign-on: an OpenID provider says who somebody is, and what they may see follows from it.

The authorization code flow with PKCE. What a browser brings back counts only in the browser that
began, once, and within ten minutes; what the provider says counts only signed with its own key.
"""

from __future__ import annotations

from app.entrance.sso.config import SignOnConfig, config_of
from app.entrance.sso.problems import SignOnFailed
from app.entrance.sso.sign_on import Returned, SignOn
from app.settings import Settings

__all__ = ["Returned", "SignOn", "SignOnConfig", "SignOnFailed", "config_of", "sign_on_of"]


def sign_on_of(settings: Settings) -> SignOn | None:
    """Single sign-on as the settings have it; None where they name no provider.

    Raises:
        SettingsError: a setting is missing or can't be used.
    """
    config = config_of(settings)
    return None if config is None else SignOn(config)
