"""The JSON of a look at the server: is it alive, and can it answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from app.api.examples import example


class Health(BaseModel):
    """The process is alive."""

    model_config = example({"status": "alive"})

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Questions can be answered now."""

    model_config = example({"status": "ready", "detail": "62 documents, 811 passages."})

    status: Literal["ready"] = "ready"
    detail: str
