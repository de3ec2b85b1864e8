"""Where things are kept, and the server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class Serving(BaseSettings):
    """Where things are kept, and the server."""

    data_dir: Path = Field(
        Path("data"), description="Where the database, the vectors and the lexical index live."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of the records; empty: SQLite in the data directory."
    )
    chroma_url: str = Field(
        "", description="URL of a Chroma server; empty: Chroma embedded in the data directory."
    )
    host: str = Field("127.0.0.1", description="Address that `footnote serve` binds.")
    allowed_hosts: str = Field(
        "",
        description="Names, comma-separated, under which the server answers, besides loopback, IP "
        "addresses, FOOTNOTE_HOST, FOOTNOTE_PUBLIC_URL and the machine's own; `*.example.org`: all "
        "below.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+(/[^\s]*)?)?$",
        description="Address under which people reach Footnote, e.g. `https://ask.example.org`; "
        "used in links that are sent to them. Empty: the one that a request came to.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port that `footnote serve` binds.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the log says."
    )
    release: str = Field("", description="Release name put on traces; empty: the package version.")
