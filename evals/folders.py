"""Where evals keep what they make for themselves: indexes, and documents written out of JSON."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def private_folder() -> Path:
    """A folder in the system's folder for temporary files, readable by its owner alone.

    The same one next time, unless somebody else made it first.
    """
    owner = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"footnote-evals-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="footnote-evals-"))
    return folder
