"""Prices of one's own: a YAML file, ``FOOTNOTE_PRICES_FILE``, that wins over the price table.

::

    models:
      openai:gpt-5-mini: {input: 0.25, output: 2, cached: 0.025}   # USD per million tokens
      openai:qwen3-32b: {per_hour: 1.80}                           # USD per hour of a call
    embeddings:
      bundled: {per_hour: 0.20}            # or per_million_tokens; without a line: free

A price per hour is for a machine of one's own. A call is charged for the time that it took, as if
the machine did nothing else meanwhile: calls at the same time are each charged in full, and the
hours in which nobody asks are charged to nobody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import SettingsError

_LONGEST_NAME = 40
_HASH = 8
"""Hex digits: enough to tell two versions of one file apart."""
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ModelPrice(BaseModel):
    """USD per million tokens, or per hour that a call takes.

    ``cached``: input that the provider had read before; ``cache_write``: input that it keeps for
    the next call. Both are the price of ``input`` where nothing else is said.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Usd | None = None
    output: Usd | None = None
    cached: Usd | None = None
    cache_write: Usd | None = None
    per_hour: Usd | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> ModelPrice:
        tokens = (self.input, self.output, self.cached, self.cache_write)
        if self.per_hour is not None:
            if any(one is not None for one in tokens):
                raise ValueError("give a price per token or per_hour, not both")
        elif self.input is None or self.output is None:
            raise ValueError("give input and output, or per_hour")
        return self


class EmbeddingPrice(BaseModel):
    """USD per million tokens, or per hour that the model computes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_million_tokens: Usd | None = None
    per_hour: Usd | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> EmbeddingPrice:
        if (self.per_million_tokens is None) == (self.per_hour is None):
            raise ValueError("give per_million_tokens or per_hour")
        return self


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: dict[str, ModelPrice] = Field(default_factory=dict)
    embeddings: dict[str, EmbeddingPrice] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What the file says. ``version``: its name and the start of its SHA-256."""

    models: dict[str, ModelPrice] = field(default_factory=dict)
    embeddings: dict[str, EmbeddingPrice] = field(default_factory=dict)
    version: str = ""


def load_prices(path: Path) -> PriceFile:
    """The prices in a file.

    Raises:
        SettingsError: it cannot be read, or a line of it is no price; names the line's model.
    """
    try:
        data = path.read_bytes()
        said = yaml.safe_load(data)
        content = _Content.model_validate({} if said is None else said)
    except OSError as error:
        raise SettingsError(
            f"The price file {path} can't be read: {error.strerror or error}.",
            "Correct FOOTNOTE_PRICES_FILE, or leave it empty.",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The price file {path} is not YAML: {' '.join(str(error).split())}.",
            "Correct it; the README shows an example.",
        ) from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{' → '.join(str(part) for part in one['loc']) or 'the file'}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise SettingsError(
            f"The price file {path} can't be used: {wrong}.",
            "A line is, for example: openai:gpt-5-mini: {input: 0.25, output: 2}.",
        ) from error
    digest = hashlib.sha256(data).hexdigest()[:_HASH]
    models = {model_key(name): price for name, price in content.models.items()}
    return PriceFile(models, content.embeddings, f"{path.name[:_LONGEST_NAME]} {digest}")


def model_key(name: str) -> str:
    """``provider:model`` as it is looked up: without blanks, the provider in lower case."""
    provider, _, model = name.strip().partition(":")
    return f"{provider.strip().lower()}:{model.strip()}"
