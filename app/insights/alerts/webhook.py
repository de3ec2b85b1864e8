"""Tell of an alert: one JSON request to an address that a person set. Nothing here raises.

The address is a secret (whoever knows it can post to the channel): it is neither logged nor shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import httpx

from app.errors import SettingsError

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0
"""For the whole request. Slack and its like answer within a second."""
_sending: ContextVar[bool] = ContextVar("sending", default=False)


class Webhook:
    """An address that takes JSON; Slack's, Mattermost's and Discord's ``/slack`` understand it."""

    def __init__(self, address: str, timeout_s: float = TIMEOUT_S) -> None:
        """``address``: http or https.

        Raises:
            SettingsError: it is no such address.
        """
        try:
            url = httpx.URL(address.strip())
        except (httpx.InvalidURL, ValueError):
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise SettingsError(
                "FOOTNOTE_ALERT_WEBHOOK is not an address.",
                "Give one that begins with https://, as the receiving service shows it.",
            )
        self._url = url
        self._timeout_s = timeout_s

    @property
    def shown(self) -> str:
        """The address without what makes it secret."""
        port = f":{self._url.port}" if self._url.port else ""
        return f"{self._url.scheme}://{self._url.host}{port}/…"

    def send(self, payload: Mapping[str, Any]) -> str:
        """Post the payload; "" when it was taken, else why not, in a sentence.

        Blocks for `TIMEOUT_S` at most. Redirects are not followed.
        """
        quiet = _sending.set(True)
        try:
            status = asyncio.run(self._post(payload))
        except (TimeoutError, httpx.TimeoutException):
            return f"The webhook did not answer within {self._timeout_s:g} s."
        except httpx.ConnectError:
            return "The webhook could not be reached."
        except Exception as error:  # noqa: BLE001  # whatever it is, the server goes on
            return f"The webhook could not be called ({type(error).__name__})."
        finally:
            _sending.reset(quiet)
        return "" if 200 <= status < 300 else f"The webhook answered with status {status}."

    async def _post(self, payload: Mapping[str, Any]) -> int:
        async with (
            asyncio.timeout(self._timeout_s),
            httpx.AsyncClient(timeout=self._timeout_s) as client,
            # The body is not read: it may be anything, and as long as it likes.
            client.stream("POST", self._url, json=dict(payload)) as response,
        ):
            return response.status_code


def _not_the_address(_record: logging.LogRecord) -> bool:
    """Httpx logs every address that it calls; not this one, whatever level is set."""
    return not _sending.get()


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_not_the_address)
