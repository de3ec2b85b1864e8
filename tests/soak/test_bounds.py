"""No function remembers its results without end.

A soak of half an hour asks a few hundred questions that nobody asked before: too few to show a
small thing kept for each of them. That its cache has no bound shows at once.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
from functools import _lru_cache_wrapper

import pytest

import app

ENDLESS = {
    "app.ask.checking.checker.load_model": "one file",
    "app.ask.confidence.load_model": "one file",
    "app.ask.writing.prices._table_version": "one table",
    "app.records.behavior.events._codec": "one a kind of event",
    "app.records.behavior.rederiving._about": "one statement",
    "app.records.behavior.rederiving._nearest": "one statement",
    "app.records.behavior.rederiving._of_seed": "one statement",
    "app.records.behavior.rederiving._reaching": "six statements",
    "app.records.behavior.rederiving._rows": "one statement",
    "app.redaction._library": "one library",
}
"""Caches without a bound whose arguments have one."""


def _name(cache: object) -> str:
    """A cache that somebody put around what has no name is none of ours."""
    return f"{getattr(cache, '__module__', '')}.{getattr(cache, '__qualname__', '')}"


@pytest.mark.slow
def test_every_cache_has_an_end() -> None:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if "migrations" not in module.name:
            importlib.import_module(module.name)
    caches = [one for one in gc.get_objects() if type(one) is _lru_cache_wrapper]
    ours = {_name(one): one for one in caches}
    ours = {name: one for name, one in ours.items() if name.startswith("app.")}
    assert len(ours) > 10
    endless = {name for name, one in ours.items() if one.cache_parameters()["maxsize"] is None}
    assert endless == set(ENDLESS)
