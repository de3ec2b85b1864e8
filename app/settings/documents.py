"""What is read, and how much of it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class Documents(BaseSettings):
    """What is read, and how much of it."""

    max_file_mb: int = Field(100, ge=1, description="Largest file read, in MiB.")
    max_unpacked_mb: int = Field(
        500, ge=1, description="Largest unpacked size of an Office file or EPUB, in MiB."
    )
    max_document_chars: int = Field(
        20_000_000, ge=1000, description="Longest extracted text of one document, in characters."
    )
    parse_timeout_s: int = Field(120, ge=1, description="Longest time spent reading one file.")
    ocr: bool = Field(
        False, description="Read scanned PDFs with tesseract (needs the `ocr` extra)."
    )
    fetch_private: bool = Field(
        False,
        description="Whether a server's pages may read an address in a private network again; "
        "`footnote ingest` at the command line always may.",
    )
    max_upload_files: int = Field(50, ge=1, description="Files accepted in one upload.")
    refresh_seconds: float = Field(
        1.0, gt=0, description="How often a server looks for documents ingested by others."
    )
