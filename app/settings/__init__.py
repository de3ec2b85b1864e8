"""Every setting, typed and described. The README's table is compared with these files by a test.

Read from ``FOOTNOTE_*`` environment variables, then a ``.env`` file in the working directory.
"""

from __future__ import annotations

import importlib.metadata
import ipaddress
from functools import cached_property

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from app.errors import SettingsError
from app.settings.answering import BUNDLED_MODEL, Answering
from app.settings.documents import Documents
from app.settings.insight import Insight
from app.settings.people import People
from app.settings.serving import Serving

__all__ = ["BUNDLED_MODEL", "Settings", "is_loopback", "load_settings", "release_name"]


class Settings(Documents, Insight, Answering, People, Serving):
    """All settings; construct with keyword arguments in tests. Listed from the last base on."""

    model_config = SettingsConfigDict(env_prefix="FOOTNOTE_", env_file=".env", extra="ignore")

    @property
    def accounts_on(self) -> bool:
        """Whether people sign in: as set, or else wherever others than this machine may connect."""
        return self.accounts == "on" or (self.accounts == "auto" and not is_loopback(self.host))

    @cached_property
    def resolved_database_url(self) -> str:
        """The database URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'footnote.db'}"


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can connect to a server that binds ``host``."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment; ``overrides`` win.

    Raises:
        SettingsError: naming every variable that is wrong, and why.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as error:
        wrong = "; ".join(
            f"FOOTNOTE_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise SettingsError(
            f"Settings can't be used: {wrong}.", "Correct the variable or the .env file."
        ) from error


def release_name(settings: Settings) -> str:
    """The release put on traces: the setting, or else the package's version."""
    if settings.release:
        return settings.release
    try:
        return importlib.metadata.version("footnote")
    except importlib.metadata.PackageNotFoundError:
        return "0"
