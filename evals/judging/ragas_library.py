"""Makes Ragas ready to be imported: not tracking, not talking, and there at all."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import os
from typing import Any

from app.errors import SettingsError

_QUIET = ("ragas", "instructor")
"""They log what a server said, which may repeat a part of the key, and they log each retry."""


def require_ragas() -> None:
    """Call before Ragas is used: imports it, with ``RAGAS_DO_NOT_TRACK``.

    Raises:
        SettingsError: Ragas is not installed, or not with everything that it needs.
    """
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    install = "Install it in the project's folder: .venv/bin/python -m pip install -e '.[evals]'"
    if importlib.util.find_spec("ragas") is None:
        raise SettingsError("A judge needs Ragas, which isn't installed.", install)
    try:
        from ragas import _analytics as tracking  # noqa: PLC0415  # 5 s
    except ImportError as error:
        raise SettingsError(f"Ragas can't be imported ({error}).", install) from error
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    _leave_no_id(tracking)


def _leave_no_id(tracking: Any) -> None:
    """Ragas gives everybody an id in their home, also where nothing is sent; not from here."""
    folder = tracking.user_data_dir
    tracking.user_data_dir = lambda *_, **__: os.devnull  # where nothing can be made
    try:
        tracking.get_userid()  # which Ragas then remembers
    finally:
        tracking.user_data_dir = folder


def ragas_version() -> str:
    """Of the installed Ragas; "" without it. Its prompts change with it, and so do verdicts."""
    try:
        return importlib.metadata.version("ragas")
    except importlib.metadata.PackageNotFoundError:
        return ""
