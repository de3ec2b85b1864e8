"""What can go wrong on the way through a provider, in the words of whoever meets it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from app.errors import FootnoteError

Reason = Literal[
    "cancelled", "not-yours", "too-late", "used", "provider", "setup", "proof", "clock", "account"
]
"""What the log says. ``not-yours``: another browser began, or none; ``setup``: an operator has to
change something here or at the provider; ``account``: who they are is known, and not let in."""

_STATUS: dict[Reason, int] = {
    "provider": HTTPStatus.BAD_GATEWAY,
    "setup": HTTPStatus.BAD_GATEWAY,
    "account": HTTPStatus.FORBIDDEN,
}

_CALLED_OFF = (
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
)


class SignOnFailed(FootnoteError):
    """Nobody was signed in.

    ``who``: the e-mail address that the provider gave, for the log. ``then``: the page that they
    wanted.
    """

    title = "Signing in did not work"

    def __init__(self, reason: Reason, detail: str, action: str, *, who: str = "") -> None:
        super().__init__(detail, action)
        self.reason = reason
        self.who = who
        self.then = "/"
        self.status = _STATUS.get(reason, HTTPStatus.BAD_REQUEST)

    @property
    def another(self) -> bool:
        """Whether another account at the provider may help, so that it should ask for one."""
        return self.reason == "account"


def not_begun_here() -> SignOnFailed:
    """The address belongs to an attempt of which this browser knows nothing."""
    return SignOnFailed(
        "not-yours",
        "This sign-in was not begun in this browser, or is over already.",
        "Nobody was signed in. Begin again here.",
    )


def too_late() -> SignOnFailed:
    """More time went by between going and coming back than an attempt has."""
    return SignOnFailed("too-late", "This sign-in took longer than ten minutes.", "Begin again.")


def used_already() -> SignOnFailed:
    """Somebody brings back an address that has been brought back before."""
    return SignOnFailed("used", "This sign-in has been used already.", "Begin again.")


def refused(name: str, error: str) -> SignOnFailed:
    """The provider sent somebody back with an error; ``error`` is its code, which may be any."""
    if error in _CALLED_OFF:
        return SignOnFailed(
            "cancelled",
            f"Signing in at {name} was called off there.",
            "Begin again, or ask whoever runs it whether you may use Footnote.",
        )
    if error in ("server_error", "temporarily_unavailable"):
        return trouble(name)
    return wrong_setup(name)


def trouble(name: str) -> SignOnFailed:
    """The provider is away, slow, or broken."""
    return SignOnFailed(
        "provider",
        f"{name} does not answer as it should.",
        "Try again in a minute; with a password you can sign in meanwhile.",
    )


def wrong_setup(name: str) -> SignOnFailed:
    """The two do not fit; what exactly stands in the log."""
    return SignOnFailed(
        "setup",
        f"{name} and Footnote are not set up for each other.",
        "Tell whoever runs Footnote: the log says what does not fit.",
    )


def no_proof(name: str) -> SignOnFailed:
    """What came from the provider cannot be believed."""
    return SignOnFailed(
        "proof",
        f"What {name} said about you could not be verified, so nobody was signed in.",
        "Begin again; if it stays, tell whoever runs Footnote.",
    )


def wrong_clock(name: str) -> SignOnFailed:
    """What came is too old already, or from the future."""
    return SignOnFailed(
        "clock",
        f"By the clock of this server, what {name} said about you is not valid now.",
        "Begin again; if it stays, tell whoever runs Footnote to compare the clocks of both.",
    )


def crowded() -> SignOnFailed:
    """More people sign in at this moment than may wait for the provider."""
    return SignOnFailed(
        "provider", "Many people are signing in at this moment.", "Try again in a few seconds."
    )
