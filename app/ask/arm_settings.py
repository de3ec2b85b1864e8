"""What an arm of an experiment may change: settings of answering, none of storing or serving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, create_model

from app.settings import Settings

ALLOWED = (
    "mode",
    "read_passages",
    "quote_sentences",
    "candidates",
    "dense_weight",
    "answer_threshold",
    "confidence_file",
    "reranker_model",
    "unsupported_sentences",
    "prompt",
    "chat_model",
    "chat_price",
    "chat_max_output_tokens",
    "chat_first_token_timeout_s",
    "chat_timeout_s",
)
"""By the names of `Settings`. Addresses and keys are not among them: whoever starts an experiment
must not be able to send documents to a place that the operator did not choose."""


def _arm_model() -> type[BaseModel]:
    """The allowed fields of `Settings`, with its types and limits, none of them required."""
    fields: dict[str, Any] = {}
    for name in ALLOWED:
        info = copy(Settings.model_fields[name])
        fields[name] = (info.annotation, info)
    return create_model(
        "ArmSettings", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields
    )


ArmSettings = _arm_model()
"""Validates what a file or a form says about one arm."""


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with the types of `Settings`, in the order of `ALLOWED`.

    Raises:
        pydantic.ValidationError: a name is unknown or a value cannot be used.
    """
    model = ArmSettings.model_validate(dict(given))
    return {name: getattr(model, name) for name in ALLOWED if name in model.model_fields_set}


def base_of(settings: Settings, arms: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What everybody else has where any of these arms changes something, by name."""
    changed = {name for arm in arms for name in arm}
    return {name: getattr(settings, name) for name in ALLOWED if name in changed}


def overridden(base: Settings, changes: Mapping[str, Any]) -> Settings:
    """The settings of an arm.

    Another chat model doesn't inherit what belongs to the first one: its price, and, when another
    provider runs it, its address and key.
    """
    update = dict(changes)
    model = str(update.get("chat_model", base.chat_model))
    if model != base.chat_model:
        update.setdefault("chat_price", "")
        if _provider(model) != _provider(base.chat_model):
            update |= {"chat_base_url": "", "chat_api_key": SecretStr("")}
    return base.model_copy(update=update)


def _provider(model: str) -> str:
    return model.partition(":")[0].strip().lower()
